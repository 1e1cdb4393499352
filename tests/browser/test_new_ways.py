"""Ways through the desk that need a keyboard, a script, or both ways of working, in a real browser."""

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from backorders.desk.models import Draft
from tests.backoffice.desk import World, address
from tests.browser.conftest import Open
from tests.factories import TODAY, revise

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("GALLERY_SHOTS", "")


@pytest.fixture
def world(transactional_db: None) -> World:
    return World(at=timezone.now())


def shot(page: Page, name: str) -> None:
    """Keep a picture for a person to look at, if they asked for it."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def test_columns_are_chosen_with_keys_alone(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("waiting_lines") + "?view=all")
    page.keyboard.press("c")
    box = page.get_by_role("checkbox", name="Needs")
    expect(box).to_be_visible()
    shot(page, "columns-open")
    assert visit.violations() == []
    page.keyboard.press("Tab")
    expect(box).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**columns=item*")
    expect(page.get_by_role("columnheader", name="Needs")).to_have_count(0)
    expect(page.get_by_role("columnheader", name="Item")).to_be_visible()
    assert visit.complaints == []


def test_orders_are_walked_with_two_keys_and_the_list_is_one_click_away(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("waiting_lines") + "?view=all")
    page.get_by_role("link", name=world.first.number, exact=True).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(world.first.number)
    page.wait_for_load_state()  # its keys are bound
    shot(page, "order-in-a-list")
    page.keyboard.press("]")
    expect(heading).to_contain_text(world.second.number)
    page.wait_for_load_state()
    page.keyboard.press("[")
    expect(heading).to_contain_text(world.first.number)
    page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link", name="All", exact=True).click()
    expect(heading).to_have_text("Waiting lines")


def test_a_note_that_was_begun_is_kept_while_it_is_typed(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("order", world.first.pk))
    page.get_by_label("Internal note").last.fill("Calls back on Friday")
    expect(page.locator("form.note [data-draft-said]")).to_contain_text("Draft kept")
    page.goto(address("waiting_lines"))
    page.goto(address("order", world.first.pk))
    field = page.locator("form.note textarea")
    expect(field).to_have_value("Calls back on Friday")
    shot(page, "order-draft")
    assert visit.violations() == []
    field.fill("Calls back on Friday, after ten")
    expect(page.locator("form.note [name=draft_seen]")).to_have_value("2")
    page.get_by_role("button", name="Keep note").click()
    expect(page.locator("form.note textarea")).to_have_value("")
    assert visit.complaints == []


def test_what_is_typed_after_the_session_ended_comes_back_after_the_login(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("order", world.first.pk))
    kept = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    page.locator("form.note textarea").fill("Must not be lost")
    expect(page.locator("form.note [data-draft-said]")).to_contain_text("kept in this browser")
    page.get_by_role("button", name="Keep note").click()
    expect(page.locator("h1")).to_have_text("Not saved yet")
    page.context.add_cookies(kept)
    page.goto(address("order", world.first.pk))
    expect(page.locator("form.note textarea")).to_have_value("Must not be lost")
    expect(page.locator("form.note [data-draft-said]")).to_contain_text("Draft kept")


def test_a_note_that_was_sent_again_after_the_session_ended_comes_back_no_more(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("order", world.first.pk))
    page.context.clear_cookies(name="sessionid")
    page.locator("form.note textarea").fill("Calls back\non Friday")
    expect(page.locator("form.note [data-draft-said]")).to_contain_text("kept in this browser")
    page.get_by_role("button", name="Keep note").click()
    page.locator("[name=unsent-username]").fill("chief")
    page.locator("[name=unsent-password]").fill("chief")
    page.keyboard.press("Enter")
    page.locator("form.unsent [data-saves]").click()
    expect(page.locator("ol.timeline").first).to_contain_text("on Friday")
    expect(page.locator("form.note textarea")).to_have_value("")
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('draft:'))") == []
    assert not Draft.objects.exists()


def test_words_are_found_in_the_timeline_where_it_stands(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("order", world.first.pk))
    page.wait_for_load_state("networkidle")
    page.evaluate("window.isSame = true")
    find = page.get_by_role("searchbox", name="Find in the timeline")
    find.fill("called")
    find.press("Enter")
    timeline = page.locator("#timeline-section")
    expect(timeline.locator("ol li")).to_have_count(1)
    expect(find).to_be_focused()
    expect(find).to_have_value("called")
    shot(page, "timeline-find")
    assert visit.violations() == []
    timeline.get_by_role("link", name="Clear").click()
    expect(timeline.locator("ol li")).not_to_have_count(1)
    assert page.evaluate("window.isSame")
    assert visit.complaints == []


def test_where_several_purchase_lines_bring_an_order_a_key_asks_which(world: World, sit_down: Open) -> None:
    days = (world.today - TODAY).days
    revise(world.line, (days + 20, 3), (days + 30, 17), at=timezone.now())
    visit = sit_down()
    page = visit.page
    page.goto(address("order", world.first.pk))
    page.wait_for_load_state("networkidle")
    page.keyboard.press("e")
    which = page.locator(".page-actions .menu-panel a")
    expect(which).to_have_count(2)
    expect(which.last).to_be_visible()
    shot(page, "which-eta")
    assert visit.violations() == []
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(which.last).to_be_focused()
    chosen = which.last.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{chosen}")


def test_from_the_list_to_an_eta_and_back_to_the_same_row(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("waiting_lines") + "?view=all")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("j")
    page.keyboard.press("j")
    row = page.locator("tr.at")
    line = row.get_attribute("data-line")
    page.keyboard.press("e")
    page.wait_for_url("**/eta/")
    page.wait_for_load_state("networkidle")
    note = page.get_by_label("Note")
    note.fill("half a sentence")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.keyboard.press("Escape")
    expect(note).to_have_value("half a sentence")
    assert asked == ["What you typed is not saved. Leave it?"]
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Escape")
    page.wait_for_url("**/waiting/?view=all")
    expect(row).to_have_attribute("data-line", str(line))
    expect(row.locator("th a")).to_be_focused()
    page.keyboard.press("e")
    page.wait_for_url("**/eta/")
    page.locator("input[name=how][value=shift]").check()
    page.locator("input[name=days]").fill("3")
    page.locator("input[name=reason_code]").first.check()
    page.locator("#save").click()
    page.wait_for_url("**/waiting/?view=all")
    expect(page.locator(".messagelist")).to_contain_text("Done.")
    assert visit.complaints == []


def test_escape_leaves_a_form_unasked_where_nothing_was_typed_and_finds_the_line_of_the_order_again(
    world: World, sit_down: Open
) -> None:
    visit = sit_down()
    page = visit.page
    there = address("purchase_order", world.line.purchase_order_id)
    page.goto(there)
    page.wait_for_load_state("networkidle")
    link = page.locator(f"tbody a[href='{address('purchase_line_eta', world.line.pk)}']").first
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/eta/")
    page.wait_for_load_state("networkidle")
    page.get_by_label("Note").focus()
    page.keyboard.press("Escape")
    page.wait_for_url(f"**{there}")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/eta/")
    page.wait_for_load_state("networkidle")
    page.get_by_label("customs", exact=True).check()
    page.keyboard.press("Escape")
    expect(page.get_by_label("customs", exact=True)).to_be_checked()
    assert visit.complaints == []


def test_a_drawer_with_something_typed_asks_before_escape_closes_it(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("order", world.second.pk))
    page.wait_for_load_state("networkidle")
    page.locator("a[data-drawer]:visible").first.click()
    field = page.locator("dialog#drawer #act").locator("input:visible, textarea:visible").first
    field.press_sequentially("1")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    assert visit.complaints == []


def test_an_order_is_assigned_with_keys_alone(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("order", world.first.pk))
    page.wait_for_load_state("networkidle")
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="To me")).to_be_visible()
    assert visit.violations() == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".next")).to_contain_text("Looked after by chief")
    page.set_viewport_size({"width": 320, "height": 700})
    for menu in page.locator(".next summary").all():
        menu.click()
        assert not visit.scrolls_sideways()
    assert visit.complaints == []


def test_a_supplier_is_recorded_in_its_own_words(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("purchase_line_eta", world.line.pk))
    page.get_by_role("radio", name="in words").check()
    page.get_by_label("In the supplier's words").fill("next month")
    expect(page.locator("#preview .understood")).to_contain_text("is understood as")
    page.locator("input[name=reason_code]").first.check()
    shot(page, "eta-in-words")
    assert visit.violations() == []
    page.locator("#save").click()
    expect(page.locator(".messagelist")).to_contain_text("Done.")
    assert visit.complaints == []


def test_a_server_that_is_not_reached_is_said_and_asked_again(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("purchase_line_eta", world.line.pk))
    page.wait_for_load_state("networkidle")
    page.route("**/eta/**", lambda route: route.abort())
    page.get_by_label("New date, or first day").fill(f"{world.today.replace(year=world.today.year + 1)}")
    said = page.locator("#no-connection")
    expect(said).to_have_text("No connection, trying again. What you typed stays.")
    expect(page.locator("#preview")).not_to_contain_text("customers will be told")
    page.unroute_all()
    expect(page.locator("#preview")).to_contain_text("customers will be told")
    expect(said).to_have_text("")
    expect(page.locator("[aria-busy]")).to_have_count(0)


def test_a_line_is_peeked_at_once_the_server_is_reached_again(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("waiting_lines") + "?view=all")
    page.route("**/waiting/lines/*/?next=*", lambda route: route.fulfill(status=503))
    page.locator("a[data-peeks]").first.click()
    expect(page.locator("#no-connection")).not_to_have_text("")
    page.unroute_all()
    expect(page.locator("#drawer h2")).to_be_visible()
    expect(page.locator("#no-connection")).to_have_text("")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "What you typed stays on this page"), ("tr", "Yazdıklarınız bu sayfada kalır")],
)
def test_what_is_typed_outlives_the_session(world: World, sit_down: Open, language: str, words: str) -> None:
    visit = sit_down(language=language)
    page = visit.page
    page.goto(address("purchase_line_eta", world.line.pk))
    page.wait_for_load_state("networkidle")
    preview = page.locator("#preview").inner_text()
    page.context.clear_cookies(name="sessionid")
    later = str(world.today.replace(year=world.today.year + 1))
    page.locator("input[name=eta_on]").fill(later)
    ended = page.locator("#session-ended")
    expect(ended).to_contain_text(words)
    expect(page.locator("#preview")).to_have_text(preview, use_inner_text=True)
    expect(page.locator("input[name=eta_on]")).to_have_value(later)
    assert visit.violations() == []
    with page.expect_popup() as opened:
        ended.get_by_role("link").click()
    log_in(opened.value)
    expect(ended).to_be_hidden()
    expect(page.locator("#save")).to_contain_text("2")  # customers: the preview was asked for again
    page.locator("input[name=reason_code]").first.check()
    page.locator("#save").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_who_typed_nothing_comes_back_to_the_page_from_the_login(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("waiting_lines") + "?view=all")
    page.context.clear_cookies(name="sessionid")
    page.locator("a[data-peeks]").first.click()
    ended = page.locator("#session-ended")
    expect(ended).to_contain_text("Your session has ended. Log in again, and you come back to this page.")
    expect(page.locator("#drawer")).not_to_contain_text("Password")
    ended.get_by_role("link").click()
    log_in(page)
    page.wait_for_url("**/waiting/?view=all")


def log_in(page: Page) -> None:
    page.locator("[name=username]").fill("chief")
    page.locator("[name=password]").fill("chief")
    page.locator("[type=submit]:visible").last.click()
    page.wait_for_url(lambda url: "login" not in url)


def test_the_search_says_that_the_server_is_not_reached_and_searches_again(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("waiting_lines"))
    page.route("**/search/?q=*", lambda route: route.abort())
    page.locator("#palette-box").fill(world.first.number)
    expect(page.locator("#no-connection")).to_have_text("No connection, trying again. What you typed stays.")
    page.unroute_all()
    expect(page.locator("#palette-list [role=option]").first).to_be_visible()
    expect(page.locator("#no-connection")).to_have_text("")


def test_a_list_that_cannot_ask_for_new_lines_says_so_until_it_can(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("waiting_lines") + "?view=all")
    page.route("**/waiting/new/**", lambda route: route.abort())
    page.locator("#queue").dispatch_event("look")
    expect(page.locator("#no-connection")).not_to_have_text("")
    page.unroute_all()
    expect(page.locator("#no-connection")).to_have_text("")


def test_what_is_said_of_a_form_in_a_drawer_can_be_pressed_there(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("order", world.second.pk))
    page.locator("a[data-drawer]:visible").first.click()
    form = page.locator("dialog#drawer #act")
    expect(form).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies(name="sessionid")
    form.locator("input:visible, textarea:visible").first.press_sequentially("1")
    with page.expect_popup() as opened:
        page.locator("#session-ended").get_by_role("link").click()
    assert "/login/" in opened.value.url
    page.keyboard.press("Escape")
    expect(page.locator("#session-ended")).to_be_visible()
