"""The caseload: which lines need a case, and what happened to cases beside the verbs; one question for all."""

import datetime
import functools
import operator
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backorders.delays import casework, law
from backorders.delays.casework import Entry, Uncased, heard
from backorders.delays.law import Kind, State
from backorders.delays.models import LegalCase, LegalEvent
from backorders.delays.packs import Measures, covered, pack_named
from backorders.orders.models import Customer, OrderLine, Refund, ShipmentLine
from backorders.refusal import Refused

FURTHEST_EAST = datetime.timedelta(hours=14)  # no zone is further ahead
_IS_OPEN = Q(line__waiting__gt=0) | Q(line__allocated__gt=0)


class OverByLaw(Refused):
    """The time to ship is over: the customer's money is due, not the goods."""


_UNCASED = [
    *("id", "order__customer__jurisdiction", "order__customer__is_business", "order__customer__time_zone"),
    *("order__carrier__transit_days", "placed_at", "first_until", "order__is_date_essential", "order__is_paid"),
]


def open_missing(*, at: datetime.datetime) -> int:
    """Open a case for every open line of a consumer in a country with a pack; return how many. Two statements.

    Customers of a history have none: nobody writes to them.
    """
    consumers = Customer.objects.filter(jurisdiction__in=covered(), is_business=False, is_written_to=True)
    lines = OrderLine.objects.open().filter(order__customer__in=consumers, legal_case=None)
    lines = lines.filter(Q(order__is_paid=True) | Q(order__customer__jurisdiction__in=covered(unpaid=True)))
    found = lines.order_by("id").values_list(*_UNCASED)
    return casework.open_cases([Uncased(*row) for row in found], at=at)


def observed(*, at: datetime.datetime) -> list[Entry]:
    """Return what happened to the goods, the dates and the money of all cases since it was last asked."""
    return [*_expected(at), *_gone(at), *_come_back(at), *_paid(at)]


def run_out(*, at: datetime.datetime) -> "QuerySet[LegalCase]":
    """The open cases whose clock has run out somewhere."""
    today = (at + FURTHEST_EAST).astimezone(datetime.UTC).date()
    return _open().filter(clock_on__lt=today)


def expected_late() -> "QuerySet[LegalCase]":
    """The open cases whose limit in force holds, of lines that are now expected after it or without a date."""
    promise = "line__promise__expected_until"
    dated = _open().filter(_IS_OPEN, state__in=[state.value for state in law.DATED])
    return dated.filter(Q(**{f"{promise}__gt": F("in_time_until")}) | Q(**{promise: None}))


def lapsed() -> "QuerySet[LegalCase]":
    """Cases that ended with their limit while units are still open: nobody has cancelled them yet."""
    return LegalCase.objects.filter(_IS_OPEN, state=State.CANCELLED_REFUND_DUE.value, lapses=True)


def check_not_over(line_ids: Iterable[int], *, at: datetime.datetime) -> None:
    """Refuse to ship what the law has ended, even before the clock has cancelled it. Raises `OverByLaw`."""
    perhaps = list(run_out(at=at).filter(pk__in=line_ids, lapses=True))
    ended = list(lapsed().filter(pk__in=line_ids))
    over = [*ended, *(row for row in perhaps if not casework.cases_now([row], at=at)[row.pk].is_open)]
    if over:
        raise OverByLaw(
            _("%(line)s: the time in which it was to be sent is over, so it is cancelled and paid back."),
            line=over[0].line,
        )


def _open() -> "QuerySet[LegalCase]":
    return LegalCase.objects.filter(state__in=[state.value for state in law.OPEN]).order_by("pk")


def _expected(at: datetime.datetime) -> Iterable[Entry]:
    """Lines that we now expect after the limit in force, and lines that came back before anybody was told."""
    promise = "line__promise__expected_until"
    back = _open().filter(state=State.NOTICE_DUE.value, notice_at=None, **{f"{promise}__lte": F("in_time_until")})
    for kind, cases in ((Kind.LATE, expected_late()), (Kind.IN_TIME, back)):
        for row in cases.annotate(version=F("line__promise__version"), expected=F(promise)):
            yield heard(row, kind, key=f"{kind}:{row.version}:{at:%Y%m%d%H%M%S}", until=row.expected, at=at)


def _gone(at: datetime.datetime) -> Iterable[Entry]:
    """Lines with nothing open any more: sent, arrived, or exchanged for something else."""
    closed = list(_open().filter(line__waiting=0, line__allocated=0).select_related("line"))
    sent = ShipmentLine.objects.filter(line__in=[row.pk for row in closed], shipment__lost_at=None).order_by()
    last = {row["line"]: (row["left"], row["came"]) for row in _last_parcels(sent)}
    not_there = set(sent.filter(shipment__delivered_at=None).values_list("line", flat=True)) if last else set()
    for row in closed:
        if not row.line.shipped:
            yield heard(row, Kind.EXCHANGE, key=f"exchange:{at:%Y%m%d%H%M%S}", at=at)
        elif pack_named(row.pack, row.pack_version).measures == Measures.SHIP:
            yield heard(row, Kind.SHIP, key=f"ship:{at:%Y%m%d%H%M%S}", at=last[row.pk][0])
        elif row.pk in last and row.pk not in not_there:
            yield heard(row, Kind.DELIVER, key=f"deliver:{at:%Y%m%d%H%M%S}", at=last[row.pk][1])


def _last_parcels(sent: "QuerySet[ShipmentLine]") -> "QuerySet[ShipmentLine, Any]":
    return sent.values("line").annotate(left=Max("shipment__shipped_at"), came=Max("shipment__delivered_at"))


def _come_back(at: datetime.datetime) -> Iterable[Entry]:
    """Lines whose case an exchange has ended, or the parcel before it, and that are open again: it was undone.

    What was sent in time was, though the parcel is lost: only where delivery counts is it still owed.
    """
    ends = {Kind.EXCHANGE: State.CLOSED, Kind.SHIP: State.SHIPPED, Kind.DELIVER: State.DELIVERED}
    ended = [Q(kind=kind.value, case__state=state.value) for kind, state in ends.items()]
    back = LegalEvent.objects.filter(functools.reduce(operator.or_, ended))
    lost = ShipmentLine.objects.filter(line=OuterRef("case_id"), shipment__lost_at__isnull=False)
    back = back.exclude(Q(kind=Kind.SHIP.value) & Exists(lost))
    back = back.filter(Q(case__line__waiting__gt=0) | Q(case__line__allocated__gt=0)).select_related("case")
    for event in back.order_by("id"):
        yield heard(event.case, Kind.VOID, key=f"void:{event.key}", of=event.key, at=at)


def _paid(at: datetime.datetime) -> Iterable[Entry]:
    """Cases of which no money is owed any more, or never was because nothing had been paid."""
    owing = LegalCase.objects.filter(state__in=[state.value for state in law.OWING]).order_by("pk")
    owing = owing.filter(line__waiting=0, line__allocated=0)
    unpaid = Refund.objects.filter(paid_at=None).values("cancellation__line")
    for row in owing.exclude(pk__in=unpaid):
        yield casework.paid_back(row, at=at)
