"""Where a line stands in the queue for its product, and who is ahead of it and why."""

import datetime
from dataclasses import dataclass

from django.db.models import Count

from backorders.allocation.ranking import ahead_of, fairness_bound
from backorders.orders.models import OrderLine


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

    The database counts, so that a queue may be of any length.
    """
    if not line.waiting or line.is_held:
        return None
    ahead = ahead_of(line, bound=fairness_bound(today))
    queue = OrderLine.objects.waiting().filter(product=line.product_id, is_held=False)
    counted = {f"ahead_{name}": Count("pk", filter=rule) for name, rule in ahead.items()}
    counts = queue.aggregate(of=Count("pk"), **counted)
    return Place(
        position=1 + sum(counts[f"ahead_{name}"] for name in ahead),
        of=counts["of"],
        **{name: counts[f"ahead_{name}"] for name in ahead},
    )
