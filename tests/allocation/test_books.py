"""The books find what disagrees, name it by its invariant, and repair what is derived."""

import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from backorders.actions import bookkeeping, selling, shipping, undoing
from backorders.allocation.books import differences
from backorders.allocation.models import Allocation, Promise
from backorders.allocation.sums import Invariant
from backorders.changes.models import ChangeSet
from backorders.orders.models import Order, OrderLine
from backorders.supply.models import PurchaseLine, StockLevel
from tests.factories import AT, a_line, a_product, a_purchase, an_order, later, receive, revise

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> dict[str, Any]:
    """Ten on hand, 15 and 5 wanted, 30 on order; another product that was shipped, cancelled and partly received."""
    cup, mug = a_product(stock=10), a_product(stock=4)
    first, second = a_line(cup, 15), a_line(cup, 5)
    coming = a_purchase(cup, 30)
    revise(coming, (12, None))
    order = an_order((mug, 3))
    parcel = shipping.ship(order, units=[(order.lines.get().pk, 3)], by=None, at=AT).made
    shipping.return_to_stock(
        parcel.lines.get(), quantity=1, warehouse=coming.warehouse, reason="unused", by=None, at=later(days=1)
    )
    selling.cancel_line(a_line(mug, 6), quantity=2, reason="changed mind", by=None, at=AT)
    receive(a_purchase(mug, 2), 1, at=later(days=1))
    return {"first": first, "second": second, "coming": coming, "mug": mug}


def sql(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def found(at: datetime.datetime = AT) -> set[int]:
    return {difference.invariant for difference in differences(at=at)}


def sentences() -> str:
    return "\n".join(difference.sentence for difference in differences(at=AT))


def test_every_invariant_is_explained_under_its_number() -> None:
    page = Path(settings.BASE_DIR, "docs/invariants.md").read_text().partition("## What is proved")[0]
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == list(Invariant)


def test_the_books_of_a_working_shop_agree(shop: dict[str, Any]) -> None:
    assert list(differences(at=AT)) == []


def test_the_books_agree_after_a_receipt_was_undone(shop: dict[str, Any]) -> None:
    from_supplier = receive(shop["coming"], 7, at=later(days=2))
    undoing.undo(from_supplier.change_set, by=None, at=later(days=2))
    assert list(differences(at=later(days=2))) == []


@pytest.mark.parametrize(
    ("invariant", "statement", "sentence"),
    [
        (1, "UPDATE orders_orderline SET allocated = allocated - 1, waiting = waiting + 1 WHERE id = {first}", "alloc"),
        (1, "UPDATE orders_orderline SET shipped = shipped + 1, waiting = waiting - 1 WHERE id = {first}", "parcels"),
        (1, "UPDATE orders_orderline SET cancelled = 1, waiting = waiting - 1 WHERE id = {first}", "cancellations"),
        (2, "UPDATE supply_stocklevel SET on_hand = on_hand + 1", "movements sum up"),
        (2, "UPDATE supply_stocklevel SET allocated = 0", "allocations sum up"),
        (2, "UPDATE supply_purchaseline SET pegged = 0", "pegs sum up"),
        (2, "UPDATE supply_purchaseline SET received = 0 WHERE received = 1", "receipts are 1"),
        (3, "UPDATE supply_stocklevel SET on_hand = 99", "lie free for it"),
        (4, "UPDATE allocation_allocation SET line_id = {second} WHERE stock_level_id IS NOT NULL", "by its rank"),
        (5, "UPDATE orders_orderline SET shipped = quantity, allocated = 0, waiting = 0 WHERE id = {first}", "closed"),
        (5, "UPDATE orders_shipmentline SET returned = 2", "came back"),
        (5, "UPDATE orders_shipmentline SET quantity = 2", "left in parcels"),
        (6, "UPDATE supply_purchaseline SET eta_until = '2026-07-09' WHERE id = {coming}", "last revision"),
        (8, "DELETE FROM allocation_promise WHERE line_id = {first}", "has no promise"),
        (8, "UPDATE orders_order SET is_confirmed = true", "nothing was announced"),
        (8, "UPDATE allocation_promise SET announced_at = changed_at", "not on the work list"),
        (8, "UPDATE allocation_promise SET expected_until = '2026-07-09' WHERE line_id = {first}", "the plan says"),
    ],
)
def test_what_breaks_an_invariant_is_named(shop: dict[str, Any], invariant: int, statement: str, sentence: str) -> None:
    sql(statement.format(**{name: made.pk for name, made in shop.items()}))
    assert invariant in found()
    assert sentence in sentences()


def test_a_ledger_that_could_be_rewritten_is_named(shop: dict[str, Any]) -> None:
    on_table = " ON supply_stockmovement" if connection.vendor == "postgresql" else ""
    sql(f"DROP TRIGGER supply_stockmovement_no_update{on_table}")
    assert found() == {6}


def test_an_order_that_came_twice_is_named(shop: dict[str, Any]) -> None:
    sql("DROP INDEX a_shop_order_comes_once")
    Order.objects.update(shop="web", external_id="17")
    assert found() == {7}
    assert "same order of the shop 'web'" in sentences()


def test_repair_rebuilds_all_that_is_derived(shop: dict[str, Any]) -> None:
    said = written()
    sql("DELETE FROM allocation_allocation")
    sql("UPDATE supply_stocklevel SET on_hand = 77, allocated = 3")
    sql("UPDATE supply_purchaseline SET pegged = 0, received = 0")
    sql("UPDATE orders_orderline SET allocated = 0, shipped = 0, cancelled = 0, waiting = quantity")
    sql("DELETE FROM allocation_promise WHERE line_id = %s", shop["second"].pk)
    sql("UPDATE allocation_promise SET expected_from = NULL, expected_until = NULL, uncovered = 5")
    assert found() >= {1, 2, 8}
    change = bookkeeping.repair_books(by=None, at=AT)
    assert list(differences(at=AT)) == []
    assert written() == said
    assert ChangeSet.objects.get(act="repair_books") == change


def test_repair_puts_an_unannounced_date_on_the_work_list(shop: dict[str, Any]) -> None:
    sql("UPDATE allocation_promise SET announced_at = changed_at")
    bookkeeping.repair_books(by=None, at=AT)
    assert list(differences(at=AT)) == []
    assert Promise.objects.untold().filter(line__waiting__gt=0).exists()


def test_repair_leaves_evidence_that_contradicts_itself_alone(shop: dict[str, Any]) -> None:
    parcel = OrderLine.objects.get(shipped=3)
    sql("UPDATE orders_shipmentline SET quantity = 9")
    bookkeeping.repair_books(by=None, at=AT)
    parcel.refresh_from_db()
    assert parcel.shipped == 3
    assert found() == {1, 5}


def written() -> list[Any]:
    """All that the plan and the counters say, without the ids of what was written anew."""
    return [
        list(OrderLine.objects.order_by("id").values_list("id", "allocated", "waiting", "shipped", "cancelled")),
        list(StockLevel.objects.order_by("id").values_list("id", "on_hand", "allocated")),
        list(PurchaseLine.objects.order_by("id").values_list("id", "received", "pegged")),
        sorted(Allocation.objects.values_list("line", "stock_level_id", "purchase_line_id", "quantity"), key=str),
        list(Promise.objects.filter(line__waiting__gt=0).order_by("line").values_list("line", "expected_until")),
    ]
