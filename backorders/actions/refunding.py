"""Refunding: what is owed back for cancelled units, by when, and that it was paid."""

import datetime
from collections.abc import Collection, Sequence
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions.done import Done
from backorders.actions.freshness import order_changed
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.changes.recording import open_change, touch
from backorders.delays.ending import last_day, refunded, refunds_due
from backorders.orders.models import Cancellation, Order, OrderLine, Refund
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


def refund_of(line: OrderLine, units: int) -> Decimal:
    """Return what a cancellation of so many units pays back: their price, if the order is paid."""
    return line.price * units if line.order.is_paid else Decimal(0)


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
