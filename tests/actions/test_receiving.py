"""Goods that arrive: short, over, damaged, early, once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import checking, receiving
from backorders.allocation.books import differences
from backorders.allocation.models import Promise
from backorders.supply.models import PurchaseLine, Receipt, StockLevel, StockMovement
from tests.factories import (
    AT,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    an_order,
    count,
    day,
    expected,
    receive,
    state,
)

pytestmark = pytest.mark.django_db


def test_a_short_receipt_serves_the_front_and_leaves_the_rest_outstanding() -> None:
    product = a_product()
    purchase = a_purchase(product, 10)
    first, second = a_line(product, 4), a_line(product, 6)
    shown = receiving.preview_receive([receiving.Arrival(purchase.pk, 7)], at=AT)
    done = receive(purchase, 7)
    assert shown == done.impact
    assert [(served.line_id, served.quantity) for served in done.impact.served] == [(first.pk, 4), (second.pk, 3)]
    assert (state(first), state(second)) == ((4, 0, 0, 0), (3, 3, 0, 0))
    assert PurchaseLine.objects.get().outstanding == 3
    assert list(differences(at=AT)) == []


def test_an_over_delivery_must_be_said_and_goes_to_the_next_in_the_queue() -> None:
    product = a_product()
    purchase = a_purchase(product, 4)
    first, second = a_line(product, 4), a_line(product, 2)
    with pytest.raises(receiving.MoreThanOutstanding, match=r"only 4 are outstanding\. Book the other 2") as refusal:
        receive(purchase, 6)
    assert refusal.value.details["over"] == 2
    assert not Receipt.objects.exists()
    receive(purchase, 4, over=2)
    assert (state(first), state(second)) == ((4, 0, 0, 0), (2, 0, 0, 0))
    assert list(differences(at=AT)) == []


def test_damaged_units_are_no_supply() -> None:
    product = a_product()
    purchase = a_purchase(product, 4)
    line = a_line(product, 4)
    receive(purchase, 3, damaged=1)
    assert state(line) == (3, 1, 0, 0)
    assert expected(line) is None
    assert StockLevel.objects.get().on_hand == 3
    assert PurchaseLine.objects.get().outstanding == 0
    assert list(differences(at=AT)) == []


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
        receiving.receive([receiving.Arrival(purchase.pk, 2)], key="scan-1", by=None, at=AT)
    assert StockLevel.objects.get().on_hand == 2


def test_a_ship_complete_head_lets_others_pass_only_while_its_word_is_kept() -> None:
    product = a_product()
    purchase = a_purchase(product, 20, eta=10)
    head = an_order((product, 15), is_ship_complete=True).lines.get()
    other = a_line(product, 5)
    Promise.objects.filter(line=head).update(told_from=day(1), told_until=day(60), told_at=AT)
    receive(purchase, 8)
    assert (state(head)[0], state(other)[0]) == (3, 5)
    assert list(differences(at=AT)) == []
    Promise.objects.filter(line=head).update(told_until=day(5))
    count(product, 7)
    assert (state(head)[0], state(other)[0]) == (7, 0)
    assert list(differences(at=AT)) == []


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
