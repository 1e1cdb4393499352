"""Where a line stands in the queue for its product, and who is ahead of it and why."""

import datetime
from dataclasses import dataclass

from django.db.models import Count, Q

from backorders.allocation.ranking import POLICY, fairness_bound, is_over_bound
from backorders.orders.models import OrderLine

NOBODY = Q(pk__in=[])


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


def place_of(line: OrderLine, *, today: datetime.date) -> Place | None:
    """Return the waiting line's place among those that wait for the same product, or None if it waits for nothing.

    The database compares as `ranking.rank_key` does, for queues of any length.
    """
    if not line.waiting or line.is_held:
        return None
    bound = fairness_bound(today)
    over = Q(overtaken__gte=POLICY.overtaken_at_most) | Q(placed_at__lt=bound)
    is_over = is_over_bound(line, bound=bound)
    number = line.promise_number
    earlier = Q(promise_number__isnull=False) if number is None else Q(promise_number__lt=number)
    same: Q = Q()
    ahead: dict[str, Q] = {}
    for name, before, equal in (
        ("expedited", NOBODY if line.is_expedited else Q(is_expedited=True), Q(is_expedited=line.is_expedited)),
        ("promised", earlier, Q(promise_number=number)),
        ("bound", NOBODY if is_over else over, over if is_over else ~over),
    ):
        ahead[name] = same & before
        same &= equal
    ahead["score"] = same & Q(score__gt=line.score)
    same &= Q(score=line.score)
    ahead["earlier"] = same & (Q(placed_at__lt=line.placed_at) | Q(placed_at=line.placed_at, pk__lt=line.pk))
    queue = OrderLine.objects.waiting().filter(product=line.product_id, is_held=False)
    counted = {f"ahead_{name}": Count("pk", filter=rule) for name, rule in ahead.items()}
    counts = queue.aggregate(of=Count("pk"), **counted)
    return Place(
        position=1 + sum(counts[f"ahead_{name}"] for name in ahead),
        of=counts["of"],
        **{name: counts[f"ahead_{name}"] for name in ahead},
    )
