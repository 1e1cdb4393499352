"""How many left before, when what they waited for came so much later: what a preview of later dates is weighed by."""

import datetime
from typing import NamedTuple

from django.db.models import Count, DurationField, Exists, ExpressionWrapper, F, Max, OuterRef, Q

from backorders.allocation.models import Promise
from backorders.compensation.measuring import Share, share
from backorders.orders.models import Cancellation

# Days from the first promise to the day told last; the last range has no end.
RANGES: tuple[tuple[int, int | None], ...] = ((1, 7), (8, 14), (15, 30), (31, None))
NEWEST = 50_000  # lines looked at, so that a long history costs nothing
FEWEST = 12  # of fewer lines nothing is said
DAY = datetime.timedelta(days=1)


class Left(NamedTuple):
    """Of lines that came `first` to `last` days later (None: or more), how many were cancelled."""

    first: int
    last: int | None
    cancelled: Share


def left_after(days: int) -> Left | None:
    """Return what became of lines that slipped as far as `days`; None where too few did, or it is no slip.

    Of the newest lines those count that are closed, were promised a date at first and told one at last. An exchange is
    no cancellation. Two statements.
    """
    first, last = next((each for each in RANGES if each[0] <= days <= (each[1] or days)), (0, None))
    newest = Promise.objects.aggregate(line=Max("line"))["line"]
    if not first or newest is None:
        return None
    gone = Cancellation.objects.filter(line=OuterRef("line")).exclude(change_set__act="substitute")
    slip = ExpressionWrapper(F("told_until") - F("line__first_until"), DurationField())
    closed = Promise.objects.filter(is_open=False, line__gt=newest - NEWEST, line__first_until__isnull=False)
    slipped = closed.annotate(slip=slip, is_gone=Exists(gone)).filter(slip__gte=first * DAY)
    if last:
        slipped = slipped.filter(slip__lte=last * DAY)
    counts = slipped.order_by().aggregate(lines=Count("line"), gone=Count("line", filter=Q(is_gone=True)))
    return Left(first, last, share(counts["gone"], counts["lines"])) if counts["lines"] >= FEWEST else None
