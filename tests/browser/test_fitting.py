"""The tables of the day's work fit into their panel, at 1280 px and as cards at 360: nothing is looked for sideways."""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from backorders.supply.models import PurchaseOrder
from tests.backoffice.desk import World, address
from tests.browser import staging
from tests.browser.conftest import Open
from tests.browser.staging import Place
from tests.browser.test_new_ways import shot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PLACES: dict[str, Place] = {
    "decide_answers": lambda w: address("decide_answers", staging.supplier_answered(w).pk),
    "purchase lines": lambda _w: address("supply_purchaseline_changelist"),
}


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("name", PLACES)
def test_a_table_fits_its_panel(sit_down: Open, name: str, language: str) -> None:
    world = World(at=timezone.now())
    PurchaseOrder.objects.filter(pk=world.line.purchase_order_id).update(number="PO-1234567")
    where = PLACES[name](world)
    page = sit_down(width=1280, language=language).page
    page.goto(where)
    page.wait_for_load_state("networkidle")
    if name == "decide_answers":
        page.locator("input[name=proposal]").check()
        expect(page.locator("#preview tbody tr")).not_to_have_count(0)
    else:
        expect(page.locator("#result_list tbody tr")).to_have_count(1)
    shot(page, re.sub(r"\W", "-", f"fits-{name}-{language}"))
    assert sideways(page) == []


CARDS: dict[str, Place] = {
    "outbox": lambda _w: address("outbox") + "?box=sent",
    "calls": lambda _w: address("calls"),
    "deadlines": lambda w: [staging.late_by_law(w), address("deadlines")][1],
    "awards": lambda w: [staging.proposed(w), address("awards")][1],
    "policies": lambda _w: address("policies"),
    "supplier answers": lambda w: [staging.supplier_answered(w), address("proposals")][1],
    "purchase orders": lambda _w: address("purchase_orders"),
    "purchase order": lambda w: address("purchase_order", w.line.purchase_order_id),
    "expected": lambda _w: address("expected") + "?view=all",
    "waiting lines": lambda _w: address("waiting_lines") + "?view=all",
    "as it stands": lambda w: address("purchase_line_eta", w.line.pk),
}


@pytest.mark.parametrize("width", [1280, 360])
def test_lists_fit_wide_and_stand_as_cards_on_a_telephone(sit_down: Open, width: int) -> None:
    world = World(at=timezone.now())
    page = sit_down(width=width, language="tr").page
    for name, place in CARDS.items():
        page.goto(place(world))
        row = page.locator("#content table.stacks tbody tr:has(td)").first
        expect(row).to_be_visible()
        assert row.evaluate("row => getComputedStyle(row).display") == ("block" if width == 360 else "table-row"), name
        assert sideways(page) == [], name


@pytest.mark.parametrize("width", [1280, 1200, 360])
@pytest.mark.parametrize("language", ["en", "tr"])
def test_what_is_drawn_beside_a_preview_is_seen_at_every_width(sit_down: Open, width: int, language: str) -> None:
    world = World(at=timezone.now())
    page = sit_down(width=width, language=language).page
    page.goto(address("purchase_line_eta", world.line.pk))
    page.locator("input[name=how][value=shift]").check()
    page.locator("input[name=days]").fill("40")
    plots = page.locator("#preview .windows-plot")
    expect(plots).to_have_count(3)
    expect(plots.first).to_be_visible()
    shot(page, f"plots-{width}-{language}")
    assert sideways(page) == []
    page.goto(address("receive", world.line.purchase_order_id))
    bar = page.locator("#preview .stack-plot")
    expect(bar).to_be_visible()
    assert sideways(page) == []


def test_the_header_takes_two_rows_on_a_telephone_and_its_jobs_stay_on_the_screen(sit_down: Open) -> None:
    World(at=timezone.now())
    heights = []
    for language in ("en", "tr"):
        visit = sit_down(width=360, language=language)
        visit.page.goto(address("waiting_lines"))
        heights.append(visit.page.locator("#header").evaluate("node => node.offsetHeight"))
        visit.page.locator("#header .jobs summary").click()
        expect(visit.page.locator("#header .tray")).to_be_in_viewport(ratio=1)
        assert not visit.scrolls_sideways()
    assert heights[0] == heights[1]
    assert heights[0] < 140


def sideways(page: Page) -> list[list[Any]]:
    """The regions of the page that hold more than they show."""
    widths = "nodes => nodes.map(node => [node.getAttribute('aria-label'), node.scrollWidth, node.clientWidth])"
    found = page.locator("#content .scroll").evaluate_all(widths)
    assert found
    return [each for each in found if each[1] > each[2]]
