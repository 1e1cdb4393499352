"""Two who spend the same budget at the same instant do not overspend it; without the policy's lock they do."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from backorders.actions import awarding, compensating, gifts
from backorders.compensation.models import Award, CompensationPolicy
from backorders.orders.models import Compensation
from tests.compensation.policies import SOON, a_late_line, a_policy
from tests.races.stage import Point, meet_at

pytestmark = pytest.mark.django_db(transaction=True)
both_ways = pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "lock off"])


@pytest.fixture(autouse=True)
def only_where_rows_are_locked() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite the transaction itself is the lock: nothing happens at the same instant")


def policy_lock_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the policies instead of locking them."""
    monkeypatch.setattr(
        gifts,
        "locked_policies",
        lambda ids: list(CompensationPolicy.objects.filter(pk__in=set(ids)).order_by("pk")),
    )


def given() -> Decimal:
    return Compensation.objects.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


@both_ways
def test_two_agents_who_give_from_one_budget(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    a_policy(budget_total=Decimal(15))
    for _ in range(2):
        a_late_line()
    awarding.run_policies(at=SOON)
    first, second = Award.objects.order_by("id").values_list("id", flat=True)
    point = Point(monkeypatch, gifts, "write_gifts")  # it has seen that there is enough
    if not is_locked:
        policy_lock_off(monkeypatch)

    def giving(award: int) -> Any:
        return lambda: compensating.give({award: Decimal(10)}, by=None, at=SOON)

    ending = meet_at(point, giving(first), giving(second))
    assert ending.waited == is_locked
    assert given() == (10 if is_locked else 20)
    if is_locked:
        assert isinstance(ending.second, compensating.OverBudget)


def test_two_clocks_give_once(monkeypatch: pytest.MonkeyPatch) -> None:
    a_policy(mode="give", budget_total=Decimal(15))
    for _ in range(2):
        a_late_line()
    point = Point(monkeypatch, gifts, "write_gifts")

    def giving() -> int:
        return awarding.give_by_rule(at=SOON)

    ending = meet_at(point, giving, giving)
    assert ending.waited
    assert (given(), Award.objects.count()) == (10, 1)
