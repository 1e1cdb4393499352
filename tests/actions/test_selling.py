"""Selling: what is cancelled, and what is changed."""

from decimal import Decimal

import pytest

from backorders.actions import checking, queueing, selling, shipping
from backorders.allocation.books import differences
from backorders.allocation.models import Promise
from backorders.changes.models import ChangeSet
from backorders.orders.models import Cancellation, OrderLine, Refund
from backorders.refusal import Stale
from backorders.supply.models import StockLevel
from tests.factories import (
    AT,
    a_line,
    a_product,
    a_purchase,
    a_user,
    an_order,
    expected,
    later,
    state,
)

pytestmark = pytest.mark.django_db


def test_cancelling_the_waiting_moves_the_queue_up_and_makes_no_stock() -> None:
    product = a_product(stock=2)
    a_purchase(product, 3, eta=10)
    a_purchase(product, 9, eta=40)
    first, second = a_line(product, 5), a_line(product, 3)
    before = expected(second)
    done = selling.cancel_line(first, quantity=3, reason="too long", by=None, at=AT)
    assert state(first) == (2, 0, 0, 3)
    assert expected(second) < before
    assert done.impact.counts["earlier"] >= 1
    assert StockLevel.objects.get().on_hand == 2
    assert list(differences(at=AT)) == []


def test_cancelling_allocated_units_serves_the_next_in_rank() -> None:
    product = a_product(stock=5)
    first, second = a_line(product, 5), a_line(product, 3)
    selling.cancel_line(first, reason="changed my mind", by=None, at=AT)
    assert state(first) == (0, 0, 0, 5)
    assert state(second) == (3, 0, 0, 0)
    assert StockLevel.objects.get().available == 2
    assert list(differences(at=AT)) == []


def test_a_paid_order_is_owed_a_refund() -> None:
    product = a_product(price=Decimal("19.90"))
    order = an_order((product, 4), is_paid=True)
    selling.cancel_line(order.lines.get(), quantity=3, reason="too long", by=None, at=AT)
    refund = Refund.objects.get()
    assert (refund.amount, refund.currency, refund.due_at) == (Decimal("59.70"), "EUR", later(days=7))


def test_cancelling_an_order_cancels_all_that_is_open() -> None:
    one, two = a_product(stock=5), a_product()
    order = an_order((one, 2), (two, 3))
    selling.cancel_order(order, reason="closed the shop", by=None, at=AT)
    assert [state(line) for line in order.lines.order_by("id")] == [(0, 0, 0, 2), (0, 0, 0, 3)]
    assert Cancellation.objects.count() == 2
    with pytest.raises(selling.NotCancellable, match="Nothing on order"):
        selling.cancel_order(order, reason="again", by=None, at=AT)


def test_what_was_shipped_cannot_be_cancelled() -> None:
    line = a_line(a_product(stock=5), 5)
    shipping.ship(line.order, units=[(line.pk, 5)], by=None, at=AT)
    changes = ChangeSet.objects.count()
    with pytest.raises(selling.NotCancellable, match="what was shipped cannot be cancelled"):
        selling.cancel_line(line, reason="late", by=None, at=AT)
    with pytest.raises(selling.NotCancellable):
        selling.cancel_order(line.order, reason="late", by=None, at=AT)
    assert ChangeSet.objects.count() == changes


@pytest.mark.parametrize("quantity", [0, -2, 1.5, 6])
def test_a_cancelled_quantity_must_be_open_units(quantity: float) -> None:
    line = a_line(a_product(), 5)
    with pytest.raises((checking.NotWholeUnits, selling.NotCancellable)):
        selling.cancel_line(line, quantity=quantity, reason="x", by=None, at=AT)  # type: ignore[arg-type]
    assert state(line) == (0, 5, 0, 0)


def test_a_reason_is_asked_for() -> None:
    line = a_line(a_product(), 5)
    with pytest.raises(checking.NoReason):
        queueing.expedite(line, reason="  ", by=None, at=AT)
    assert not OrderLine.objects.get().is_expedited


def test_a_form_that_saw_an_older_order_is_told_what_happened() -> None:
    line = a_line(a_product(), 5)
    seen, mert = line.order.version, a_user(first_name="Mert")
    selling.cancel_line(line, quantity=1, reason="x", by=mert, at=AT)
    with pytest.raises(Stale, match="Cancelled by Mert"):
        selling.cancel_line(line, quantity=1, reason="y", seen_version=seen, by=None, at=AT)
    assert state(line) == (0, 4, 0, 1)


def test_more_joins_at_the_old_place_and_less_is_a_cancellation() -> None:
    product = a_product()
    a_purchase(product, 10)
    first, second = a_line(product, 4), a_line(product, 6)
    selling.change_quantity(first, quantity=6, reason="two more", by=None, at=AT)
    assert state(first) == (0, 6, 0, 0)
    assert Promise.objects.get(line=second).uncovered == 2
    selling.change_quantity(first, quantity=3, reason="fewer", by=None, at=AT)
    first.refresh_from_db()
    assert (first.quantity, first.cancelled, first.waiting) == (6, 3, 3)
    assert Promise.objects.get(line=second).uncovered == 0
    with pytest.raises(checking.NotOpen, match="already 3"):
        selling.change_quantity(first, quantity=3, reason="same", by=None, at=AT)
    assert list(differences(at=AT)) == []


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
    assert list(differences(at=AT)) == []
