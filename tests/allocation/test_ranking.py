"""Who comes first, and why: the tuple, the fairness bound, the place that is explained."""

import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from backorders.allocation.ranking import Ranked, fairness_bound, rank_key, score
from tests.factories import AT, TODAY

BOUND = fairness_bound(TODAY)
lines = st.builds(
    Ranked,
    is_expedited=st.booleans(),
    promise_number=st.none() | st.integers(1, 3),
    overtaken=st.integers(0, 4),
    score=st.integers(-740_000, -739_900),
    placed_at=st.integers(0, 200).map(lambda days: AT - datetime.timedelta(days=days)),
    line_id=st.integers(1, 2**60),
)


@given(lines, lines)
def test_two_lines_are_never_equal_in_rank(one: Ranked, other: Ranked) -> None:
    equal = rank_key(one, bound=BOUND) == rank_key(other, bound=BOUND)
    assert not equal or one.line_id == other.line_id


@given(st.integers(0, 3), st.integers(0, 3), st.dates(), st.dates(), st.integers(0, 4000), st.integers(0, 4000))
def test_the_score_orders_as_days_waited_would(
    one_tier: int, other_tier: int, one: datetime.date, other: datetime.date, one_value: int, other_value: int
) -> None:
    def full(tier: int, value: int, placed: datetime.date, today: datetime.date) -> int:
        return 7 * tier + sum(value >= edge for edge in (100, 500, 2000)) + (today.toordinal() - placed.toordinal())

    stored = [
        score(tier=t, value=Decimal(v), placed_on=d)
        for t, v, d in ((one_tier, one_value, one), (other_tier, other_value, other))
    ]
    for today in (datetime.date(2026, 6, 1), datetime.date(2030, 1, 1)):
        aged = full(one_tier, one_value, one, today), full(other_tier, other_value, other, today)
        assert (stored[0] < stored[1]) == (aged[0] < aged[1])


def test_the_classes_come_in_their_order() -> None:
    plain = Ranked(False, None, 0, -739_000, AT, 9)
    waited = plain._replace(placed_at=AT - datetime.timedelta(days=91), score=-739_091)
    queue = [
        plain,
        plain._replace(score=-738_990),
        plain._replace(overtaken=3),
        plain._replace(promise_number=7),
        plain._replace(promise_number=6),
        plain._replace(is_expedited=True),
    ]
    keys = [rank_key(line, bound=BOUND) for line in queue]
    assert keys == sorted(keys, reverse=True)
    assert rank_key(waited, bound=BOUND) < rank_key(plain, bound=BOUND)
