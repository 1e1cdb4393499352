"""Who comes first: the rank of a waiting line is one tuple that a manager can read aloud."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Q

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


def score(*, tier: int, value: Decimal, placed_on: datetime.date) -> int:
    """Return the part of the rank that tier, value and age decide; the highest goes first.

    score = tier weight × tier + value weight × value band + age weight × days waited. Every line's last term grows by
    the same amount a day, so the day is left out: only the difference of the order dates counts, and the order of two
    lines never flips with the clock alone. `value` is open quantity × price at order time.
    """
    band = sum(value >= edge for edge in POLICY.value_bands)
    waited = -POLICY.per_day_waited * placed_on.toordinal()
    return POLICY.per_tier * tier + POLICY.per_value_band * band + waited


def is_over_bound(line: Any, *, bound: datetime.datetime) -> bool:
    """Whether a line was overtaken so often, or ordered so long ago (before `bound`), that it goes first among its
    equals."""
    return bool(line.overtaken >= POLICY.overtaken_at_most or line.placed_at < bound)


def rank_key(line: Any, *, bound: datetime.datetime) -> Rank:
    """Return the rank of a line as a tuple, the smallest first.

    Expedited first, first promised first, over the fairness bound first, highest score, earliest order, lowest id.
    `line` has the fields of `Ranked`; orders placed before `bound` have waited too long (`fairness_bound`).
    """
    return (
        not line.is_expedited,
        NEVER_PROMISED if line.promise_number is None else line.promise_number,
        not is_over_bound(line, bound=bound),
        -line.score,
        line.placed_at,
        line.line_id,
    )


def ahead_of(line: Any, *, bound: datetime.datetime) -> dict[str, Q]:
    """Return `rank_key` as the database compares: which lines of the same queue rank before `line`, by what decides.

    Every line ahead is in exactly one of the conditions, that of the first part of the rank in which the two differ.
    """
    over = Q(overtaken__gte=POLICY.overtaken_at_most) | Q(placed_at__lt=bound)
    is_over, number = is_over_bound(line, bound=bound), line.promise_number
    none, promised = Q(pk__in=[]), Q(promise_number__isnull=False)
    parts = {
        "expedited": (none if line.is_expedited else Q(is_expedited=True), Q(is_expedited=line.is_expedited)),
        "promised": (promised if number is None else Q(promise_number__lt=number), Q(promise_number=number)),
        "bound": (none if is_over else over, over if is_over else ~over),
        "score": (Q(score__gt=line.score), Q(score=line.score)),
        "earlier": (Q(placed_at__lt=line.placed_at) | Q(placed_at=line.placed_at, pk__lt=line.pk), Q()),
    }
    ahead, equal = {}, Q()
    for name, (before, same) in parts.items():
        ahead[name] = equal & before
        equal &= same
    return ahead


def fairness_bound(today: datetime.date) -> datetime.datetime:
    """Return the moment before which an order has waited longer than the policy allows."""
    day = today - datetime.timedelta(days=POLICY.waiting_days_at_most)
    return datetime.datetime.combine(day, datetime.time.min, tzinfo=datetime.UTC)
