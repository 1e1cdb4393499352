"""What policies look at, read at once: lines that wait and are owed something, what was given, what is left."""

import datetime
import zoneinfo
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from backorders.allocation.windows import business_day
from backorders.compensation.models import Award, CompensationPolicy, Trigger
from backorders.compensation.weighing import Case, Due, Purse, best, weigh
from backorders.orders.models import Compensation, OrderLine
from backorders.rows import batches

_CASE = (
    "id order_id order__customer_id product_id product__category_id order__customer__tier order__currency waiting "
    "price product__cost product__currency placed_at first_until promise__expected_until"
).split()
ZERO = Decimal(0)
CHUNK = 10_000  # ids in one statement


def active(today: datetime.date) -> list[CompensationPolicy]:
    """Return the policies that are in force on a day, the oldest first."""
    now = CompensationPolicy.objects.filter(active_from__lte=today)
    return list(now.filter(Q(active_until=None) | Q(active_until__gte=today)).order_by("id"))


def dues(
    policies: Sequence[CompensationPolicy],
    *,
    lines: Collection[int] | None = None,
    settled: datetime.datetime | None = None,
    at: datetime.datetime,
) -> list[Due]:
    """Return what is due by these policies and was not decided yet, worst first: at most one due for each breach.

    `lines`: of these lines only. `settled`: only lines whose date did not move since then.
    At most four statements, however many lines.
    """
    today = business_day(at)
    found = [
        due
        for trigger in Trigger.values
        if (mine := [policy for policy in policies if policy.trigger == trigger])
        for case in cases(_breached(trigger, mine, lines, settled, today))
        for policy in mine
        if (due := weigh(policy, case, today=today))
    ]
    return best(found)


def foreseen(
    policies: Sequence[CompensationPolicy], expected: Mapping[int, datetime.date | None], *, at: datetime.datetime
) -> list[Due]:
    """Return what would be due for broken promises if these lines (ids) came by other days (None: nobody knows when).

    It is what `dues` of the same lines says once that is so. Four statements for ten thousand lines.
    """
    today = business_day(at)
    late = [policy for policy in policies if policy.trigger == Trigger.LATE]
    return best(
        due
        for some in batches(expected if late else (), CHUNK)
        for case in cases(_undecided(Trigger.LATE, late).filter(pk__in=some))
        for policy in late
        if (due := weigh(policy, case._replace(expected_until=expected[case.line_id]), today=today))
    )


def broken_by(
    policies: Sequence[CompensationPolicy],
    moved: Mapping[int, tuple[datetime.date | None, datetime.date | None]],
    *,
    at: datetime.datetime,
) -> list[Due]:
    """Return what would be due because these lines (ids) come by other days, from one to another, and is not due as
    it is. Eight statements for ten thousand lines.

    A line without a date is owed once it is late, whatever moved it.
    """
    before = {due.breach for due in foreseen(policies, {line: was for line, (was, _new) in moved.items()}, at=at)}
    after = foreseen(policies, {line: new for line, (_was, new) in moved.items()}, at=at)
    return [due for due in after if due.breach not in before]


def cases(lines: "QuerySet[OrderLine]") -> list[Case]:
    """Return lines as policies look at them, with what their orders are worth and were given: three statements."""
    rows = list(lines.order_by("id").values_list(*_CASE))
    orders = {row[1] for row in rows}
    worth = _sums(OrderLine.objects.filter(order__in=orders), F("price") * (F("quantity") - F("cancelled")))
    given = _sums(Compensation.objects.filter(order__in=orders), F("amount"))
    return [
        Case._make([*row[:11], business_day(row[11]), *row[12:], worth.get(row[1], ZERO), given.get(row[1], ZERO)])
        for row in rows
    ]


def purses(policies: Iterable[CompensationPolicy], *, at: datetime.datetime) -> dict[int, Purse]:
    """Return what is left of the budgets of these policies, by id. A month is one of the business's calendar."""
    policies = list(policies)
    given = Award.objects.filter(policy__in=[policy.pk for policy in policies], state=Award.State.GIVEN)
    first = month_start(at)
    sums = (
        given.order_by()
        .values("policy")
        .annotate(total=Sum("amount"), month=Sum("amount", filter=Q(decided_at__gte=first)))
    )
    spent = {policy: (total, month) for policy, total, month in sums.values_list("policy", "total", "month")}
    return {policy.pk: _purse(policy, *spent.get(policy.pk, (ZERO, ZERO))) for policy in policies}


def month_start(at: datetime.datetime) -> datetime.datetime:
    """Return the first moment of the business's month in which a moment lies."""
    first = business_day(at).replace(day=1)
    return datetime.datetime.combine(first, datetime.time(), zoneinfo.ZoneInfo(settings.TIME_ZONE))


def _purse(policy: CompensationPolicy, total: Decimal | None, month: Decimal | None) -> Purse:
    return Purse(
        None if policy.budget_total is None else policy.budget_total - (total or ZERO),
        None if policy.budget_month is None else policy.budget_month - (month or ZERO),
    )


def _breached(
    trigger: str,
    policies: Sequence[CompensationPolicy],
    lines: Collection[int] | None,
    settled: datetime.datetime | None,
    today: datetime.date,
) -> "QuerySet[OrderLine]":
    """Lines that wait and that a policy may look at: what the pure rule decides again, without what was decided."""
    least = datetime.timedelta(days=min(policy.days for policy in policies))
    found = _undecided(trigger, policies)
    if trigger == Trigger.LATE:
        late = Q(first_until__lte=today - least) | Q(promise__expected_until__gt=F("first_until"))
        found = found.filter(late, first_until__gte=min(policy.active_from for policy in policies))
    else:
        found = found.filter(placed_at__lt=_day_end(today - least))
    if settled is not None:
        found = found.filter(promise__changed_at__lte=settled)
    return found if lines is None else found.filter(pk__in=lines)


def _undecided(trigger: str, policies: Sequence[CompensationPolicy]) -> "QuerySet[OrderLine]":
    """Lines that wait, of customers who are written to, in the policies' currencies, and not decided on yet."""
    decided = Award.objects.filter(line=OuterRef("pk"), trigger=trigger).exclude(state=Award.State.PROPOSED)
    return OrderLine.objects.waiting().filter(
        ~Exists(decided),
        order__customer__is_written_to=True,
        order__currency__in={policy.currency for policy in policies},
    )


def _day_end(day: datetime.date) -> datetime.datetime:
    """A moment that no zone's day lies behind; the pure rule looks at the business's day."""
    return datetime.datetime.combine(day + datetime.timedelta(days=2), datetime.time(), datetime.UTC)


def _sums(rows: "QuerySet[Any]", amount: Any) -> dict[int, Decimal]:
    return dict(rows.order_by().values("order").annotate(sum=Sum(amount)).values_list("order", "sum"))
