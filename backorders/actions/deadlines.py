"""Deadlines: what the delay law does by itself when time passes, however late the clock comes round to it.

Running it again changes nothing, and any number may run at once: cases are locked while they follow their events, and
an order is ended under the locks of its products.
"""

import datetime
from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db.models import F
from django.utils.translation import gettext_noop as _

from backorders import rows
from backorders.actions.refunding import owe_refunds
from backorders.allocation.gaps import close_promises
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.replanning import replan
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.changes.recording import open_change, touch
from backorders.delays import caseload, casework
from backorders.delays.casework import heard
from backorders.delays.law import Kind
from backorders.delays.models import LegalCase
from backorders.notifications import evidence
from backorders.orders.models import Cancellation, Order, OrderLine

AT_ONCE = 200
REASON = _("The time to ship is over, and the customer has not agreed to wait longer.")


class Followed(NamedTuple):
    """What a run did: cases opened, cases that moved, lines cancelled because their time was over."""

    opened: int
    moved: int
    cancelled: int


def keep(*, at: datetime.datetime) -> Followed:
    """Open what cases are missing, let all follow what happened, and end what time has ended. Safe to repeat.

    The statements do not grow with the cases, except that orders are ended some hundreds at a time.
    """
    opened = open_missing(at=at)
    moved = follow(at=at)
    evidence.call_undelivered(at=at)
    over = list(caseload.lapsed().order_by("pk").values_list("pk", flat=True))
    cancelled = sum(cancel_over(some, at=at) for some in rows.batches(over, AT_ONCE))
    return Followed(opened, moved, cancelled)


@act
def open_missing(*, at: datetime.datetime) -> int:
    """Open a case for every line that needs one; return how many."""
    return caseload.open_missing(at=at)


@act
def follow(*, at: datetime.datetime) -> int:
    """Write down what happened to the cases since, and let them follow it and the time; return how many moved."""
    entries = [*caseload.observed(at=at), *evidence.observed(at=at)]
    casework.write(entries)
    touched = {entry.line_id for entry in entries} | set(caseload.run_out(at=at).values_list("pk", flat=True))
    if not touched:
        return 0
    cases = LegalCase.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=touched)
    return len(casework.settle(list(cases.order_by("pk")), at=at))


@act
def cancel_over(line_ids: Collection[int], *, at: datetime.datetime) -> int:
    """Cancel what is still open of lines whose time to ship is over, and owe the money; return how many lines.

    Only where the law ends the order by itself. Their customers hear of it by mail.
    """
    orders = Order.objects.filter(lines__in=line_ids)
    products = lock_products(OrderLine.objects.filter(order__in=orders).values_list("product", flat=True))
    lock_whole_orders(products)
    cases = list(caseload.lapsed().filter(pk__in=line_ids).select_related("line__order").order_by("pk"))
    if not cases:
        return 0
    lines = [row.line for row in cases]
    change = open_change("cancel_by_law", reason=REASON, summary={"lines": len(lines)}, by=None, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[line.order_id for line in lines])
    Order.objects.filter(pk__in={line.order_id for line in lines}).update(version=F("version") + 1)
    made = Cancellation.objects.bulk_create(
        Cancellation(
            line=line,
            change_set=change,
            quantity=line.open_quantity,
            unpaid=line.unpaid_of(line.open_quantity),
            at=at,
            reason=REASON,
        )
        for line in lines
    )
    rows.update(
        OrderLine,
        ["id", "cancelled", "waiting", "allocated", "unpaid"],
        [(each.line_id, each.line.cancelled + each.quantity, 0, 0, each.line.unpaid - each.unpaid) for each in made],
    )
    close_promises([line.pk for line in lines])
    _lapse(cases, at)
    owe_refunds(made, at=at)
    replan(products, change_set=change, at=at)
    return len(made)


def _lapse(cases: Sequence[LegalCase], at: datetime.datetime) -> None:
    """Note that the time's end was acted on: no word that arrives later brings the units back."""
    casework.write(heard(row, Kind.LAPSE, key=f"lapse:{row.vested_on}", until=row.vested_on, at=at) for row in cases)
