"""What a policy would have come to: the breaches of the last thirty days, weighed by the same rule.

A line is taken with all its units, to the day on which it was shipped or cancelled, or is expected; what was given for
its order otherwise is left out. This says what to expect, not what was owed to the cent.
"""

import copy
import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Max, OuterRef, QuerySet, Subquery

from backorders.allocation.windows import business_day
from backorders.compensation.models import CompensationPolicy, Trigger
from backorders.compensation.weighing import Case, Purse, in_order, weigh, within
from backorders.orders.models import Cancellation, OrderLine, ShipmentLine

DAYS = 30
LOOKED_AT = 50_000  # breaches at most; a month with more is told by its latest


class Simulated(NamedTuple):
    """What a policy would have come to: breaches there were, those it would have answered and at what cost; those held
    out; those for which the budget had nothing left. `is_cut`: there were more breaches than are looked at."""

    breaches: int
    answered: int
    cost: Decimal
    held_out: int
    unpaid: int
    is_cut: bool


def simulate(policy: CompensationPolicy, *, at: datetime.datetime) -> Simulated:
    """Return what a policy (saved or not) would have come to in the last thirty days: one statement."""
    today = business_day(at)
    always = copy.copy(policy)
    always.active_from, always.active_until = datetime.date.min, None
    breaches = list(_breaches(always, today))
    dues = [due for case, end in breaches if (due := weigh(always, case, today=end))]
    given = [due for due in dues if not due.is_held_out]
    paid = within(in_order(given), Purse(policy.budget_total, policy.budget_month))
    return Simulated(
        breaches=len(breaches),
        answered=len(paid),
        cost=sum((due.amount for due in paid), Decimal(0)),
        held_out=len(dues) - len(given),
        unpaid=len(given) - len(paid),
        is_cut=len(breaches) >= LOOKED_AT,
    )


def _breaches(policy: CompensationPolicy, today: datetime.date) -> Iterator[tuple[Case, datetime.date]]:
    """Lines whose promise broke, or whose wait became long, within the window; each with the day it ended or will."""
    first = today - datetime.timedelta(days=DAYS)
    is_late = policy.trigger == Trigger.LATE
    lines = OrderLine.objects.filter(order__currency=policy.currency, order__customer__is_written_to=True)
    if is_late:
        lines = lines.filter(first_until__gte=first, first_until__lt=today)
    else:
        wait = datetime.timedelta(days=policy.days)
        lines = lines.filter(placed_at__date__gte=first - wait, placed_at__date__lt=today - wait)
    for row in _read(lines):
        case, end = _case(row, today)
        limit = case.first_until if is_late else case.placed_on + datetime.timedelta(days=policy.days)
        if limit is not None and (end > limit if is_late else end >= limit):
            yield case, end


def _read(lines: "QuerySet[OrderLine]") -> list[tuple[Any, ...]]:
    shipped = ShipmentLine.objects.filter(line=OuterRef("pk")).order_by().values("line")
    cancelled = Cancellation.objects.filter(line=OuterRef("pk")).order_by().values("line")
    annotated = lines.annotate(
        shipped_at=Subquery(shipped.annotate(last=Max("shipment__shipped_at")).values("last")),
        cancelled_at=Subquery(cancelled.annotate(last=Max("at")).values("last")),
    )
    return list(annotated.order_by("-placed_at", "-id").values_list(*_FIELDS)[:LOOKED_AT])


_FIELDS = (
    "id order_id order__customer_id product_id product__category_id order__customer__tier order__currency quantity "
    "price product__cost product__currency placed_at first_until promise__expected_until waiting allocated shipped_at "
    "cancelled_at"
).split()


def _case(row: tuple[Any, ...], today: datetime.date) -> tuple[Case, datetime.date]:
    *known, placed_at, first_until, expected, waiting, allocated, shipped_at, cancelled_at = row
    ends = [business_day(moment) for moment in (shipped_at, cancelled_at) if moment]
    end = max(ends) if ends and not waiting + allocated else max(expected or today, today)
    worth = known[7] * known[8]
    return Case._make([*known, business_day(placed_at), first_until, end, worth, Decimal(0)]), end
