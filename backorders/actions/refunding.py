"""Refunding: what is owed back for cancelled units, by when, and that it was paid."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backorders.actions.done import Done
from backorders.actions.freshness import order_changed
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.compensation.netting import Off, net
from backorders.delays.ending import last_day, refunded, refunds_due
from backorders.orders.models import Cancellation, Compensation, Order, OrderLine, Refund, ShipmentLine
from backorders.refusal import Refused

REFUND_DAYS = 7


class NothingOwed(Refused):
    """The refund was paid before, or its cancellation was undone meanwhile."""


@act
def pay_refund(refund: Refund, *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[Refund]:
    """Record that a refund was paid; its cancellation cannot be undone any more. Raises `NothingOwed`."""
    line = refund.cancellation.line
    lock_products([line.product_id])  # undoing the cancellation, which deletes the refund, waits for it
    if not Refund.objects.filter(pk=refund.pk, paid_at=None).update(paid_at=at):
        raise NothingOwed(
            _("The refund of %(refund)s for order %(line_order)s is not owed any more."),
            refund=refund,
            line_order=line.order,
        )
    change = open_change("pay_refund", summary={"refund": refund.pk}, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[line.order_id])
    order_changed(line.order_id)
    refunded(line.pk, at=at)
    refund.refresh_from_db()
    return Done(change, Impact(), refund)


def refunds_of(
    units: Sequence[tuple[OrderLine, int]], *, made: Collection[int] = (), one_of_them: bool = False
) -> list[Decimal]:
    """Return what is paid back if so many units of each of these lines are cancelled, in this order, or `one_of_them`.

    It is their price, if the order is paid, less the money off that was given for them before. `made` are the
    cancellations (ids) of these very units, where they are written already. At most four statements.
    """
    orders = {line.order_id for line, _quantity in units if line.order.is_paid}
    offs = _offs(orders, made=made) if orders else {}
    amounts = []
    for line, quantity in units:
        value = line.price * quantity if line.order.is_paid else Decimal(0)
        mine = {pk for pk, (scope, _off) in offs.items() if line.pk in scope}
        amounts.append(net(value, [offs[pk][1] for pk in sorted(mine)]))
        if not one_of_them:
            offs |= {pk: (offs[pk][0], offs[pk][1].after(value)) for pk in mine}
    return amounts


def refund_of(units: Sequence[tuple[OrderLine, int]]) -> Decimal:
    """Return what is paid back in all if so many units of each of these lines are cancelled."""
    return sum(refunds_of(units), Decimal(0))


def owe_refunds(cancellations: Sequence[Cancellation], *, at: datetime.datetime) -> None:
    """Owe what was paid for cancelled units, by the day that the law of the line says, or else that of the house."""
    by_law = refunds_due([made.line_id for made in cancellations], at=at)
    paid = [made for made in cancellations if made.line.order.is_paid]
    amounts = refunds_of([(made.line, made.quantity) for made in paid], made=[made.pk for made in paid])
    Refund.objects.bulk_create(
        Refund(
            cancellation=made,
            amount=amount,
            currency=made.line.order.currency,
            due_at=by_law.get(made.line_id, at + datetime.timedelta(days=REFUND_DAYS)),
        )
        for made, amount in zip(paid, amounts, strict=True)
    )


def is_counted(change: ChangeSet) -> bool:
    """Whether a refund of later was smaller because of the money off that an act gave."""
    given = Compensation.objects.filter(change_set=change, kind=Compensation.Kind.DISCOUNT)
    lines = OrderLine.objects.filter(Q(order__in=given.values("order")) | Q(order__lines__in=given.values("line")))
    return Refund.objects.filter(cancellation__line__in=lines, cancellation__change_set__gt=change.pk).exists()


def _offs(orders: Collection[int], *, made: Collection[int]) -> dict[int, tuple[set[int], Off]]:
    """Return the money off of these orders, by id, each with the lines (ids) that it was given for.

    What was given for a line holds for what came instead of it, too. What was cancelled or sent before has no part in
    it; what was exchanged has moved.
    """
    lines = {line.pk: line for line in OrderLine.objects.filter(order__in=orders)}
    gifts = Compensation.objects.filter(kind=Compensation.Kind.DISCOUNT)
    found = list(gifts.filter(Q(line__in=lines) | Q(line=None, order__in=orders)).order_by("id"))
    if not found:
        return {}
    named = ("line_id", "change_set_id", "change_set__act", "quantity")
    cancelled = list(Cancellation.objects.filter(line__in=lines).exclude(pk__in=made).order_by().values_list(*named))
    parcels = ShipmentLine.objects.filter(line__in=lines, shipment__lost_at=None).order_by()
    left = list(parcels.values_list("line_id", "shipment__shipped_at", F("quantity") - F("returned")))
    offs = {}
    for gift in found:
        scope = _instead_of(gift.line_id, lines) if gift.line_id else _of(gift.order_id, lines)
        units = {pk: lines[pk].quantity for pk in scope}
        gone = Decimal(0)
        for pk, change, act_name, quantity in cancelled:
            if pk in units and (change < gift.change_set_id or act_name in _MOVING):
                units[pk] -= quantity
            elif pk in units:
                gone += lines[pk].price * quantity
        for pk, at, quantity in left:
            if pk in units and at <= gift.at:
                units[pk] -= quantity
        worth = sum((lines[pk].price * max(units[pk], 0) for pk in scope), Decimal(0))
        offs[gift.pk] = (scope, Off(gift.amount, worth, gone))
    return offs


_MOVING = ("substitute", "undo")  # cancelled here, to wait elsewhere


def _of(order_id: int, lines: Mapping[int, OrderLine]) -> set[int]:
    return {pk for pk, line in lines.items() if line.order_id == order_id}


def _instead_of(line_id: int, lines: Mapping[int, OrderLine]) -> set[int]:
    """The line and what came instead of it, and instead of that."""
    found: set[int] = set()
    next_id: int | None = line_id
    while next_id is not None and next_id in lines and next_id not in found:
        found.add(next_id)
        next_id = lines[next_id].replaced_by_id
    return found


def refund_due_on(order: Order, line_ids: Collection[int], *, at: datetime.datetime) -> datetime.date:
    """Return by when the money for units of these lines is owed if they are cancelled now: the earliest of their days,
    on the customer's calendar."""
    by_law = refunds_due(line_ids, at=at).values()
    return last_day(min(by_law, default=at + datetime.timedelta(days=REFUND_DAYS)), order=order)
