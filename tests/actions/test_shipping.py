"""Parcels: what leaves, that it arrived, what comes back."""

import pytest

from backorders.actions import shipping
from backorders.allocation.books import differences
from backorders.allocation.models import Allocation, Promise
from backorders.changes.models import ChangeSet
from backorders.orders.models import Shipment, ShipmentLine
from backorders.supply.models import Holiday, StockLevel
from tests.factories import (
    AT,
    a_line,
    a_product,
    a_purchase,
    a_warehouse,
    an_order,
    count,
    day,
    later,
    state,
)

pytestmark = pytest.mark.django_db


def test_what_lies_allocated_is_shipped_and_the_books_follow() -> None:
    product = a_product(stock=5)
    line = a_line(product, 5)
    done = shipping.ship(line.order, units=[(line.pk, 3)], tracking_number="Z1", by=None, at=AT)
    assert state(line) == (2, 0, 3, 0)
    assert (StockLevel.objects.get().on_hand, StockLevel.objects.get().allocated) == (2, 2)
    assert done.made.tracking_number == "Z1"
    shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=AT)
    assert state(line) == (0, 0, 5, 0)
    assert not Allocation.objects.exists()
    assert Promise.objects.get().gap_since is None
    assert list(differences(at=AT)) == []


def test_units_from_two_warehouses_leave_both() -> None:
    product = a_product(stock=2)
    count(product, 3, where=a_warehouse("SECOND", rank=2))
    line = a_line(product, 5)
    shipping.ship(line.order, units=[(line.pk, 4)], by=None, at=AT)
    assert sorted(StockLevel.objects.values_list("on_hand", flat=True)) == [0, 1]
    assert list(differences(at=AT)) == []


def test_what_is_not_allocated_is_not_shipped() -> None:
    product = a_product(stock=2)
    line, other = a_line(product, 5), a_line(product, 1)
    for units in ([(line.pk, 3)], [(other.pk, 1)], [], [(line.pk, 1), (line.pk, 1)]):
        with pytest.raises(shipping.NotAllocated):
            shipping.ship(line.order, units=units, by=None, at=AT)
    assert not Shipment.objects.exists()
    assert StockLevel.objects.get().on_hand == 2


def test_a_ship_complete_order_leaves_in_one_parcel() -> None:
    one, two = a_product(stock=5), a_product(stock=1)
    order = an_order((one, 1), (two, 2), is_ship_complete=True)
    first, second = order.lines.order_by("id")
    with pytest.raises(shipping.ShipsComplete):
        shipping.ship(order, units=[(first.pk, 1)], by=None, at=AT)
    count(two, 2)
    shipping.ship(order, units=[(first.pk, 1), (second.pk, 2)], by=None, at=AT)
    assert Shipment.objects.count() == 1
    assert list(differences(at=AT)) == []


def test_a_delivery_is_confirmed_once_and_says_by_whom() -> None:
    line = a_line(a_product(stock=1), 1)
    parcel = shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=AT).made
    made = shipping.confirm_delivery(parcel, confirmed_by="customer", by=None, at=later(days=2)).made
    assert (made.delivered_at, made.delivery_confirmed_by) == (later(days=2), "customer")
    changes = ChangeSet.objects.count()
    with pytest.raises(shipping.AlreadyDelivered):
        shipping.confirm_delivery(parcel, by=None, at=later(days=3))
    assert ChangeSet.objects.count() == changes


def test_returned_units_serve_the_queue() -> None:
    product = a_product(stock=3)
    first, second = a_line(product, 3), a_line(product, 2)
    shipping.ship(first.order, units=[(first.pk, 3)], by=None, at=AT)
    parcel = ShipmentLine.objects.get()
    back = {"warehouse": a_warehouse(), "reason": "not wanted", "by": None, "at": AT}
    shipping.return_to_stock(parcel, quantity=2, **back)
    assert state(second) == (2, 0, 0, 0)
    with pytest.raises(shipping.NotShipped, match="Only 1 units"):
        shipping.return_to_stock(parcel, quantity=2, **back)
    assert list(differences(at=AT)) == []


def test_the_rest_of_a_line_that_ships_in_part_is_dated_at_once() -> None:
    product, closed = a_product(), a_warehouse()
    Holiday.objects.bulk_create(Holiday(warehouse=closed, on=day(n)) for n in range(30))
    count(product, 10, where=closed)
    a_purchase(product, 5, eta=1, where=a_warehouse("SECOND", rank=2))
    line = a_line(product, 15)
    before = Promise.objects.get(line=line)
    done = shipping.ship(line.order, units=[(line.pk, 10)], by=None, at=AT)
    [move] = done.impact.moves
    assert (move.line_id, move.kind) == (line.pk, "earlier")
    assert Promise.objects.get(line=line).version > before.version
    assert list(differences(at=AT)) == []
