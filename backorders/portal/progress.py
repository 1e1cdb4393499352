"""Where an order stands: its items, the steps on their way, its parcels, and what was cancelled."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Sum
from django.utils.translation import gettext as _

from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.delays.ending import due_on
from backorders.notifications import dates
from backorders.orders.models import Cancellation, Order, Shipment
from backorders.portal.words import money

DONE, HERE, AHEAD = "done", "here", "ahead"


class Row(NamedTuple):
    """One item of the order in words: what, how many in which state, and when it comes."""

    pk: int
    name: str
    quantity: int
    sent: int
    ready: int
    waiting: int
    cancelled: int
    state: str
    arrives: str


class Parcel(NamedTuple):
    """One parcel of the order in words."""

    pk: int
    sent: str
    carrier: str
    number: str
    url: str
    delivered: str
    lost: str


class Step(NamedTuple):
    """One step on the way: what it is, when it was, and whether it is done, where we are, or ahead."""

    name: str
    when: str
    state: str


class Off(NamedTuple):
    """A cancellation in words: what, whether it is confirmed by mail, and the money."""

    what: str
    is_confirmed: bool
    refund: str
    refund_by: str
    is_paid: bool


class Gift(NamedTuple):
    """What was given for the wait: its kind (a `Compensation.Kind`) and the sum in words."""

    kind: str
    amount: str


def row(promise: Promise, language: str, *, with_date: bool) -> Row:
    """Return an item in words; `with_date` where the page does not say one date for everything."""
    line, window = promise.line, promise.expected
    arrives = dates.in_words(window, language) if window and line.open_quantity and with_date else ""
    return Row(
        line.pk,
        line.product.name,
        line.quantity,
        line.shipped,
        line.allocated,
        line.waiting,
        line.cancelled,
        _state(promise),
        arrives,
    )


def _state(promise: Promise) -> str:
    line = promise.line
    if line.waiting:
        return _("Partly ready") if line.allocated else _("Waits")
    if line.allocated:
        return _("Ready")
    if line.replaced_by_id and not line.shipped:
        return _("Exchanged")
    return _("Sent") if line.shipped else _("Cancelled")


def steps(order: Order, waits: Sequence[Promise], parcels: Sequence[Shipment], language: str) -> list[Step]:
    """Return the way of the order; the step where its last item stands is the one where we are."""
    if not waits and not parcels:
        return []
    is_waiting = any(promise.line.waiting for promise in waits)
    is_arrived = not waits and all(parcel.delivered_at for parcel in parcels)
    here = 1 if is_waiting else 2 if waits else 4 if is_arrived else 3
    sent = max((business_day(parcel.shipped_at) for parcel in parcels), default=None) if not waits else None
    arrived = (
        max((business_day(p.delivered_at) for p in parcels if p.delivered_at), default=None) if is_arrived else None
    )
    named = [
        (_("Order placed"), business_day(order.placed_at)),
        (_("Waiting for our supplier"), None),
        (_("Ready in our warehouse"), None),
        (_("Sent to you"), sent),
        (_("Delivered"), arrived),
    ]
    return [
        Step(
            name,
            dates.day_in_words(on, language) if on else "",
            DONE if number < here or is_arrived else HERE if number == here else AHEAD,
        )
        for number, (name, on) in enumerate(named)
    ]


def parcel(shipment: Shipment, language: str) -> Parcel:
    """Return a parcel in words."""
    return Parcel(
        pk=shipment.pk,
        sent=dates.day_in_words(business_day(shipment.shipped_at), language),
        carrier=shipment.carrier.name,
        number=shipment.tracking_number,
        url=shipment.tracking_url,
        lost=dates.day_in_words(business_day(shipment.lost_at), language) if shipment.lost_at else "",
        delivered=dates.day_in_words(business_day(shipment.delivered_at), language) if shipment.delivered_at else "",
    )


def cancelled(order: Order, language: str) -> list[Off]:
    """Return what was cancelled, latest first. An exchange is none; it stands with its item."""
    found = Cancellation.objects.filter(line__order=order, line__replaced_by=None)
    rows = found.select_related("line__product", "line__order__customer", "refund").order_by("-at", "-id")
    return [_off(each, order, language) for each in rows]


def gifts(order: Order, language: str) -> list[Gift]:
    """Return what was given for the wait and said by mail, one sum for each way of giving."""
    given = order.compensations.filter(is_announced=True).order_by().values("kind", "currency")
    sums = given.annotate(sum=Sum("amount")).order_by("kind", "currency").values_list("kind", "currency", "sum")
    return [Gift(kind, money(amount, currency, language)) for kind, currency, amount in sums]


def _off(each: Cancellation, order: Order, language: str) -> Off:
    refund = getattr(each, "refund", None)
    return Off(
        what=f"{each.quantity} × {each.line.product.name}",
        is_confirmed=each.is_announced,
        refund=money(refund.amount, refund.currency, language) if refund else "",
        refund_by=dates.day_in_words(due_on(refund), language) if refund else "",
        is_paid=bool(refund and refund.paid_at),
    )
