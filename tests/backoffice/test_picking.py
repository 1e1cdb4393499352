"""After a receipt the warehouse prints what to put away and what to pick for whom."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backorders.access.table import WAREHOUSE
from backorders.actions import receiving, undoing
from backorders.backoffice import picking
from backorders.changes.models import ChangeSet
from backorders.orders.models import Order
from backorders.supply.models import Receipt
from tests.backoffice.desk import World, address, fill_in, somebody, text
from tests.factories import AT, a_product, a_purchase, a_user, an_order

pytestmark = pytest.mark.django_db


def a_receipt_of(world: World, good: int, *, damaged: int = 0) -> ChangeSet:
    arrivals = [receiving.Arrival(world.line.pk, good, damaged=damaged)]
    return receiving.receive(arrivals, by=None, at=AT).change_set


def picked(receipt: ChangeSet) -> dict[str, list[tuple[str, int]]]:
    """By customer: what lies ready for its order."""
    return {
        pick.order.customer.name: [(each.line.product.sku, each.quantity) for each in pick.allocations]
        for pick in picking.lists_of(receipt).picks
    }


def test_what_came_is_put_away_and_picked_by_order() -> None:
    world = World()
    lists = picking.lists_of(receipt := a_receipt_of(world, 6, damaged=1))
    (row,) = lists.put_away
    assert (row.level.product, row.good, row.damaged) == (world.kettle, 6, 1)
    assert (row.level.on_hand, row.level.allocated) == (8, 8)
    assert picked(receipt) == {
        "Ada Example": [("AK-17", 2)],
        "Elif Kaya": [("AK-17", 5)],
        "Sami Aydın": [("AK-17", 1)],
    }


def test_only_what_came_is_listed_and_what_leaves_as_a_whole_is_marked_while_it_waits() -> None:
    world, pan = World(), a_product("PAN", stock=9)
    lamp = a_product("LAMP")
    whole = an_order((world.kettle, 1), (lamp, 1), is_ship_complete=True)
    an_order((pan, 3))
    receipt = a_receipt_of(world, 20)
    picks = {pick.order: pick for pick in picking.lists_of(receipt).picks}
    assert {each.line.product for pick in picks.values() for each in pick.allocations} == {world.kettle}
    assert [order for order, pick in picks.items() if pick.is_incomplete] == [whole]
    a_receipt_of_lamps = receiving.receive([receiving.Arrival(a_purchase(lamp, 5).pk, 5)], by=None, at=AT).change_set
    assert [pick.is_incomplete for pick in picking.lists_of(a_receipt_of_lamps).picks] == [False]


def test_the_page_is_led_to_from_the_receipt_and_says_when_it_is_not_to_be_used() -> None:
    world, clerk = World(), somebody(WAREHOUSE)
    done = clerk.get(fill_in(clerk, address("receive", world.line.purchase_order_id)).headers["Location"])
    receipt = Receipt.objects.get().change_set
    page = address("pick_lists", receipt.pk)
    assert f'href="{page}"' in done.content.decode()
    assert f'href="{page}"' in clerk.get(address("change_set", receipt.pk)).content.decode()
    shown = clerk.get(page)
    assert re.search(r'backoffice/print[^"]*\.css" media="print"', shown.content.decode())
    said = text(shown)
    assert f"Who gets what came of {world.line.purchase_order}" in said
    assert "Elif Kaya" in said
    assert re.search(r"As of \d+ \w+ 20\d\d \d\d:\d\d everything held for orders of these products stands here", said)
    assert f"http://testserver{page}" in said
    assert "was undone" not in said
    undoing.undo(receipt, by=a_user(WAREHOUSE), at=AT)
    assert "This receipt was undone. Do not pick from this list." in text(clerk.get(page))


def test_what_nobody_waits_for_is_free_stock_and_other_changes_have_no_lists(desk: Client) -> None:
    line = a_purchase(a_product("NEW"), 5)
    receipt = receiving.receive([receiving.Arrival(line.pk, 5)], by=None, at=AT).change_set
    assert "Nothing of it is held for an order: it is free stock." in text(desk.get(address("pick_lists", receipt.pk)))
    other = ChangeSet.objects.exclude(act="receive").latest("id")
    assert desk.get(address("pick_lists", other.pk)).status_code == 404


def test_a_long_list_says_that_it_is_cut_and_takes_as_many_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    receipt = a_receipt_of(world, 20)
    with CaptureQueriesContext(connection) as few:
        assert not picking.lists_of(receipt).is_cut
    assert len(few) == 3
    for _number in range(6):
        an_order((world.kettle, 1))
    with CaptureQueriesContext(connection) as many:
        found = picking.lists_of(receipt).picks
    assert len(found) == Order.objects.count()
    assert len(many) == 3
    monkeypatch.setattr(picking, "MOST", 2)
    assert picking.lists_of(receipt).is_cut
    assert len(picking.lists_of(receipt).picks) == 2
