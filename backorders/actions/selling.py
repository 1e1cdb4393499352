"""Selling: everything that changes what the customer of a placed order still waits for."""

import datetime
from collections.abc import Callable, Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders.actions.accepting import accept
from backorders.actions.checking import NotOpen, a_reason, whole_units
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.placing import check_worth
from backorders.actions.seconding import Ask, before_others, for_value
from backorders.allocation.gaps import close_promises
from backorders.allocation.impact import Impact
from backorders.allocation.joining import Newcomer, join
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import OpenLine, Situation, makings_of, read_free
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.delays.ending import ended, last_day, refunds_due
from backorders.orders.models import Cancellation, Order, OrderLine, Refund
from backorders.refusal import Refused

REFUND_DAYS = 7


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
    ask = _ask("selling.cancel_line", line, reason, quantity=quantity)
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
    return _preview_line(line, lambda known: less(known, units), _planned_with(line.order, [line.pk]), at=at)


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

    return preview(_planned_with(order, None), gone, at=at)


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

    Raises `NotWholeUnits`, `NotCancellable` (below what was shipped), `NotOpen`, `NotAccepted`, `BadPrice`,
    `NeedsApproval` if what is cancelled is above the limit.
    """
    product = _lock_line(line, _planned_with(line.order, [line.pk]))
    fresh_order(line.order, seen_version=seen_version)
    more = _more(line, quantity, today=business_day(at))
    if more < 0:
        ask = _ask("selling.change_quantity", line, reason, quantity=quantity)
        done = _cancel(line.order, {line.pk: -more}, reason=reason, by=by, at=at)
        for_value(_worth(done), ask, currency=line.order.currency, by=by, approved_by=approved_by)
        return Done(done.change_set, done.impact, line)
    change = _change(line.order, "change_quantity", reason, by, at, before={"line": line.pk, "quantity": line.quantity})
    OrderLine.objects.filter(pk=line.pk).update(quantity=F("quantity") + more, waiting=F("waiting") + more)
    return Done(change, replan([product.pk], change_set=change, at=at), line)


def preview_quantity(line: OrderLine, *, quantity: int, at: datetime.datetime) -> Impact:
    """Return whom it moves if the ordered quantity becomes `quantity`; raises the same refusals."""
    more = _more(line, quantity, today=business_day(at))
    products = _planned_with(line.order, [line.pk]) if more < 0 else [line.product_id]
    return _preview_line(line, lambda known: less(known, -more), products, at=at)


@act
def expedite(
    line: OrderLine,
    *,
    reason: str,
    seen_version: int | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Put a line before all that are not expedited.

    Raises `NotOpen`, `NoReason`, `Stale`, `NeedsApproval` unless whoever asks may approve.
    """
    done = _flag(line, "expedite", reason, seen_version, by, at)
    before_others(_ask("selling.expedite", line, reason), by=by, approved_by=approved_by)
    return done


def preview_expedite(line: OrderLine, *, at: datetime.datetime) -> Impact:
    """Return who loses and who gains if the line is expedited. Raises `NotOpen`."""
    return _preview_flag(line, "expedite", at=at)


@act
def unexpedite(
    line: OrderLine,
    *,
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Put an expedited line back to its usual rank. Raises `NotOpen`, `NoReason`, `Stale`."""
    return _flag(line, "unexpedite", reason, seen_version, by, at)


def preview_unexpedite(line: OrderLine, *, at: datetime.datetime) -> Impact:
    """Return who gains and who loses if the line is expedited no longer. Raises `NotOpen`."""
    return _preview_flag(line, "unexpedite", at=at)


@act
def hold(
    line: OrderLine,
    *,
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Keep the line's place but serve it nothing until it is released. Raises `NotOpen`, `NoReason`, `Stale`."""
    return _flag(line, "hold", reason, seen_version, by, at)


def preview_hold(line: OrderLine, *, at: datetime.datetime) -> Impact:
    """Return who gains if the line is held. Raises `NotOpen`."""
    return _preview_flag(line, "hold", at=at)


@act
def release(
    line: OrderLine,
    *,
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Serve a held line again, at its old place. Raises `NotOpen`, `NoReason`, `Stale`."""
    return _flag(line, "release", reason, seen_version, by, at)


def preview_release(line: OrderLine, *, at: datetime.datetime) -> Impact:
    """Return who loses and who gains if the line is served again. Raises `NotOpen`."""
    return _preview_flag(line, "release", at=at)


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
    products = lock_products(_planned_with(order, wanted))
    fresh_order(order, seen_version=seen_version)
    change = _change(order, "cancel", reason, by, at, source=source)
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


def cancel_units_of(
    line: OrderLine, *, reason: str, change_set: ChangeSet, at: datetime.datetime
) -> Done[list[Cancellation]]:
    """Cancel all that is open of a line, as a part of another act that has locked its product and opened its change.

    Raises `NotCancellable`.
    """
    made = [cancel_units(line, None, change_set=change_set, at=at)]
    owe_refunds(made, at=at)
    return Done(change_set, replan(_planned_with(line.order, [line.pk]), change_set=change_set, at=at), made)


def _worth(done: Done[list[Cancellation]]) -> Decimal:
    """What the units that were cancelled are worth."""
    return sum((made.quantity * made.line.price for made in done.made), Decimal())


def _ask(capability: str, line: OrderLine, reason: str, **given: object) -> Ask:
    """An act on a line as it can be asked for: on the order as it is now, before the act."""
    given |= {"line": line.pk, "reason": reason, "seen_version": line.order.version}
    return Ask(capability, given, f"{line.order}: {line.product}")


def _planned_with(order: Order, line_ids: Iterable[int] | None) -> list[int]:
    """Return the products to plan when these lines (None: all) change.

    All of a ship-complete order, which its last line dates. Whether a line is open is not known before the lock.
    """
    lines = OrderLine.objects.filter(order=order)
    if line_ids is not None and not order.is_ship_complete:
        lines = lines.filter(pk__in=line_ids)
    return list(lines.values_list("product", flat=True))


def refund_of(line: OrderLine, units: int) -> Decimal:
    """Return what a cancellation of so many units pays back: their price, if the order is paid."""
    return line.price * units if line.order.is_paid else Decimal(0)


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
    OrderLine.objects.filter(pk=line.pk).update(
        cancelled=F("cancelled") + units,
        waiting=F("waiting") - waiting,
        allocated=F("allocated") - (units - waiting),
    )
    if units == line.open_quantity:
        close_promises([line.pk])
    return Cancellation.objects.create(
        line=line,
        change_set=change_set,
        quantity=units,
        at=at,
        reason=change_set.reason[:200],
        is_announced=is_announced,
    )


def owe_refunds(cancellations: Sequence[Cancellation], *, at: datetime.datetime) -> None:
    """Owe what was paid for cancelled units, by the day that the law of the line says, or else that of the house."""
    by_law = refunds_due([made.line_id for made in cancellations], at=at)
    Refund.objects.bulk_create(
        Refund(
            cancellation=made,
            amount=refund_of(made.line, made.quantity),
            currency=made.line.order.currency,
            due_at=by_law.get(made.line_id, at + datetime.timedelta(days=REFUND_DAYS)),
        )
        for made in cancellations
        if made.line.order.is_paid
    )


def refund_due_on(order: Order, line_ids: Collection[int], *, at: datetime.datetime) -> datetime.date:
    """Return by when the money for units of these lines is owed if they are cancelled now: the earliest of their days,
    on the customer's calendar."""
    by_law = refunds_due(line_ids, at=at).values()
    return last_day(min(by_law, default=at + datetime.timedelta(days=REFUND_DAYS)), order=order)


# What a line becomes by each verb, and what it is if it has become so already.
_FLAGS: dict[str, tuple[dict[str, Any], Any]] = {
    "expedite": ({"is_expedited": True}, _("%(line)s is expedited already.")),
    "unexpedite": ({"is_expedited": False}, _("%(line)s is not expedited.")),
    "hold": ({"is_held": True}, _("%(line)s is on hold already.")),
    "release": ({"is_held": False}, _("%(line)s is not on hold.")),
}


def _flags(line: OrderLine, verb: str) -> dict[str, Any]:
    flags, already = _FLAGS[verb]
    if not line.open_quantity:
        raise NotOpen(_("%(line)s has nothing open."), line=line)
    if all(getattr(line, name) == value for name, value in flags.items()):
        raise NotOpen(already, line=line)
    return flags


def _flag(
    line: OrderLine,
    verb: str,
    reason: str,
    seen_version: int | None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    product = _lock_line(line, [line.product_id])
    fresh_order(line.order, seen_version=seen_version)
    flags = _flags(line, verb)
    before = {"line": line.pk, **{name: getattr(line, name) for name in flags}}
    change = _change(line.order, verb, reason, by, at, before=before)
    OrderLine.objects.filter(pk=line.pk).update(**flags)
    return Done(change, replan([product.pk], change_set=change, at=at), line)


def _preview_flag(line: OrderLine, verb: str, *, at: datetime.datetime) -> Impact:
    flags = _flags(line, verb)
    return _preview_line(line, lambda known: known._replace(**flags), [line.product_id], at=at)


def _lock_line(line: OrderLine, products: Iterable[int]) -> Product:
    """Lock the products to plan (the line's among them), read the line again, return its product."""
    lock_whole_orders(lock_products(products))  # its order may be one of them, and must not be locked before the others
    line.refresh_from_db()
    return line.product


def _change(
    order: Order,
    verb: str,
    reason: str,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
    *,
    before: dict[str, object] | None = None,
    source: Source | None = None,
) -> ChangeSet:
    change = open_change(verb, reason=a_reason(reason), before=before, source=source, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    order_changed(order.pk)
    return change


def _preview_line(
    line: OrderLine, change: Callable[[OpenLine], OpenLine], products: Sequence[int], *, at: datetime.datetime
) -> Impact:
    def changed(situation: Situation) -> None:
        if line.pk in situation.lines:
            known = change(situation.lines.pop(line.pk))
            if known.quantity > 0:
                situation.lines[line.pk] = known

    return preview(products, changed, at=at)


def less(line: OpenLine, units: int) -> OpenLine:
    """Return the line with `units` fewer open, the waiting ones first (more of them, if negative)."""
    waiting = min(units, line.waiting)
    return line._replace(waiting=line.waiting - waiting, allocated=line.allocated - max(units - waiting, 0))
