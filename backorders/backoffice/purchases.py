"""Purchase orders as buyers look at them: what is overdue, what nobody confirmed, what comes when, who waits for it."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions.asking import said_of_dates
from backorders.allocation.models import Allocation
from backorders.backoffice.dates import short_window
from backorders.chasing.models import ChasePolicy, RequestLine
from backorders.notifications.outdating import start_of
from backorders.supply.models import OUTSTANDING, Confidence, PurchaseLine, PurchaseLineQuerySet, PurchaseOrder

DAY = datetime.timedelta(days=1)
WEEKS = 5
Lines = PurchaseLineQuerySet


class View(NamedTuple):
    """One list of expected receipts: what is in it, and what it says when nothing is."""

    name: str
    label: Any
    lines: Callable[[Lines, datetime.date], Lines]
    empty: Any
    tone: str = ""


def _week(lines: Lines, today: datetime.date) -> Lines:
    return lines.filter(eta_on__lte=_monday(today) + 6 * DAY, eta_until__gte=today)


def _to_confirm(lines: Lines, today: datetime.date) -> Lines:
    """Lines, not past due, of which nothing was said for longer than the chase waits before it asks again.

    That is what `silence.why_ask` says of a date that was said long ago, whether it was confirmed or not.
    """
    own = set(ChasePolicy.objects.order_by().values_list("ask_old_after_days", flat=True).distinct())
    others = ~Exists(ChasePolicy.objects.filter(supplier=OuterRef("purchase_order__supplier")))
    silent = others & _nothing_said(today - ChasePolicy().ask_old_after_days * DAY)
    for days in sorted(own):
        theirs = ChasePolicy.objects.filter(ask_old_after_days=days).order_by().values("pk")
        silent |= Q(purchase_order__supplier__in=theirs) & _nothing_said(today - days * DAY)
    return lines.filter(Q(eta_until=None) | Q(eta_until__gte=today), silent)


def _nothing_said(since: datetime.date) -> Q:
    said = said_of_dates().filter(purchase_line=OuterRef("pk"), at__gte=start_of(since))
    answered = RequestLine.objects.filter(purchase_line=OuterRef("pk"), answered_at__gte=start_of(since))
    return Q(purchase_order__ordered_on__lt=since) & ~Exists(said) & ~Exists(answered)


VIEWS = {
    view.name: view
    for view in (
        View(
            "overdue",
            gettext_lazy("Overdue"),
            lambda lines, today: lines.filter(eta_until__lt=today),
            gettext_lazy("No supplier's date has passed without its goods."),
            "bad",
        ),
        View(
            "silent",
            gettext_lazy("Needs confirmation"),
            _to_confirm,
            gettext_lazy("Of everything that is not overdue something was said not long ago."),
            "warn",
        ),
        View(
            "unconfirmed",
            gettext_lazy("Unconfirmed"),
            lambda lines, _today: lines.exclude(confidence=Confidence.CONFIRMED),
            gettext_lazy("Suppliers have confirmed every date."),
            "warn",
        ),
        View("week", gettext_lazy("This week"), _week, gettext_lazy("Nothing is expected for the rest of this week.")),
        View(
            "later",
            gettext_lazy("Later"),
            lambda lines, today: lines.filter(eta_on__gt=_monday(today) + 6 * DAY),
            gettext_lazy("Nothing is expected after this week."),
        ),
        View(
            "no_date",
            gettext_lazy("No date"),
            lambda lines, _today: lines.filter(eta_on=None),
            gettext_lazy("Everything that is outstanding has a date."),
            "warn",
        ),
        View("all", gettext_lazy("All open"), lambda lines, _today: lines, gettext_lazy("Nothing is outstanding.")),
    )
}


class Receipt(NamedTuple):
    """What is expected of one purchase order, and who waits for it."""

    order: PurchaseOrder
    lines: int
    units: int
    eta_on: datetime.date | None
    eta_until: datetime.date | None
    first_on: datetime.date | None
    unconfirmed: int
    pegged: int
    customers: int
    value: Decimal
    overdue_days: int
    week: str


def expected(view: View, *, today: datetime.date, term: str = "") -> Any:
    """Return what the view holds by purchase order, the first to come first."""
    lines = view.lines(PurchaseLine.objects.outstanding(), today)
    if term:
        supplier = Q(purchase_order__supplier__name__icontains=term)
        lines = lines.filter(Q(purchase_order__number__icontains=term) | supplier)
    return summed(lines).order_by(F("on").asc(nulls_last=True), "purchase_order")


def summed(lines: Lines) -> Any:
    """Return the lines summed up by purchase order."""
    return (
        lines.order_by()
        .values("purchase_order")
        .annotate(
            lines=Count("pk"),
            units=Sum(OUTSTANDING),
            on=Min("eta_on"),
            until=Max("eta_until"),
            first_on=Min("first_eta_on"),
            counted_on=Sum("pegged"),
            unconfirmed=Count("pk", filter=~Q(confidence=Confidence.CONFIRMED)),
        )
    )


def receipts(rows: Sequence[dict[str, Any]], *, today: datetime.date) -> list[Receipt]:
    """Return the summed rows as they are shown: with their order, and the customers and the value behind them."""
    ids = [row["purchase_order"] for row in rows]
    orders = PurchaseOrder.objects.select_related("supplier").in_bulk(ids)
    behind = {
        pk: (customers, value)
        for pk, customers, value in Allocation.objects.filter(purchase_line__purchase_order__in=ids)
        .order_by()
        .values_list("purchase_line__purchase_order")
        .annotate(customers=Count("line__order__customer", distinct=True), value=Sum(F("quantity") * F("line__price")))
    }
    return [_receipt(row, orders[row["purchase_order"]], behind, today) for row in rows]


def _receipt(
    row: dict[str, Any], order: PurchaseOrder, behind: dict[int, tuple[int, Decimal]], today: datetime.date
) -> Receipt:
    customers, value = behind.get(order.pk, (0, Decimal(0)))
    until = row["until"]
    return Receipt(
        order=order,
        lines=row["lines"],
        units=row["units"],
        eta_on=row["on"],
        eta_until=until,
        first_on=row["first_on"],
        unconfirmed=row["unconfirmed"],
        pegged=row["counted_on"],
        customers=customers,
        value=value,
        overdue_days=max((today - until).days, 0) if until else 0,
        week=week_words(row["on"], today),
    )


def week_words(day: datetime.date | None, today: datetime.date) -> str:
    """Return which week a day lies in, as its heading says it."""
    if day is None:
        return _("No date")
    monday = _monday(day)
    span = short_window(monday, monday + 6 * DAY)
    if day < today:
        return _("Overdue")
    names = {0: _("This week"), 7: _("Next week")}
    name = names.get((monday - _monday(today)).days)
    return f"{name}, {span}" if name else span


def by_week(shown: Iterable[Receipt]) -> list[tuple[str, list[Receipt]]]:
    """Group receipts by the week they are expected in; they come in order."""
    return [(week, list(group)) for week, group in groupby(shown, key=lambda receipt: receipt.week)]


class Day(NamedTuple):
    """A day of the calendar and what is expected on it: (order, units, customers' units)."""

    day: datetime.date
    orders: list[tuple[PurchaseOrder, int, int]]
    is_today: bool


def calendar(*, today: datetime.date) -> list[list[Day]]:
    """Return the weeks from this one on, each of seven days, with what is expected on each."""
    first = _monday(today)
    last = first + (7 * WEEKS - 1) * DAY
    lines = PurchaseLine.objects.outstanding().filter(eta_on__range=(first, last))
    rows = lines.order_by("eta_on", "purchase_order").values_list("eta_on", "purchase_order")
    summed_rows = list(rows.annotate(units=Sum(OUTSTANDING), counted_on=Coalesce(Sum("pegged"), 0)))
    orders = PurchaseOrder.objects.select_related("supplier").in_bulk({pk for _on, pk, *_rest in summed_rows})
    on: dict[datetime.date, list[tuple[PurchaseOrder, int, int]]] = {}
    for day, pk, units, pegs in summed_rows:
        on.setdefault(day, []).append((orders[pk], units, pegs))
    days = [first + number * DAY for number in range(7 * WEEKS)]
    made = [Day(day, on.get(day, []), day == today) for day in days]
    return [made[start : start + 7] for start in range(0, 7 * WEEKS, 7)]


def _monday(day: datetime.date) -> datetime.date:
    return day - day.weekday() * DAY
