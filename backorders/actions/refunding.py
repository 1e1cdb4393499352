"""Refunding: writing down that money we owe was paid."""

import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions.done import Done
from backorders.actions.freshness import order_changed
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.changes.recording import open_change, touch
from backorders.delays.ending import refunded
from backorders.orders.models import Refund
from backorders.refusal import Refused


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
