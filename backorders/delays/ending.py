"""Ending: when the last open units of a line are cancelled its case ends, and the law says until when money is owed."""

import datetime
from collections.abc import Collection, Sequence

from backorders.delays import casework
from backorders.delays.days import day_in, end_of
from backorders.delays.law import Kind, refund_due
from backorders.delays.models import LegalCase
from backorders.delays.packs import pack_named
from backorders.orders.models import Cancellation, Order, OrderLine, Refund


def ended(cancellations: Sequence[Cancellation], *, by_customer: bool, at: datetime.datetime) -> None:
    """Note in their cases that lines were cancelled to the last open unit: by the customer's word, or because we drop
    them. A part that is cancelled changes no date."""
    made = {each.line_id: each for each in cancellations}
    closed = OrderLine.objects.filter(pk__in=made, waiting=0, allocated=0).values("pk")
    cases = list(LegalCase.objects.filter(pk__in=closed).order_by("pk"))
    kind = Kind.CANCEL if by_customer else Kind.DROP
    casework.write(casework.heard(row, kind, key=f"cancellation:{made[row.pk].pk}", at=at) for row in cases)
    casework.settle(cases, at=at)


def taken_back(cancellations: Sequence[Cancellation], *, at: datetime.datetime) -> None:
    """Note in their cases that these cancellations are undone: as if they had not been, but for the clock."""
    made = {each.line_id: each for each in cancellations}
    cases = list(LegalCase.objects.filter(pk__in=made).order_by("pk"))
    keys = {row.pk: f"cancellation:{made[row.pk].pk}" for row in cases}
    casework.write(casework.heard(row, Kind.VOID, key=f"void:{keys[row.pk]}", of=keys[row.pk], at=at) for row in cases)
    casework.settle(cases, at=at)


def refunds_due(line_ids: Collection[int], *, at: datetime.datetime) -> dict[int, datetime.datetime]:
    """Return by when money for units of these lines that are cancelled now is owed; lines without a case are missing.

    It is the end of the last day in time, where the goods would have gone.
    """
    due = {}
    for row in LegalCase.objects.filter(pk__in=line_ids):
        pack = pack_named(row.pack, row.pack_version)
        day = row.refund_due_on or refund_due(day_in(row.zone, at), pack=pack)
        due[row.pk] = end_of(day, zone=row.zone)
    return due


def due_on(refund: Refund) -> datetime.date:
    """Return the last day on which a refund is in time, on the customer's calendar: `due_at` is the end of that day."""
    return last_day(refund.due_at, order=refund.cancellation.line.order)


def last_day(due_at: datetime.datetime, *, order: Order) -> datetime.date:
    """Return the day that a moment ends, or in which it lies, on the calendar of an order's customer."""
    return day_in(order.customer.time_zone, due_at - datetime.timedelta(microseconds=1))


def refunded(line_id: int, *, at: datetime.datetime) -> None:
    """Note in the line's case, if there is one, that all the money owed for it was paid back."""
    if Refund.objects.filter(cancellation__line=line_id, paid_at=None).exists():
        return
    cases = list(LegalCase.objects.filter(pk=line_id))
    casework.write(casework.paid_back(row, at=at) for row in cases)
    casework.settle(cases, at=at)
