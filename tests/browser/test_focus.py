"""Whoever goes through a page with Tab sees where they are: the focus is marked, and nothing lies over it."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from tests.backoffice.desk import World, address
from tests.browser import staging
from tests.browser.conftest import Open
from tests.browser.staging import Place
from tests.portal.desk import Waiter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STEPS = 120
PLACES: dict[str, Place] = {
    "home": lambda _world: "/admin/",
    "waiting_lines": lambda _world: address("waiting_lines") + "?view=all",
    "order": lambda world: address("order", world.first.pk),
    "purchase_line_eta": lambda world: address("purchase_line_eta", world.line.pk),
    "receive": lambda world: address("receive", world.line.purchase_order_id),
    "import": staging.import_of,
    "outbox": lambda _world: address("outbox"),
}
# What is wrong with the focus: no mark, or its middle (of a link over two lines that of the first) lies under something
# that is neither it nor of its label.
FOCUS = """
    () => {
        const node = document.activeElement;
        if (!node || node === document.body) return null;
        const marks = [node, ...(node.labels || []), node.parentElement].map(each => getComputedStyle(each));
        const isMarked = marks.some(style => style.outlineStyle !== 'none' || style.boxShadow !== 'none');
        const box = node.getClientRects()[0] || node.getBoundingClientRect();
        const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, 20) / 2);
        const isCovered = box.width > 1 && (!top || !(node.contains(top) || top.contains(node)
            || [...(node.labels || [])].some(label => label.contains(top))));
        return {
            name: `${node.tagName} ${node.name || node.href || ''} ${node.textContent.trim().slice(0, 40)}`,
            wrong: [!isMarked && 'not marked', isCovered && `covered by ${top && top.outerHTML.slice(0, 120)}`]
                .filter(Boolean),
        };
    }
"""


def walk(page: Page, where: str) -> list[str]:
    """Go through a page with Tab until it begins again; return what was wrong on the way."""
    page.goto(where)
    page.wait_for_load_state("networkidle")
    wrong, seen = [], 0
    while seen < STEPS:
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None:  # the browser's own parts: the page is through
            break
        seen += 1
        wrong += [f"{focus['name']}: {each}" for each in focus["wrong"]]
    assert seen > 3
    return wrong


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("width", [1366, 400])
def test_the_focus_is_seen_on_the_desk(transactional_db: None, sit_down: Open, name: str, width: int) -> None:
    where = PLACES[name](World(at=timezone.now()))
    assert walk(sit_down(width=width).page, where) == []


def test_the_focus_is_seen_on_the_customers_page(transactional_db: None, sit_down: Open) -> None:
    assert walk(sit_down(width=360).page, Waiter(is_ship_complete=True).path) == []
