"""At 1280 px the tables of the day's work fit into their panel: nothing of a row is looked for sideways."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

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
    widths = "nodes => nodes.map(node => [node.getAttribute('aria-label'), node.scrollWidth, node.clientWidth])"
    found = page.locator("#content .scroll").evaluate_all(widths)
    assert found
    assert [each for each in found if each[1] > each[2]] == []
