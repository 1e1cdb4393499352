"""What we have and what is coming, as the buyer speaks of it."""

import pytest

from backorders.actions import buying
from backorders.supply.models import PurchaseLine, StockLevel
from tests.factories import AT, a_line, a_product, a_purchase, count, day, later, receive, revise

pytestmark = pytest.mark.django_db


def test_outstanding_is_what_was_neither_received_nor_given_up() -> None:
    product = a_product()
    whole, part, given_up, untouched = (a_purchase(product, 5) for _ in range(4))
    receive(whole, 5)
    receive(part, 2, damaged=1)
    buying.close_purchase_line(given_up, reason="x", by=None, at=AT)
    assert list(PurchaseLine.objects.outstanding().order_by("id")) == [part, untouched]
    assert [line.outstanding for line in PurchaseLine.objects.order_by("id")] == [0, 2, 0, 5]


def test_a_line_is_overdue_from_the_day_after_the_last_day_of_its_eta() -> None:
    product = a_product()
    late, due, undated, complete = (a_purchase(product, 5, eta=eta) for eta in (0, 2, None, 0))
    receive(complete, 5)
    revise(due, (2, None))
    assert list(PurchaseLine.objects.overdue(day(0))) == []
    assert list(PurchaseLine.objects.overdue(day(1))) == [late]
    assert list(PurchaseLine.objects.overdue(day(3)).order_by("id")) == [late, due]
    assert undated.eta_on is None


def test_available_is_what_nobody_holds() -> None:
    product = a_product(stock=5)
    a_line(product, 3)
    assert StockLevel.objects.get().available == 2
    count(product, 1, at=later(hours=1))
    assert StockLevel.objects.get().available == 0
