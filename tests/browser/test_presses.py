"""A press is not lost because a part of the page is replaced, nor done twice, nor answered by an older answer."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Response, Route, expect

from backorders.actions import caring
from backorders.orders.models import Note
from tests.backoffice.desk import World, address
from tests.browser.conftest import Open
from tests.factories import a_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return World(at=timezone.now())


def hold_first(page: Page, pattern: str | re.Pattern[str], *, method: str = "POST") -> list[Route]:
    """Keep the first request that goes there; later ones go through."""
    held: list[Route] = []

    def meet(route: Route) -> None:
        if held or route.request.method != method:
            route.fallback()
        else:
            held.append(route)

    page.route(pattern, meet)
    return held


def down(page: Page, target: Locator) -> None:
    """Press the mouse on something, and do not let it go yet."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()


def says(words: str) -> Callable[[Response], bool]:
    return lambda answer: words in (answer.request.post_data or "")


def let_go(page: Page, held: list[Route], words: str) -> None:
    """Let the kept request go on until it was answered."""
    [route] = held
    with page.expect_event("requestfinished", lambda request: words in (request.post_data or "")):
        route.continue_()


def at_the_dock(page: Page, world: World) -> list[Route]:
    """A preview of what arrived is under way, over one that is shown."""
    page.goto(address("receive", world.line.purchase_order_id))
    with page.expect_response(says("quantity=4")):
        page.get_by_label("Good: AK-17").fill("4")
    expect(page.locator("#preview [id^=up-]").first).to_be_visible()
    held = hold_first(page, "**/receive/**")
    with page.expect_request(lambda request: "damaged=1" in (request.post_data or "")):
        page.get_by_label("Damaged: AK-17").fill("1")
    return held


def test_a_button_that_a_preview_replaces_is_pressed_all_the_same(world: World, sit_down: Open) -> None:
    visit = sit_down()
    page = visit.page
    held = at_the_dock(page, world)
    down(page, page.get_by_role("button", name=f"Move {world.second.number} up"))
    let_go(page, held, "damaged=1")
    expect(page.locator("[aria-busy]")).to_have_count(0)
    page.mouse.up()
    expect(page.locator(".by-hand")).to_contain_text("Elif Kaya loses")
    assert visit.complaints == []


def test_what_was_chosen_in_a_preview_outlives_one_that_was_under_way(world: World, sit_down: Open) -> None:
    page = sit_down().page
    held = at_the_dock(page, world)
    page.locator("#preview #rules summary").click()
    choice = page.locator("#preview select[id^=give-]")
    other = choice.evaluate("field => [...field.options].find(one => !one.selected).value")
    choice.evaluate("(field, value) => { field.value = value; }", other)  # said to nobody yet: it is half a choice
    let_go(page, held, "damaged=1")
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(choice).to_have_value(other)
    expect(page.locator("#preview #rules")).to_have_attribute("open", "")


def test_saving_while_a_preview_arrives_saves(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("purchase_line_eta", world.line.pk))
    with page.expect_response(says("reason_code=customs")):
        page.get_by_label("customs").check()
    held = hold_first(page, "**/eta/**")
    later = str(world.today.replace(year=world.today.year + 1))
    with page.expect_request(lambda request: later in (request.post_data or "")):
        page.locator("[name=eta_on]").fill(later)
    down(page, page.locator("#save"))
    let_go(page, held, later)
    expect(page.locator("#preview")).to_contain_text("3 lines later")
    expect(page.locator("#save")).to_have_text("Save and tell 2 customers")
    page.mouse.up()
    expect(page.locator(".messagelist")).to_contain_text("3 dates moved")


def test_a_button_pressed_twice_does_it_once(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("order", world.first.pk))
    page.locator("form.note textarea").fill("Calls back on Friday")
    expect(page.locator("form.note [data-draft-said]")).to_contain_text("Draft kept")
    page.get_by_role("button", name="Keep note").dblclick()
    expect(page.locator("ol.timeline").first).to_contain_text("Calls back on Friday")
    assert Note.objects.filter(text="Calls back on Friday").count() == 1


def test_the_drawer_opens_what_was_pressed_last(world: World, sit_down: Open) -> None:
    page = sit_down().page
    page.goto(address("order", world.second.pk))
    held = hold_first(page, re.compile("/cancel/"), method="GET")
    links = page.locator("a[data-drawer]:visible")
    with page.expect_request(re.compile("/cancel/")):
        links.and_(page.locator("[href*='/cancel/']")).first.click()
    links.and_(page.locator("[href*='/hold/']")).first.click()
    title = page.locator("#drawer-title")
    expect(title).to_contain_text("Hold")
    with page.expect_event("requestfinished", lambda request: "/cancel/" in request.url):
        held[0].continue_()
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(title).to_contain_text("Hold")


def test_the_keyboard_stays_where_it_was_when_a_part_is_replaced(world: World, sit_down: Open) -> None:
    by: Any = a_user()
    for number in range(30):
        caring.write_note(world.first, text=f"Note {number}", by=by, at=timezone.now())
    page = sit_down().page
    page.goto(address("order", world.first.pk))
    notes = page.locator("#timeline-section .chips").get_by_role("link", name="Notes")
    notes.press("Enter")
    expect(notes).to_have_attribute("aria-current", "true")
    expect(notes).to_be_focused()
    page.locator("#timeline-section .earlier a").press("Enter")
    expect(page.locator("#timeline-section .earlier")).to_have_count(0)
    expect(page.locator("#timeline-section")).to_be_focused()
