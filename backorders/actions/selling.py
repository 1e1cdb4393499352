"""Selling: how many units the customer of a placed order still waits for."""

import datetime
from collections.abc import Iterable
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders.actions.accepting import accept
from backorders.actions.checking import NotOpen, a_reason, whole_units
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.order_lines import ask_of_line, less, lock_line, preview_line
from backorders.actions.placing import check_worth
from backorders.actions.refunding import owe_refunds
from backorders.actions.seconding import Ask, for_value
from backorders.allocation.gaps import close_promises
from backorders.allocation.impact import Impact
from backorders.allocation.joining import Newcomer, join
from backorders.allocation.locking import lock_products
from backorders.allocation.reading import makings_of, read_free
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Situation
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.delays.ending import ended
from backorders.orders.models import Cancellation, Order, OrderLine
from backorders.refusal import Refused


class NotCancellable(Refused):
    """What was shipped cannot be cancelled."""


@act
def cancel_line(
    line: OrderLine,
    *,
    quantity: int | None = None,
    reason: str,
    seen_version: int | None = None,
    source: Source | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[Cancellation]]:
    """Cancel `quantity` open units of a line (all of them unless given), the waiting ones first; the queue moves up.

    A paid order gets a refund that is due soon. Raises `NotCancellable`, `NotWholeUnits`, `NoReason`, `Stale`,
    `NeedsApproval` above the limit of whoever may not approve.
    """
    wanted = {line.pk: quantity}
    done = _cancel(line.order, wanted, reason=reason, seen_version=seen_version, source=source, by=by, at=at)
    ask = ask_of_line("selling.cancel_line", line, reason, quantity=quantity)
    for_value(_worth(done), ask, currency=line.order.currency, by=by, approved_by=approved_by)
    return done


@act
def cancel_order(
    order: Order,
    *,
    reason: str,
    seen_version: int | None = None,
    source: Source | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[Cancellation]]:
    """Cancel all that is open on an order. Raises `NotCancellable` if nothing is, `NeedsApproval` above the limit."""
    done = _cancel(order, None, reason=reason, seen_version=seen_version, source=source, by=by, at=at)
    given = {"order": order.pk, "reason": reason, "seen_version": order.version}
    ask = Ask("selling.cancel_order", given, f"{order}")
    for_value(_worth(done), ask, currency=order.currency, by=by, approved_by=approved_by)
    return done


def preview_cancel(line: OrderLine, *, quantity: int | None = None, at: datetime.datetime) -> Impact:
    """Return whom it moves if `quantity` open units (or all) of the line are cancelled; raises the same refusals."""
    units = cancellable(line, quantity)
    return preview_line(line, lambda known: less(known, units), planned_with(line.order, [line.pk]), at=at)


def preview_cancel_order(order: Order, *, at: datetime.datetime) -> Impact:
    """Return whom it moves if everything open on the order is cancelled; raises the same refusals."""
    lines = list(order.lines.open())
    if not lines:
        raise NotCancellable(
            _("Nothing on order %(order_number)s is open: what was shipped cannot be cancelled."),
            order_number=order.number,
        )

    def gone(situation: Situation) -> None:
        for line in lines:
            situation.lines.pop(line.pk, None)

    return preview(planned_with(order, None), gone, at=at)


@act
def change_quantity(
    line: OrderLine,
    *,
    quantity: int,
    reason: str,
    seen_version: int | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Set the ordered quantity. Less is a cancellation of the difference; more joins with the line's old place.

    An order that is paid was paid as it was placed: what joins is not.
    Raises `NotWholeUnits`, `NotCancellable` (below what was shipped), `NotOpen`, `NotAccepted`, `BadPrice`,
    `NeedsApproval` if what is cancelled is above the limit.
    """
    product = lock_line(line, planned_with(line.order, [line.pk]))
    fresh_order(line.order, seen_version=seen_version)
    more = _more(line, quantity, today=business_day(at))
    if more < 0:
        ask = ask_of_line("selling.change_quantity", line, reason, quantity=quantity)
        done = _cancel(line.order, {line.pk: -more}, reason=reason, by=by, at=at)
        for_value(_worth(done), ask, currency=line.order.currency, by=by, approved_by=approved_by)
        return Done(done.change_set, done.impact, line)
    unpaid = more if line.order.is_paid else 0
    before = {"line": line.pk, "quantity": line.quantity, "unpaid": unpaid}
    change = open_change("change_quantity", reason=a_reason(reason), before=before, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[line.order.pk])
    order_changed(line.order.pk)
    OrderLine.objects.filter(pk=line.pk).update(
        quantity=F("quantity") + more, waiting=F("waiting") + more, unpaid=F("unpaid") + unpaid
    )
    return Done(change, replan([product.pk], change_set=change, at=at), line)


def preview_quantity(line: OrderLine, *, quantity: int, at: datetime.datetime) -> Impact:
    """Return whom it moves if the ordered quantity becomes `quantity`; raises the same refusals."""
    more = _more(line, quantity, today=business_day(at))
    products = planned_with(line.order, [line.pk]) if more < 0 else [line.product_id]
    return preview_line(line, lambda known: less(known, -more), products, at=at)


def _cancel(
    order: Order,
    wanted: dict[int, int | None] | None,
    *,
    reason: str,
    seen_version: int | None = None,
    source: Source | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[Cancellation]]:
    """Cancel the units wanted of these lines (None: all that is open of each), or (None) everything open."""
    products = lock_products(planned_with(order, wanted))
    fresh_order(order, seen_version=seen_version)
    change = open_change("cancel", reason=a_reason(reason), source=source, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    order_changed(order.pk)
    lines = OrderLine.objects.filter(order=order).order_by("id")
    lines = lines.open() if wanted is None else lines.filter(pk__in=wanted)
    made = [cancel_units(line, None if wanted is None else wanted[line.pk], change_set=change, at=at) for line in lines]
    if not made:
        raise NotCancellable(
            _("Nothing on order %(order_number)s is open: what was shipped cannot be cancelled."),
            order_number=order.number,
        )
    ended(made, by_customer=change.source == Source.CUSTOMER, at=at)
    owe_refunds(made, at=at)
    return Done(change, replan(products, change_set=change, at=at), made)


def cancel_units_of(line: OrderLine, *, change_set: ChangeSet, at: datetime.datetime) -> Done[list[Cancellation]]:
    """Cancel all that is open of a line, as a part of another act that has locked its product and opened its change.

    Raises `NotCancellable`.
    """
    made = [cancel_units(line, None, change_set=change_set, at=at)]
    owe_refunds(made, at=at)
    return Done(change_set, replan(planned_with(line.order, [line.pk]), change_set=change_set, at=at), made)


def _worth(done: Done[list[Cancellation]]) -> Decimal:
    """What the units that were cancelled are worth."""
    return sum((made.quantity * made.line.price for made in done.made), Decimal())


def planned_with(order: Order, line_ids: Iterable[int] | None) -> list[int]:
    """Return the products to plan when these lines (None: all) change.

    All of a ship-complete order, which its last line dates. Whether a line is open is not known before the lock.
    """
    lines = OrderLine.objects.filter(order=order)
    if line_ids is not None and not order.is_ship_complete:
        lines = lines.filter(pk__in=line_ids)
    return list(lines.values_list("product", flat=True))


def cancellable(line: OrderLine, quantity: int | None) -> int:
    """Return how many units to cancel: all that is open, unless `quantity` says fewer."""
    if not line.open_quantity:
        raise NotCancellable(_("%(line)s has nothing open: what was shipped cannot be cancelled."), line=line)
    units = line.open_quantity if quantity is None else whole_units(quantity)
    if units > line.open_quantity:
        raise NotCancellable(
            _("Only %(line_open_quantity)s of %(line)s are still open, not %(units)s."),
            line_open_quantity=line.open_quantity,
            line=line,
            units=units,
        )
    return units


def _more(line: OrderLine, quantity: int, *, today: datetime.date) -> int:
    """Return by how many units the line grows (fewer, if negative) to become `quantity`."""
    more = whole_units(quantity) - (line.quantity - line.cancelled)
    if more < 0:
        return -cancellable(line, -more)
    if not more or not line.open_quantity:
        sentence = _("%(line)s is closed; place a new order.") if more else _("%(line)s is already %(quantity)s.")
        raise NotOpen(sentence, line=line, quantity=quantity)
    check_worth(line.price, whole_units(line.quantity + more))
    newcomer = Newcomer(line.product_id, more, line.score, line.order.carrier.transit_days)
    free = read_free({line.product_id: more}, makings=makings_of([line.product]))
    joined = join(free, [newcomer], today=today)
    accept([(line.product, more, joined[0])], today=today)
    return more


def cancel_units(
    line: OrderLine,
    quantity: int | None,
    *,
    change_set: ChangeSet,
    is_announced: bool = False,
    at: datetime.datetime,
) -> Cancellation:
    """Cancel open units (None: all) of a line that was read under the lock. Raises `NotCancellable`, `NotWholeUnits`.

    `is_announced`: another mail tells of it, so there is nothing more to announce.
    """
    units = cancellable(line, quantity)
    waiting = min(units, line.waiting)
    unpaid = line.unpaid_of(units)
    OrderLine.objects.filter(pk=line.pk).update(
        cancelled=F("cancelled") + units,
        waiting=F("waiting") - waiting,
        allocated=F("allocated") - (units - waiting),
        unpaid=F("unpaid") - unpaid,
    )
    if units == line.open_quantity:
        close_promises([line.pk])
    return Cancellation.objects.create(
        line=line,
        change_set=change_set,
        quantity=units,
        unpaid=unpaid,
        at=at,
        reason=change_set.reason,
        is_announced=is_announced,
    )
