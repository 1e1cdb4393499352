"""Whole ways of goods and orders through the verbs alone; after every step both opinions on the books agree."""

import datetime
from typing import Any

import pytest
from django.db import connection

from backorders.actions import buying, clock, counting, queueing, selling, shipping, undoing
from backorders.actions.bookkeeping import check_books
from backorders.allocation.models import Promise, PromiseChange
from backorders.changes.models import ChangeSet
from backorders.orders.models import Order, OrderLine, Refund, Shipment
from backorders.supply.models import EtaRevision, PurchaseLine, StockLevel, StockMovement
from tests.factories import (
    AT,
    a_carrier,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_supplier,
    a_user,
    a_warehouse,
    an_order,
    count,
    day,
    expected,
    later,
    receive,
    revise,
    state,
)
from tests.oracle import objections

pytestmark = pytest.mark.django_db


def in_order(at: datetime.datetime = AT) -> None:
    assert list(check_books(at=at)) == []
    assert objections(at=at) == []


def test_a_kettle_is_sold_slips_is_split_arrives_short_and_reaches_everyone() -> None:
    kettle, buyer = a_product("AK-17", stock=4, price=40), a_user()
    lot = a_purchase(kettle, 12, eta=14)
    ada = an_order((kettle, 6), is_paid=True).lines.get()
    bora, cem = a_line(kettle, 5), a_line(kettle, 5)
    assert [state(line)[:2] for line in (ada, bora, cem)] == [(4, 2), (0, 5), (0, 5)]
    promised = expected(bora)
    in_order()

    revise(lot, (21, None), by=buyer, reason_code="part_shortage")
    assert expected(bora) > promised
    in_order()
    revise(lot, (21, 6), (35, 6), by=buyer, reason_code="production")
    assert expected(ada) < expected(cem)
    assert expected(bora)[1] >= day(35), "two of its five come with the second part"
    in_order()

    selling.cancel_line(ada, quantity=2, reason="four are enough", by=None, at=later(days=1))
    assert state(ada) == (4, 0, 0, 2)
    assert Refund.objects.get().amount == 80
    assert expected(bora) < (day(35), day(35))
    in_order()

    shipping.ship(ada.order, units=[(ada.pk, 4)], tracking_number="Z-1", by=None, at=later(days=2))
    shipping.confirm_delivery(Shipment.objects.get(), by=None, at=later(days=4))
    assert state(ada) == (0, 0, 4, 2)
    in_order()

    first, second = PurchaseLine.objects.order_by("id")
    receive(first, 4, damaged=1, at=later(days=20))
    assert [state(line)[:2] for line in (bora, cem)] == [(4, 1), (0, 5)]
    in_order(later(days=20))
    buying.close_purchase_line(first, reason="the last one is lost", by=buyer, at=later(days=22))
    in_order(later(days=22))

    queueing.expedite(cem, reason="a wedding", by=buyer, at=later(days=23))
    assert [state(line)[:2] for line in (bora, cem)] == [(0, 5), (4, 1)]
    in_order(later(days=23))
    receive(second, 6, over=1, at=later(days=35))
    assert [state(line)[:2] for line in (bora, cem)] == [(5, 0), (5, 0)]
    assert StockLevel.objects.get().available == 1
    in_order(later(days=35))

    for line in (bora, cem):
        shipping.ship(line.order, units=[(line.pk, 5)], by=None, at=later(days=36))
    parcel = Shipment.objects.get(order=cem.order).lines.get()
    back = {"warehouse": a_warehouse(), "reason": "one too many", "by": None, "at": later(days=40)}
    shipping.return_to_stock(parcel, quantity=1, **back)
    assert StockLevel.objects.get().on_hand == 2
    assert not OrderLine.objects.open().exists()
    in_order(later(days=40))
    assert sum(StockMovement.objects.values_list("quantity", flat=True)) == 2


def test_a_bad_day_is_taken_back_step_by_step() -> None:
    product, second = a_product(stock=6), a_warehouse("SECOND", rank=2)
    lot, other = a_purchase(product, 10, eta=10), a_purchase(product, 3, eta=50)
    lines = [a_line(product, 4) for _ in range(4)]
    start = [(state(line), expected(line)) for line in lines]

    def change(done: Any) -> ChangeSet:
        in_order()
        return done.change_set

    steps = [
        change(revise(lot, (40, 4), (60, 6))),
        change(queueing.expedite(lines[3], reason="x", by=None, at=AT)),
        change(selling.cancel_line(lines[0], quantity=2, reason="x", by=None, at=AT)),
        change(counting.adjust_stock(product, warehouse=a_warehouse(), counted=1, reason="x", by=None, at=AT)),
        change(counting.adjust_stock(product, warehouse=second, counted=3, reason="x", by=None, at=AT)),
        change(receive(other, 2, damaged=1)),
        change(queueing.hold(lines[1], reason="x", by=None, at=AT)),
    ]
    assert [(state(line), expected(line)) for line in lines] != start
    for step in reversed(steps):
        change(undoing.undo(step, by=None, at=AT))
    assert [(state(line), expected(line)) for line in lines] == start
    assert EtaRevision.objects.filter(purchase_line=lot).count() == 3


def test_a_supplier_that_falls_silent_takes_its_dates_with_it_and_gives_them_back() -> None:
    product = a_product()
    lot = a_purchase(product, 5, eta=5, supplier=a_supplier("Silent", confirms_after_days=7))
    line = a_line(product, 5)
    seen = []
    for days in range(1, 20):
        clock.start_day(at=later(days=days))
        in_order(later(days=days))
        seen.append(expected(line))
    assert seen[0] is not None
    assert seen[-1] is None
    assert [date is None for date in seen] == sorted(date is None for date in seen), "once gone it stays away"
    dated = [date for date in seen if date]
    assert dated == sorted(dated)
    revise(lot, (25, None), at=later(days=19))
    assert expected(line) is not None
    in_order(later(days=19))
    assert PromiseChange.objects.filter(line=line, new_until=None).count() == 1


def test_a_year_ends_on_a_leap_years_holidays() -> None:
    at = datetime.datetime(2027, 12, 30, 22, 30, tzinfo=datetime.UTC)  # the 31st in Istanbul, a Friday
    house = a_warehouse()
    house.holidays.create(on=datetime.date(2028, 2, 29), name="the extra day")
    product = a_product(handling_days=1)
    goods = buying.OrderedGoods(product, house, 5, eta_on=datetime.date(2028, 2, 28), confidence="confirmed")
    order = buying.order_goods("PO-LEAP", supplier=a_supplier(), lines=[goods], by=None, at=at).made
    assert order.ordered_on == datetime.date(2027, 12, 31)
    line = a_line(product, 5, at=at, carrier=a_carrier(transit_days=0))
    # Arrives Monday 28 February to Wednesday 1 March; one working day to handle, and the 29th is none.
    assert expected(line) == (datetime.date(2028, 3, 1), datetime.date(2028, 3, 3))
    in_order(at)


def test_names_of_all_kinds_and_ids_beyond_2_to_the_53_go_all_the_way() -> None:
    count(a_product("first"), 1)  # so that every sequence is there
    an_order((a_product("second", stock=1), 1))
    a_purchase(a_product("third"), 1)
    beyond = 2**53 + 1
    for model in (OrderLine, Order, PurchaseLine, StockLevel):
        table = model._meta.db_table
        with connection.cursor() as cursor:  # both ways are undone with the test's transaction; setval() is not
            if connection.vendor == "sqlite":
                cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [beyond, table])
            else:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {beyond + 1}")
    sku, name = "ş" * 199 + "🫖", "إبريق قَهْوَة / קומקום / İĞÜŞÖÇ ığüşöç / 茶壺"
    product = a_product(sku, name=name, stock=3)
    lot = a_purchase(product, 9)
    lines = [a_line(product, 4, customer=a_customer(name), carrier=a_carrier(name)) for _ in range(3)]
    assert min(line.pk for line in lines) > beyond
    assert [state(line)[:2] for line in lines] == [(3, 1), (0, 4), (0, 4)]
    revise(lot, (20, 5), (30, 4))
    receive(lot, 5)
    shipping.ship(lines[0].order, units=[(lines[0].pk, 4)], tracking_number="🫖" * 80, by=None, at=AT)
    selling.cancel_line(lines[1], reason=name, by=None, at=AT)
    assert [state(line) for line in lines] == [(0, 0, 4, 0), (0, 0, 0, 4), (4, 0, 0, 0)]
    kept = OrderLine.objects.select_related("product", "order__customer").get(pk=lines[0].pk)
    assert (kept.product.sku, kept.product.name, kept.order.customer.name) == (sku, name, name)
    assert ChangeSet.objects.filter(act="cancel").get().reason == name
    assert Promise.objects.filter(line__in=lines).count() == 3
    in_order()
