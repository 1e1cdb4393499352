"""Shares and their difference come with the published intervals; chance decides who counts where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.actions import awarding, selling
from backorders.compensation.measuring import difference, effect_of, share
from backorders.compensation.models import Award
from backorders.orders.models import Feedback
from tests.compensation.policies import SOON, a_late_line, a_policy
from tests.factories import later


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_the_published_one(hits: int, n: int, low: float, high: float) -> None:
    found = share(hits, n)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
) -> None:
    found = difference(share(*one), share(*other))
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_in_its_interval(known: tuple[int, int]) -> None:
    found = share(*known)
    assert 0 <= found.low <= found.hits / found.n + 1e-12
    assert found.hits / found.n <= found.high + 1e-12 <= 1 + 1e-9
    assert share(0, 0).share is None


@pytest.mark.django_db
def test_cancellations_after_it_was_due_and_answers_are_counted_on_both_sides() -> None:
    policy = a_policy(held_out_percent=50)
    lines = [a_late_line() for _ in range(12)]
    awarding.run_policies(at=SOON)
    held = set(Award.objects.filter(state="held_out").values_list("line", flat=True))
    assert 0 < len(held) < 12
    for line in lines[:6]:
        selling.cancel_line(line, reason="x", by=None, at=later(hours=1))
        Feedback.objects.create(order=line.order, occasion="cancelled", csat=2, at=later(hours=2))
    awarding.run_policies(at=later(hours=3))
    effect = effect_of(policy)
    gone = {line.pk for line in lines[:6]}
    assert (effect.held_out.lines, effect.treated.lines) == (len(held), 12 - len(held))
    assert (effect.held_out.cancelled.hits, effect.treated.cancelled.hits) == (len(held & gone), len(gone - held))
    assert effect.treated.satisfied.hits == 0
    assert effect.treated.given == 0


@pytest.mark.django_db
def test_of_nobody_nothing_is_compared() -> None:
    policy = a_policy(mode="give")
    a_late_line()
    awarding.run_policies(at=SOON)
    effect = effect_of(policy)
    assert (effect.treated.given, effect.cancelled) == (1, None)
