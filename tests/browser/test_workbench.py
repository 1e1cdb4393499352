"""The workbench in a real browser: its tasks within their clicks and keys, by mouse and by keyboard alone."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from backorders.backoffice import paging
from backorders.desk.models import Handling, Preference
from backorders.notifications.models import Message
from backorders.orders.models import Order
from tests.backoffice.desk import World, address
from tests.browser.conftest import Open
from tests.browser.hands import HANDS, LOOKS, Keys, Mouse
from tests.factories import TODAY, an_order, revise

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    """A supplier who says that it comes three weeks later: three customers do not know yet."""
    world = World(at=timezone.now())
    revise(world.line, ((world.today - TODAY).days + 31, None), at=timezone.now())
    return world


class Hand:
    """Somebody who works, and counts every click and key stroke; a word typed or scanned is one."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def click(self, target: Any) -> None:
        target.click()
        self.count += 1

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.count += 1


def opened(sit_down: Open, url: str, **how: Any) -> Page:
    page = sit_down(**how).page
    page.goto(url)
    page.wait_for_load_state("networkidle")
    return page


# -- A1: from an order number to the spoken answer: one search and Enter ----------------------------------------------


@HANDS
def test_from_an_order_number_to_the_spoken_answer(world: World, sit_down: Open, hands: type[Mouse]) -> None:
    page = opened(sit_down, address("waiting_lines"))
    hand = hands(page)
    hand.type(page.get_by_role("combobox", name="Search orders"), world.first.number)
    hand.enter()
    is_answered(page, world)
    assert hand.done <= 2  # the number, Enter
    assert hand.moved <= 6  # Tab presses to the box


def test_a_key_leads_to_the_search(world: World, sit_down: Open) -> None:
    page = opened(sit_down, address("waiting_lines"))
    hand = Hand(page)
    hand.press("/")
    hand.type(world.first.number)
    hand.press("Enter")
    is_answered(page, world)
    assert hand.count <= 3


def is_answered(page: Page, world: World) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Order {world.first.number}")
    expect(page.locator("#answer-en")).to_be_visible()
    expect(page.locator("#answer-en")).to_be_in_viewport()


# -- A3: find all customers who were not told, and tell them: four clicks, or as many keys beside Tab -----------------


def told(world: World) -> int:
    return Message.objects.filter(customer__in=[world.first.customer_id, world.second.customer_id]).count()


@HANDS
def test_everybody_who_was_not_told_is_told_in_four(world: World, sit_down: Open, hands: type[Mouse]) -> None:
    before = told(world)
    visit = sit_down()
    page = visit.page
    page.goto(address("waiting_lines"))
    hand = hands(page)
    hand.press(page.get_by_role("navigation", name="Views").get_by_role("link", name="Not told"))
    hand.tick(page.get_by_label("Choose every line of this page"))
    hand.press(page.get_by_role("button", name="Message 3 customers"))
    expect(page.get_by_role("rowheader", name="Elif Kaya")).to_be_visible()
    assert told(world) == before
    hand.press(page.get_by_role("button", name="Tell 3 customers"))
    expect(page.locator(".messagelist")).to_contain_text("3 messages are in the outbox")
    assert told(world) == before + 2
    assert hand.done <= 4
    assert visit.complaints == []


def test_the_keys_of_the_list_tell_them(world: World, sit_down: Open) -> None:
    before = told(world)
    page = opened(sit_down, address("waiting_lines") + "?view=not_told")
    hand = Hand(page)
    hand.press("j", "x", "j", "x")
    expect(page.locator("#chosen")).to_contain_text("2 chosen")
    hand.press("m")
    last = Keys(page)
    last.press(page.get_by_role("button", name="Tell 2 customers"))
    expect(page.locator(".messagelist")).to_contain_text("2 messages are in the outbox")
    assert told(world) > before
    assert hand.count + last.done <= 6


@HANDS
def test_they_are_all_told_from_the_head_of_the_list(world: World, sit_down: Open, hands: type[Mouse]) -> None:
    page = opened(sit_down, address("waiting_lines") + "?view=not_told")
    hand = hands(page)
    hand.press(page.get_by_role("button", name="Tell them all"))
    hand.press(page.get_by_role("button", name="Tell 3 customers"))
    expect(page.locator(".messagelist")).to_contain_text("in the outbox")
    assert hand.done == 2


# -- the list ---------------------------------------------------------------------------------------------------------


def test_a_key_writes_a_note_about_the_row_and_escape_asks_before_it_is_lost(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("waiting_lines") + "?view=all")
    page.keyboard.press("j")
    number = page.locator("tr.at th a").inner_text()
    page.keyboard.press("n")
    field = page.get_by_label("Internal note")
    expect(field).to_be_focused()
    page.keyboard.type("njk")
    page.keyboard.press("Escape")  # the question is not answered: nothing is lost
    expect(field).to_have_value("njk")
    assert visit.violations() == []
    page.keyboard.press("Control+Enter")
    expect(page.locator(".messagelist")).to_contain_text(f"The note is kept with order {number}.")
    page.keyboard.press("j")
    page.keyboard.press("n")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    assert visit.complaints == []


def test_ctrl_enter_keeps_a_note_of_an_order(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("order", world.second.pk) + "?tab=note")
    page.get_by_role("textbox", name="Internal note").fill("Calls on Friday")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline-section")).to_contain_text("Calls on Friday")
    assert visit.complaints == []


def test_what_a_row_is_about_stays_in_sight_in_a_wide_table(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("waiting_lines") + "?view=all")
    table = page.locator("#queue .scroll")
    table.evaluate("each => { each.firstElementChild.style.minWidth = '3000px'; each.scrollLeft = 10_000 }")
    assert table.evaluate("each => each.scrollLeft") > 1000
    left = table.bounding_box()["x"]  # type: ignore[index]
    for held in (page.locator("#queue tbody th").first, page.locator("#queue thead th.held")):
        expect(held).to_be_in_viewport()
        assert abs(held.bounding_box()["x"] - left) <= 1  # type: ignore[index]


def test_the_drawer_follows_the_keys_and_gives_the_focus_back(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("waiting_lines") + "?view=all")
    page.keyboard.press("j")
    page.keyboard.press("p")
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("Why this rank")
    first = drawer.locator("h2").inner_text()
    page.keyboard.press("j")
    expect(drawer.locator("h2")).not_to_have_text(first)
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert page.evaluate("document.activeElement.closest('tr') !== null")
    assert visit.complaints == []


def test_a_range_is_chosen_and_added_up(world: World, sit_down: Open) -> None:
    page = opened(sit_down, address("waiting_lines") + "?view=all")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("#chosen")).to_contain_text("3 chosen, ")
    expect(page.locator("#chosen")).to_contain_text("EUR")
    expect(page.locator("tr.ticked")).to_have_count(3)


def test_a_line_is_assigned_and_set_aside_by_keys(world: World, sit_down: Open) -> None:
    page = opened(sit_down, address("waiting_lines") + "?view=all")
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.keyboard.press("Enter")  # the first of the menu: to me
    expect(page.locator(".messagelist")).to_contain_text("1 line assigned to chief")
    page.keyboard.press("j")
    page.keyboard.press("z")
    page.keyboard.press("Enter")  # until its date moves
    expect(page.locator(".messagelist")).to_contain_text("1 line set aside")
    assert Handling.objects.filter(owner__username="chief", snoozed_version__isnull=False).exists()


def test_what_is_new_is_said_and_the_list_stays_as_it_is(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("waiting_lines") + "?view=all")
    count = page.locator("tr[data-line]").count()
    an_order((world.kettle, 1), at=timezone.now())
    page.evaluate("document.getElementById('queue').dispatchEvent(new Event('look'))")
    expect(page.locator("#new-lines")).to_contain_text("1 new. Show")
    assert page.locator("tr[data-line]").count() == count
    page.locator("#new-lines a").click()
    expect(page.locator("tr[data-line]")).to_have_count(count + 1)


def test_the_whole_view_is_selected_as_an_explicit_step(world: World, sit_down: Open) -> None:
    page = opened(sit_down, address("waiting_lines") + "?view=all")
    page.get_by_role("button", name="Select all 3 in this view").click()
    expect(page.locator(".chosen")).to_contain_text("3 lines selected in this view")
    expect(page.locator("tr.ticked")).to_have_count(3)
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Late").click()
    expect(page.locator(".notice")).to_contain_text("The selection of 3 lines was cleared")


def test_everything_of_the_list_works_without_a_script(world: World, sit_down: Open) -> None:
    page = sit_down(script=False).page
    page.goto(address("waiting_lines") + "?view=all")
    page.get_by_role("link", name="Peek").first.click()
    expect(page.get_by_text("Why this rank")).to_be_visible()
    page.go_back()
    page.locator("input[name=line]").first.check()
    page.get_by_role("group", name="With what is chosen").get_by_text("Assign", exact=True).first.click()
    page.get_by_role("button", name="To me").click()
    expect(page.locator(".messagelist")).to_contain_text("1 line assigned to chief")


def test_a_view_is_saved_and_opened_from_the_tabs(world: World, sit_down: Open) -> None:
    page = opened(sit_down, address("waiting_lines") + "?view=all&q=elif")
    page.locator(".page-actions summary", has_text="Views").click()
    page.get_by_label("Save this view as").fill("Elif")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Elif")
    page.goto(address("waiting_lines"))
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Elif").click()
    expect(page.locator("tr[data-line]")).to_have_count(1)


# -- the search box and the keys --------------------------------------------------------------------------------------


def test_the_search_box_is_a_combobox(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    page.goto(address("order", world.second.pk))  # it becomes the most recent
    page.goto(address("waiting_lines"))
    page.keyboard.press("Control+k")
    box = page.locator("#palette-box")
    expect(page.get_by_role("option", name=f"Order {world.second.number}")).to_be_visible()
    page.keyboard.type("kaya")
    option = page.get_by_role("option", name=world.first.number)
    expect(option).to_contain_text("Not told")
    expect(page.locator("#palette-said")).to_contain_text("result")
    assert visit.violations() == []
    visit.complaints.clear()
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Order {world.first.number}")
    assert visit.complaints == []


def test_escape_closes_the_results_and_then_leaves_the_box(world: World, sit_down: Open) -> None:
    page = opened(sit_down, address("waiting_lines"))
    page.keyboard.press("/")
    page.keyboard.type("kaya")
    expect(page.locator("#palette-list")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette-list")).to_be_hidden()


def test_keys_are_explained_and_lead_to_pages(world: World, sit_down: Open) -> None:
    page = opened(sit_down, address("waiting_lines"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Next line")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Waiting lines")
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting lines")


def test_keys_do_nothing_while_somebody_types(world: World, sit_down: Open) -> None:
    page = opened(sit_down, address("waiting_lines"))
    page.locator("#find").focus()
    page.keyboard.type("jx?/")
    expect(page.locator("#find")).to_have_value("jx?/")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_keys_that_were_switched_off_or_moved_do_what_was_asked(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("preferences"))
    page.get_by_label("Next line").fill("w")
    page.get_by_role("button", name="Save preferences").click()
    page.goto(address("waiting_lines") + "?view=all")
    page.keyboard.press("j")
    expect(page.locator("tr.at")).to_have_count(0)
    page.keyboard.press("w")
    expect(page.locator("tr.at")).to_have_count(1)
    Preference.objects.update(are_keys_on=False)
    page.goto(address("waiting_lines") + "?view=all")
    page.keyboard.press("w")
    expect(page.locator("tr.at")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-box")).to_be_focused()


COLOURS = """() => [...document.querySelectorAll("body, body *")].map(each => {
    const worn = getComputedStyle(each);
    return [each.tagName, worn.color, worn.backgroundColor, worn.borderTopColor].join(" ");
})"""


def test_the_theme_that_was_saved_is_worn_as_the_systems_is(world: World, sit_down: Open) -> None:
    night, page = sit_down(dark=True).page, sit_down().page
    night.goto(address("waiting_lines"))
    page.goto(address("preferences"))
    page.get_by_label("Theme").select_option("dark")
    page.get_by_role("button", name="Save preferences").click()
    page.goto(address("waiting_lines"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(COLOURS) == night.evaluate(COLOURS)


# -- a list of several pages ------------------------------------------------------------------------------------------


def test_what_a_long_list_comes_to_is_added_up_after_it_is_there(
    world: World, sit_down: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PER_PAGE", 2)
    page = opened(sit_down, address("waiting_lines") + "?view=all")
    expect(page.locator(".queue-lead")).to_contain_text("Oldest wait")
    expect(page.locator(".ages dd")).to_have_count(7)
    assert page.locator("tr[data-line]").count() == 2


# -- on every page ----------------------------------------------------------------------------------------------------


def pages(world: World) -> list[str]:
    order: Order = world.first
    return [
        address("waiting_lines"),
        address("waiting_lines") + "?view=all&q=value:>1",
        address("waiting_lines") + "?view=late&q=sku:none",
        address("peek", order.lines.get().pk),
        address("preferences"),
        address("keys"),
        address("search") + "?q=kaya",
        reverse("as_customer", args=[order.pk]),
    ]


@LOOKS
def test_every_page_is_accessible_and_keeps_the_policy(world: World, sit_down: Open, dark: bool, language: str) -> None:
    visit = sit_down(dark=dark, language=language)
    page = visit.page
    for url in pages(world):
        page.goto(url)
        page.wait_for_load_state("networkidle")
        if page.locator("a[data-peeks]").count():
            page.locator("a[data-peeks]").first.click()
            expect(page.locator("#drawer h2")).to_be_visible()
        assert visit.complaints == [], url
        assert visit.violations() == [], url
        visit.complaints.clear()  # the examination itself adds styles that the policy refuses


def test_no_page_scrolls_sideways_on_a_narrow_screen(world: World, sit_down: Open) -> None:
    visit = sit_down(width=320)
    for url in pages(world):
        visit.page.goto(url)
        visit.page.wait_for_load_state("networkidle")
        assert not visit.scrolls_sideways(), url
