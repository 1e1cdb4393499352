"""Two taps on one button at the same instant decide once."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from backorders.actions import deciding, keeping
from backorders.actions.done import Done
from backorders.orders.models import Cancellation, Decision, Refund
from tests.portal.desk import Waiter
from tests.races.stage import Point, meet_at

pytestmark = pytest.mark.django_db(transaction=True)
both_ways = pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "lock off"])


@pytest.fixture(autouse=True)
def only_where_rows_are_locked() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite the transaction itself is the lock: nothing happens at the same instant")


@both_ways
def test_two_taps_on_keep_waiting(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    """Without the lock the key, which stands once in the database, makes the second run again and find the first."""
    waiter = Waiter()
    point = Point(monkeypatch, keeping, "open_decision")
    if not is_locked:
        monkeypatch.setattr(keeping, "lock", lambda _order: [])

    def tapping() -> Any:
        return deciding.keep_waiting(waiter.fresh(), key="a", at=timezone.now())

    ending = meet_at(point, tapping, tapping)
    assert ending.waited == is_locked
    assert isinstance(ending.first, Done)
    assert ending.first.made == ending.second.made
    assert Decision.objects.count() == 1


def test_two_taps_on_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    waiter = Waiter()
    point = Point(monkeypatch, keeping, "keep")

    def tapping() -> Any:
        return deciding.cancel(waiter.fresh(), key="k", at=timezone.now())

    ending = meet_at(point, tapping, tapping)
    assert ending.waited
    assert ending.first.made == ending.second.made
    assert (Cancellation.objects.count(), Refund.objects.count(), Decision.objects.count()) == (2, 2, 1)
