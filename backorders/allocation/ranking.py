"""Who comes first: the rank of a waiting line is one tuple that a manager can read aloud."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

Rank = tuple[bool, int, bool, int, datetime.datetime, int]

NEVER_PROMISED = 2**31  # behind every number a promise can have


@dataclass(frozen=True, slots=True)
class RankPolicy:
    """Weights of the score, in days of waiting, and the fairness bound that lets nobody wait for ever."""

    per_tier: int = 7
    per_value_band: int = 1
    per_day_waited: int = 1
    value_bands: tuple[int, ...] = (100, 500, 2000)
    overtaken_at_most: int = 3
    waiting_days_at_most: int = 90


POLICY = RankPolicy()


class Ranked(NamedTuple):
    """What the rank of a line depends on."""

    is_expedited: bool
    promise_number: int | None
    overtaken: int
    score: int
    placed_at: datetime.datetime
    line_id: int


def score(*, tier: int, value: Decimal, placed_on: datetime.date, policy: RankPolicy = POLICY) -> int:
    """Return the part of the rank that tier, value and age decide; the highest goes first.

    score = tier weight × tier + value weight × value band + age weight × days waited. Every line's last term grows by
    the same amount a day, so the day is left out: only the difference of the order dates counts, and the order of two
    lines never flips with the clock alone. `value` is open quantity × price at order time.
    """
    band = sum(value >= edge for edge in policy.value_bands)
    waited = -policy.per_day_waited * placed_on.toordinal()
    return policy.per_tier * tier + policy.per_value_band * band + waited


def rank_key(line: Any, *, bound: datetime.datetime, policy: RankPolicy = POLICY) -> Rank:
    """Return the rank of a line as a tuple, the smallest first.

    Expedited first, first promised first, over the fairness bound first, highest score, earliest order, lowest id.
    `line` has the fields of `Ranked`; orders placed before `bound` have waited too long (`fairness_bound`).
    """
    return (
        not line.is_expedited,
        NEVER_PROMISED if line.promise_number is None else line.promise_number,
        not (line.overtaken >= policy.overtaken_at_most or line.placed_at < bound),
        -line.score,
        line.placed_at,
        line.line_id,
    )


def fairness_bound(today: datetime.date, *, policy: RankPolicy = POLICY) -> datetime.datetime:
    """Return the moment before which an order has waited longer than the policy allows."""
    day = today - datetime.timedelta(days=policy.waiting_days_at_most)
    return datetime.datetime.combine(day, datetime.time.min, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """A line's place in its queue: `position` of `of`, and how many lines ahead of it are there for which reason."""

    position: int
    of: int
    expedited: int
    promised: int
    bound: int
    score: int
    earlier: int


def place_in_queue(keys: Sequence[Rank], mine: Rank) -> Place:
    """Return the place of the line with rank `mine` among `keys` (its own included, any order)."""
    ahead = [0] * len(mine)
    for key in keys:
        if key < mine:
            ahead[next(i for i, (theirs, own) in enumerate(zip(key, mine, strict=True)) if theirs != own)] += 1
    return Place(
        position=sum(ahead) + 1,
        of=len(keys),
        expedited=ahead[0],
        promised=ahead[1],
        bound=ahead[2],
        score=ahead[3],
        earlier=ahead[4] + ahead[5],
    )
