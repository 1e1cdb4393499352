"""Keeping: what a customer decides is kept as it was shown, once under its key."""

import datetime
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions import refunding
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order
from backorders.actions.keys import same_content
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.models import Promise
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import done_before, open_change, touch
from backorders.orders.models import Decision, Order, OrderLine

PAGE = Decision.Channel.PAGE.value
BY_CUSTOMER = _("chosen by the customer")


def lock(order: Order) -> list[int]:
    """Lock what the order hangs on; two taps on one button come after each other."""
    products = lock_products(order.lines.values_list("product", flat=True))
    fresh_order(order, seen_version=None)
    return list(products)


def known(key: str | None, *kinds: str, line: OrderLine | None = None) -> Done[Decision] | None:
    """Return what was decided under this key before, if it was the same. Raises `KeyTaken`."""
    change = done_before(key)
    if change is None:
        return None
    made = Decision.objects.filter(change_set=change).first()
    same_content(is_same=made is not None and made.kind in kinds and made.line_id == (line and line.pk))
    return Done(change, Impact(), cast(Decision, made))


def open_decision(verb: str, order: Order, at: datetime.datetime, *, by: AbstractBaseUser | None = None) -> ChangeSet:
    """Open the change set of a decision: the customer's, or what `by` heard from them."""
    change = open_change(verb, reason=BY_CUSTOMER, source=None if by else Source.CUSTOMER, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    return change


def shown_of(order: Order, line: OrderLine | None) -> dict[str, Any]:
    """What the page says of what is decided about: the date, and the money that would go back."""
    lines = [line] if line else list(order.lines.open().order_by("id"))
    promises = Promise.objects.filter(line__in=lines).order_by("line")
    back = refunding.refund_of([(each, each.open_quantity) for each in lines])
    windows = {str(each.line_id): [str(each.expected_from), str(each.expected_until)] for each in promises}
    return {"windows": windows, "refund": f"{back} {order.currency}", "version": order.version}


def keep(
    change: ChangeSet,
    order: Order,
    kind: str,
    *,
    line: OrderLine | None = None,
    shown: dict[str, Any] | None = None,
    key: str | None,
    channel: str = PAGE,
    at: datetime.datetime,
) -> Done[Decision]:
    """Keep a decision with the number it is known by, and what was `shown` (else what the page says now)."""
    by_phone = change.by_id is not None
    source = Source.STAFF if by_phone else Source.CUSTOMER
    ChangeSet.objects.filter(pk=change.pk).update(key=key or None, source=source)
    change.refresh_from_db()
    made = Decision.objects.create(
        order=order,
        line=line,
        change_set=change,
        reference=f"{order.number}-C{order.decisions.count() + 1}",
        kind=kind,
        channel=Decision.Channel.PHONE if by_phone else Decision.Channel(channel),
        shown=shown if shown is not None else shown_of(order, line),
        at=at,
    )
    return Done(change, Impact(), made)
