"""How many left before when what they waited for came so much later: of whom, as a share with its uncertainty."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import selling
from backorders.allocation.models import Promise
from backorders.compensation.leaving import FEWEST, left_after
from backorders.compensation.measuring import share
from backorders.orders.models import OrderLine
from tests.factories import a_line, a_product, a_purchase, later

pytestmark = pytest.mark.django_db


def slipped(days: int, *, lines: int = 1, cancelled: int = 0) -> list[OrderLine]:
    """Lines that are closed and had been told a day so many days after their first one; some were cancelled."""
    product = a_product()
    a_purchase(product, 900, eta=10)
    made = [a_line(product, 1) for _ in range(lines)]
    for line in made[:cancelled]:
        selling.cancel_line(line, reason="waited too long", by=None, at=later(hours=1))
    for line in made:
        line.refresh_from_db()
        told = line.first_until + datetime.timedelta(days=days)  # type: ignore[operator]
        Promise.objects.filter(line=line).update(is_open=False, told_from=told, told_until=told)
    return made


def test_lines_that_slipped_as_far_are_counted_and_those_of_them_that_were_cancelled() -> None:
    slipped(15, lines=FEWEST, cancelled=3)
    slipped(30, cancelled=1)
    slipped(14, lines=5, cancelled=5)
    slipped(31, lines=5, cancelled=5)
    left = left_after(24)
    assert left is not None
    assert (left.first, left.last, left.cancelled) == (15, 30, share(4, FEWEST + 1))
    assert left_after(15) == left_after(30) == left


def test_nothing_is_said_of_too_few_of_no_slip_and_of_nobody() -> None:
    assert left_after(24) is None
    slipped(20, lines=FEWEST - 1)
    assert left_after(24) is None
    slipped(20)
    assert left_after(24) is not None
    assert left_after(0) is None
    assert left_after(-3) is None
    assert left_after(400) is None


def test_what_is_open_or_was_told_nothing_does_not_count() -> None:
    made = slipped(400, lines=FEWEST)
    assert left_after(31) is not None
    Promise.objects.filter(line=made[0]).update(is_open=True)
    assert left_after(31) is None
    Promise.objects.filter(line=made[0]).update(is_open=False, told_from=None, told_until=None)
    assert left_after(31) is None


def test_a_long_history_costs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    made = slipped(20, lines=FEWEST + 2)
    monkeypatch.setattr("backorders.compensation.leaving.NEWEST", FEWEST)
    with CaptureQueriesContext(connection) as caught:
        left = left_after(20)
    assert len(caught) == 2
    assert left is not None
    assert left.cancelled.n == FEWEST < len(made)
