"""What giving does: customers who were held out beside all others to whom something was owed, with the uncertainty.

Everybody to whom something was owed counts where chance put them, also those who in the end were given nothing: leaving
those out would compare the patient with everybody.
"""

import math
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q

from backorders.compensation.models import Award, CompensationPolicy
from backorders.orders.models import Cancellation, Feedback

Z = 1.959964  # the normal quantile that leaves 2.5 % on either side


class Share(NamedTuple):
    """`hits` of `n`, and the interval in which the share lies with 95 % confidence (0 to 1)."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """The share; None of nobody."""
        return self.hits / self.n if self.n else None


class Difference(NamedTuple):
    """By how much a share of those not held out is higher (lower, if negative), and its 95 % interval."""

    points: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out that there is no difference."""
        return self.low > 0 or self.high < 0


class Arm(NamedTuple):
    """One side of the comparison: lines, how many were given something, the share cancelled while it waited, and the
    share of satisfied answers (4 or 5 of 5)."""

    lines: int
    given: int
    cancelled: Share
    satisfied: Share


class Effect(NamedTuple):
    """Both sides, and the differences: None where one side has nobody."""

    treated: Arm
    held_out: Arm
    cancelled: Difference | None
    satisfied: Difference | None


def effect_of(policy: CompensationPolicy) -> Effect:
    """Return the comparison of one policy: two statements."""
    treated, held_out = (
        _arm(policy, Q(state=Award.State.HELD_OUT), negated=True),
        _arm(policy, Q(state=Award.State.HELD_OUT)),
    )
    return Effect(
        treated,
        held_out,
        difference(treated.cancelled, held_out.cancelled),
        difference(treated.satisfied, held_out.satisfied),
    )


def share(hits: int, n: int) -> Share:
    """Return a share with its score interval.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n): E. B. Wilson, Probable inference, the law of succession, and
    statistical inference, J. Am. Stat. Assoc. 22 (1927) 209-212. It stays within 0 and 1 and holds for small n.
    """
    if not n:
        return Share(0, 0, 0.0, 1.0)
    p, z2 = hits / n, Z * Z
    middle = p + z2 / (2 * n)
    half = Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Share(hits, n, max((middle - half) / (1 + z2 / n), 0.0), min((middle + half) / (1 + z2 / n), 1.0))


def difference(one: Share, other: Share) -> Difference | None:
    """Return the difference of two independent shares with its interval, or None where one is of nobody.

    d − √((p₁−l₁)² + (u₂−p₂)²) to d + √((u₁−p₁)² + (p₂−l₂)²) with the score intervals (l, u) of both: method 10 of
    R. G. Newcombe, Interval estimation for the difference between independent proportions, Stat. Med. 17 (1998)
    873-890.
    """
    if one.share is None or other.share is None:
        return None
    points = one.share - other.share
    below = math.hypot(one.share - one.low, other.high - other.share)
    above = math.hypot(one.high - one.share, other.share - other.low)
    return Difference(points, points - below, points + above)


def _arm(policy: CompensationPolicy, is_held_out: Q, *, negated: bool = False) -> Arm:
    gone = Cancellation.objects.filter(line=OuterRef("line"), at__gte=OuterRef("at")).exclude(
        change_set__act="substitute"
    )
    said = Feedback.objects.filter(order=OuterRef("line__order"), at__gte=OuterRef("at"), csat__isnull=False)
    lines = Award.objects.filter(~is_held_out if negated else is_held_out, policy=policy).order_by()
    lines = lines.annotate(is_gone=Exists(gone), has_said=Exists(said), is_glad=Exists(said.filter(csat__gte=4)))
    counts = lines.aggregate(
        lines=Count("id"),
        given=Count("id", filter=Q(state=Award.State.GIVEN)),
        gone=Count("id", filter=Q(is_gone=True)),
        said=Count("id", filter=Q(has_said=True)),
        glad=Count("id", filter=Q(is_glad=True)),
    )
    return Arm(
        counts["lines"],
        counts["given"],
        share(counts["gone"], counts["lines"]),
        share(counts["glad"], counts["said"]),
    )
