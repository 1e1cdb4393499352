"""The warehouse: receiving, shipping, delivery, returns, counts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import checking, selling, warehouse
from backorders.allocation.books import differences
from backorders.allocation.models import Allocation, Promise
from backorders.changes.models import ChangeSet
from backorders.orders.models import Shipment, ShipmentLine
from backorders.supply.models import Holiday, PurchaseLine, Receipt, StockLevel, StockMovement
from tests.factories import (
    AT,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_warehouse,
    an_order,
    count,
    day,
    expected,
    later,
    receive,
    state,
)

pytestmark = pytest.mark.django_db


def in_order() -> None:
    assert list(differences(at=AT)) == []


def test_a_short_receipt_serves_the_front_and_leaves_the_rest_outstanding() -> None:
    product = a_product()
    purchase = a_purchase(product, 10)
    first, second = a_line(product, 4), a_line(product, 6)
    shown = warehouse.preview_receive([warehouse.Arrival(purchase.pk, 7)], at=AT)
    done = receive(purchase, 7)
    assert shown == done.impact
    assert [(served.line_id, served.quantity) for served in done.impact.served] == [(first.pk, 4), (second.pk, 3)]
    assert (state(first), state(second)) == ((4, 0, 0, 0), (3, 3, 0, 0))
    assert PurchaseLine.objects.get().outstanding == 3
    in_order()


def test_an_over_delivery_must_be_said_and_goes_to_the_next_in_the_queue() -> None:
    product = a_product()
    purchase = a_purchase(product, 4)
    first, second = a_line(product, 4), a_line(product, 2)
    with pytest.raises(warehouse.MoreThanOutstanding, match=r"only 4 are outstanding\. Book the other 2") as refusal:
        receive(purchase, 6)
    assert refusal.value.details["over"] == 2
    assert not Receipt.objects.exists()
    receive(purchase, 4, over=2)
    assert (state(first), state(second)) == ((4, 0, 0, 0), (2, 0, 0, 0))
    in_order()


def test_damaged_units_are_no_supply() -> None:
    product = a_product()
    purchase = a_purchase(product, 4)
    line = a_line(product, 4)
    receive(purchase, 3, damaged=1)
    assert state(line) == (3, 1, 0, 0)
    assert expected(line) is None
    assert StockLevel.objects.get().on_hand == 3
    assert PurchaseLine.objects.get().outstanding == 0
    in_order()


def test_early_goods_are_allocated_and_the_date_is_earlier() -> None:
    product = a_product()
    purchase = a_purchase(product, 4, eta=20)
    line = a_line(product, 4)
    before = expected(line)
    done = receive(purchase, 4)
    assert expected(line) < before
    assert done.impact.counts["earlier"] == 1


@pytest.mark.parametrize("units", [{"quantity": -1}, {"quantity": 1.5}, {"quantity": 0}, {"quantity": 1, "over": -1}])
def test_what_did_not_arrive_is_refused(units: dict[str, int]) -> None:
    purchase = a_purchase(a_product(), 4)
    with pytest.raises((checking.NotWholeUnits, checking.NotOpen)):
        receive(purchase, **units)
    assert not StockMovement.objects.exists()


def test_the_same_receipt_is_booked_once() -> None:
    purchase = a_purchase(a_product(), 4)
    for _ in range(2):
        warehouse.receive([warehouse.Arrival(purchase.pk, 2)], key="scan-1", by=None, at=AT)
    assert StockLevel.objects.get().on_hand == 2


def test_what_lies_allocated_is_shipped_and_the_books_follow() -> None:
    product = a_product(stock=5)
    line = a_line(product, 5)
    done = warehouse.ship(line.order, units=[(line.pk, 3)], tracking_number="Z1", by=None, at=AT)
    assert state(line) == (2, 0, 3, 0)
    assert (StockLevel.objects.get().on_hand, StockLevel.objects.get().allocated) == (2, 2)
    assert done.made.tracking_number == "Z1"
    warehouse.ship(line.order, units=[(line.pk, 2)], by=None, at=AT)
    assert state(line) == (0, 0, 5, 0)
    assert not Allocation.objects.exists()
    assert Promise.objects.get().gap_since is None
    in_order()


def test_units_from_two_warehouses_leave_both() -> None:
    product = a_product(stock=2)
    count(product, 3, where=a_warehouse("SECOND", rank=2))
    line = a_line(product, 5)
    warehouse.ship(line.order, units=[(line.pk, 4)], by=None, at=AT)
    assert sorted(StockLevel.objects.values_list("on_hand", flat=True)) == [0, 1]
    in_order()


def test_what_is_not_allocated_is_not_shipped() -> None:
    product = a_product(stock=2)
    line, other = a_line(product, 5), a_line(product, 1)
    for units in ([(line.pk, 3)], [(other.pk, 1)], [], [(line.pk, 1), (line.pk, 1)]):
        with pytest.raises(warehouse.NotAllocated):
            warehouse.ship(line.order, units=units, by=None, at=AT)
    assert not Shipment.objects.exists()
    assert StockLevel.objects.get().on_hand == 2


def test_a_ship_complete_order_leaves_in_one_parcel() -> None:
    one, two = a_product(stock=5), a_product(stock=1)
    order = an_order((one, 1), (two, 2), is_ship_complete=True)
    first, second = order.lines.order_by("id")
    with pytest.raises(warehouse.ShipsComplete):
        warehouse.ship(order, units=[(first.pk, 1)], by=None, at=AT)
    count(two, 2)
    warehouse.ship(order, units=[(first.pk, 1), (second.pk, 2)], by=None, at=AT)
    assert Shipment.objects.count() == 1
    in_order()


def test_a_delivery_is_confirmed_once_and_says_by_whom() -> None:
    line = a_line(a_product(stock=1), 1)
    parcel = warehouse.ship(line.order, units=[(line.pk, 1)], by=None, at=AT).made
    made = warehouse.confirm_delivery(parcel, confirmed_by="customer", by=None, at=later(days=2)).made
    assert (made.delivered_at, made.delivery_confirmed_by) == (later(days=2), "customer")
    changes = ChangeSet.objects.count()
    with pytest.raises(warehouse.AlreadyDelivered):
        warehouse.confirm_delivery(parcel, by=None, at=later(days=3))
    assert ChangeSet.objects.count() == changes


def test_returned_units_serve_the_queue() -> None:
    product = a_product(stock=3)
    first, second = a_line(product, 3), a_line(product, 2)
    warehouse.ship(first.order, units=[(first.pk, 3)], by=None, at=AT)
    parcel = ShipmentLine.objects.get()
    back = {"warehouse": a_warehouse(), "reason": "not wanted", "by": None, "at": AT}
    warehouse.return_to_stock(parcel, quantity=2, **back)
    assert state(second) == (2, 0, 0, 0)
    with pytest.raises(warehouse.NotShipped, match="Only 1 units"):
        warehouse.return_to_stock(parcel, quantity=2, **back)
    in_order()


def test_a_count_below_what_is_allocated_takes_from_the_lowest_ranked() -> None:
    product = a_product(stock=6)
    lines = [a_line(product, 2) for _ in range(3)]
    shown = warehouse.preview_adjust(product, warehouse=a_warehouse(), counted=3, at=AT)
    done = warehouse.adjust_stock(product, warehouse=a_warehouse(), counted=3, reason="water", by=None, at=AT)
    assert shown == done.impact
    assert [state(line)[:2] for line in lines] == [(2, 0), (1, 1), (0, 2)]
    in_order()
    count(product, 6)
    assert [state(line)[:2] for line in lines] == [(2, 0)] * 3
    with pytest.raises(checking.NotOpen, match="is 6 already"):
        count(product, 6)


def test_a_ship_complete_head_lets_others_pass_only_while_its_word_is_kept() -> None:
    product = a_product()
    purchase = a_purchase(product, 20, eta=10)
    head = an_order((product, 15), is_ship_complete=True).lines.get()
    other = a_line(product, 5)
    Promise.objects.filter(line=head).update(told_from=day(1), told_until=day(60), told_at=AT)
    receive(purchase, 8)
    assert (state(head)[0], state(other)[0]) == (3, 5)
    in_order()
    Promise.objects.filter(line=head).update(told_until=day(5))
    count(product, 7)
    assert (state(head)[0], state(other)[0]) == (7, 0)
    in_order()


def test_the_number_of_statements_does_not_grow_with_the_queue() -> None:
    counts = []
    for size in (3, 60):
        product = a_product()
        purchase = a_purchase(product, size)
        who = a_customer()
        for _ in range(size):
            a_line(product, 1, customer=who)
        with CaptureQueriesContext(connection) as captured:
            receive(purchase, size)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_placing_is_as_short_behind_many_as_behind_few() -> None:
    counts = []
    for size in (3, 60):
        product = a_product()
        a_purchase(product, size + 5)
        who = a_customer()
        for _ in range(size):
            a_line(product, 1, customer=who)
        with CaptureQueriesContext(connection) as captured:
            a_line(product, 1, customer=who)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_cancelling_frees_a_later_line_of_another_product_in_a_whole_order() -> None:
    one, two = a_product(), a_product()
    a_purchase(one, 5, eta=40)
    a_purchase(two, 5, eta=5)
    order = an_order((one, 2), (two, 2), is_ship_complete=True)
    first, second = order.lines.order_by("id")
    assert expected(first) == expected(second)
    late = expected(second)
    selling.cancel_line(first, reason="not needed", by=None, at=AT)
    assert expected(second) < late
    in_order()


def test_the_rest_of_a_line_that_ships_in_part_is_dated_at_once() -> None:
    product, closed = a_product(), a_warehouse()
    Holiday.objects.bulk_create(Holiday(warehouse=closed, on=day(n)) for n in range(30))
    count(product, 10, where=closed)
    a_purchase(product, 5, eta=1, where=a_warehouse("SECOND", rank=2))
    line = a_line(product, 15)
    before = Promise.objects.get(line=line)
    done = warehouse.ship(line.order, units=[(line.pk, 10)], by=None, at=AT)
    [move] = done.impact.moves
    assert (move.line_id, move.kind) == (line.pk, "earlier")
    assert Promise.objects.get(line=line).version > before.version
    assert list(differences(at=AT)) == []
