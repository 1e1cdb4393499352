"""A simulation weighs the breaches of the last thirty days by the rule of the policy, in one statement."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import selling
from backorders.compensation.models import CompensationPolicy
from backorders.compensation.simulating import simulate
from tests.compensation.policies import TENTH, a_late_line
from tests.factories import day, later, receive

pytestmark = pytest.mark.django_db
NOW = later(days=40)


def policy(**terms: Any) -> CompensationPolicy:
    if "amount" in terms:
        terms["percent"] = None
    return CompensationPolicy(**{**TENTH, "active_from": day(40), **terms})


def test_broken_promises_are_counted_and_those_that_last_long_enough_cost() -> None:
    a_late_line(slips=30)
    a_late_line(slips=3)
    found = simulate(policy(days=20), at=later(days=25))
    assert (found.breaches, found.answered, found.cost) == (2, 1, Decimal(10))
    assert simulate(policy(days=60), at=later(days=25)).answered == 0


def test_the_past_ends_when_it_was_cancelled() -> None:
    line = a_late_line(slips=60)
    selling.cancel_line(line, reason="x", by=None, at=later(days=20))
    late = (later(days=20).date() - line.first_until).days  # type: ignore[operator]
    assert simulate(policy(days=late), at=NOW).answered == 1
    assert simulate(policy(days=late + 1), at=NOW).answered == 0


def test_what_came_in_time_broke_nothing() -> None:
    line = a_late_line(slips=0)
    receive(line.allocations.get().purchase_line, 5)
    assert simulate(policy(), at=later(days=5)).breaches == 0


def test_a_budget_and_a_hold_out_are_told_apart() -> None:
    for _ in range(10):
        a_late_line(slips=60)
    poor = simulate(policy(budget_month=Decimal(35)), at=NOW)
    assert (poor.breaches, poor.answered, poor.cost, poor.unpaid) == (10, 3, 30, 7)
    held = simulate(policy(held_out_percent=50), at=NOW)
    assert held.held_out + held.answered == 10


def test_long_waits_are_simulated_too() -> None:
    a_late_line(slips=60)
    assert simulate(policy(trigger="wait", days=20, amount=Decimal(4)), at=NOW).cost == 4


def test_it_takes_one_statement() -> None:
    for _ in range(5):
        a_late_line(slips=60)
    with CaptureQueriesContext(connection) as seen:
        assert simulate(policy(), at=NOW).breaches == 5
    assert len(seen) == 1
