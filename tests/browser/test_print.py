"""What goes through the house on paper fits sheets of A4: the day's numbers, who waits, an order, what is picked."""

import math
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from backorders.actions import receiving
from tests.backoffice.desk import World, address
from tests.browser import staging
from tests.browser.conftest import Open
from tests.browser.test_longer_words import SHOTS
from tests.factories import TODAY, a_customer, a_purchase, an_order

A4 = (595, 842)  # points
MARGIN = 12  # mm, as the style sheet says
WIDTH = math.floor((210 - 2 * MARGIN) / 25.4 * 96)  # px between the margins of a sheet
SITE = "#header, #desk-nav, #desk-menu, .breadcrumbs, .page-actions, .bulk, .tabs, .filters, button, "
SITE += "#footer > :not(.sheet-address)"
HEAD = "rgb(18, 52, 86)"  # a colour that nothing else has, painted behind the heads of tables
PAINTED = re.compile(rb"\.070[56]\d* \.2039\d* \.337\d* rg")
BEYOND = """
    width => [...document.body.querySelectorAll('*')].filter(node => {
        const box = node.getBoundingClientRect(), style = getComputedStyle(node);
        return box.width > 1 && box.height > 1 && style.visibility === 'visible'
            && (box.right > width + 1 || box.left < -1
                || style.overflowX !== 'visible' && node.scrollWidth > node.clientWidth + 1);
    }).map(node => `${node.tagName}.${node.className} ${node.textContent.trim().slice(0, 50)}`)
"""

PAINT = """
    colour => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(`thead th { background: ${colour} !important; print-color-adjust: exact; }`);
        document.adoptedStyleSheets = [sheet];
    }
"""

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def fifty_wait(world: World) -> str:
    staging.long(world)
    staging.many(world)
    return address("waiting_lines") + "?view=all"


def forty_are_picked(world: World) -> str:
    for number in range(40):
        an_order((world.kettle, 1), customer=a_customer(f"Customer {number}"), at=world.at)
    staging.long(world)
    more = a_purchase(world.kettle, 60, eta=5 + (world.today - TODAY).days, at=world.at)
    came = receiving.receive([receiving.Arrival(more.pk, 60)], by=None, at=world.at)
    return address("pick_lists", came.change_set.pk)


SHEETS: dict[str, Callable[[World], str]] = {
    "home": lambda _world: "/admin/",
    "waiting_lines": fifty_wait,
    "pick_lists": forty_are_picked,
    "order": lambda world: address("order", world.first.pk),
    "purchase_order": lambda world: address("purchase_order", world.line.purchase_order_id),
    "expected": lambda _world: address("expected") + "?view=all",
    "product_supply": lambda world: address("product_supply", world.kettle.pk),
    "outbox": lambda _world: address("outbox") + "?box=sent",
    "policy_effect": lambda world: address("policy_effect", staging.proposed(world).pk),
}


@pytest.mark.parametrize("sheet", SHEETS)
def test_it_fits_sheets_of_a4(transactional_db: None, sit_down: Open, sheet: str) -> None:
    page = at(sheet, sit_down)
    assert page.evaluate(BEYOND, WIDTH) == []
    expect(page.locator(SITE).filter(visible=True)).to_have_count(0)
    printed = page.pdf(format="A4", print_background=True)
    boxes = re.findall(rb"/MediaBox \[0 0 (\S+) (\S+)\]", printed)
    assert boxes
    assert [box for box in boxes if abs(float(box[0]) - A4[0]) > 1 or abs(float(box[1]) - A4[1]) > 1] == []
    if sheet == "home":
        assert len(sheets_of(printed)) == 1


@pytest.mark.parametrize("sheet", ["waiting_lines", "pick_lists"])
def test_every_sheet_of_a_long_list_says_what_its_columns_are(
    transactional_db: None, sit_down: Open, sheet: str
) -> None:
    page = at(sheet, sit_down)
    page.evaluate(PAINT, HEAD)
    drawn = sheets_of(page.pdf(format="A4", print_background=True))
    assert len(drawn) > 1
    assert [number for number, sheet in enumerate(drawn, 1) if not PAINTED.search(sheet)] == []


def test_dark_is_printed_as_light(transactional_db: None, sit_down: Open) -> None:
    page = at("purchase_order", sit_down, dark=True)
    page.evaluate("() => document.documentElement.dataset.theme = 'dark'")
    painted = "node => [getComputedStyle(document.body).backgroundColor, getComputedStyle(node).color]"
    assert page.locator("#content h1").evaluate(painted) == ["rgb(255, 255, 255)", "rgb(24, 33, 43)"]


FILTERED: dict[str, tuple[Callable[[World], str], str]] = {
    "pick_lists": (forty_are_picked, ""),
    "receive": (lambda world: address("receive", world.line.purchase_order_id), ""),
    "purchase_order": (SHEETS["purchase_order"], ""),
    "purchase_orders": (lambda _world: address("purchase_orders") + "?q=PO", "“PO”"),
    "expected": (lambda _world: address("expected") + "?view=all&q=Contoso", "All open · “Contoso”"),
    "calendar": (lambda _world: address("expected") + "?as=calendar", "As a calendar"),
    "waiting_lines": (
        lambda _world: address("waiting_lines") + "?view=all&q=status:waiting+Aria",
        "All · Aria · status:waiting",
    ),
}


@pytest.mark.parametrize("sheet", FILTERED)
def test_its_foot_says_where_it_is_from_and_what_was_filtered(
    transactional_db: None, sit_down: Open, sheet: str
) -> None:
    where, filters = FILTERED[sheet]
    page = sit_down(width=WIDTH).page
    page.emulate_media(media="print")
    page.goto(where(World(at=timezone.now())))
    foot = page.locator(".sheet-address")
    expect(foot).to_have_text(f"{filters} · {page.url}".removeprefix(" · "))
    ends = page.locator("#content").evaluate("node => node.getBoundingClientRect().bottom")
    box = foot.bounding_box()
    assert box
    assert box["y"] >= ends - 1
    page.emulate_media(media="screen")
    expect(foot).to_be_hidden()


def at(sheet: str, sit_down: Open, *, dark: bool = False) -> Page:
    """A page as the printer is given it: as wide as a sheet between its margins."""
    world = World(at=timezone.now())
    where = SHEETS[sheet](world)
    page = sit_down(width=WIDTH, dark=dark).page
    page.emulate_media(media="print")
    page.goto(where)
    page.wait_for_load_state("networkidle")
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"print-{sheet}.png", full_page=True)
        page.pdf(path=Path(SHOTS) / f"print-{sheet}.pdf", format="A4", print_background=True)
    return page


def sheets_of(printed: bytes) -> list[bytes]:
    """What is drawn on each page of a PDF, page by page."""
    drawn = []
    for known in re.findall(rb"/Type /Page\n.*?/Contents (\d+) 0 R", printed, re.S):
        stream = re.search(rb"(?:^|\n)" + known + rb" 0 obj\n.*?stream\r?\n(.*?)\r?\nendstream", printed, re.S)
        assert stream
        drawn.append(zlib.decompress(stream[1]))
    return drawn
