"""What a customer sees of one order: the date first, then what is sent, what waits and until when."""

from typing import NamedTuple

from backorders.allocation.models import Promise
from backorders.allocation.windows import Window, business_day
from backorders.notifications import dates
from backorders.orders.models import Order, Shipment


class Row(NamedTuple):
    """One item of the order in words: what, how many in which state, and when it comes."""

    name: str
    sent: int
    ready: int
    waiting: int
    cancelled: int
    arrives: str


class Parcel(NamedTuple):
    """One parcel of the order in words."""

    sent: str
    carrier: str
    number: str
    url: str
    delivered: str


class Page(NamedTuple):
    """The order in words. `arrives` is empty when its items come at different times, or on no date."""

    number: str
    placed: str
    arrives: str
    is_open: bool
    is_dated: bool
    rows: list[Row]
    parcels: list[Parcel]


def page_of(order: Order, language: str) -> Page:
    """Return the page of an order in a language. It says what we believe today, nothing about the person."""
    promises = Promise.objects.filter(line__order=order).select_related("line__product").order_by("line")
    rows = [_row(promise, language) for promise in promises]
    open_promises = [promise for promise in promises if promise.line.open_quantity]
    windows = {_window(promise) for promise in open_promises}
    only = windows.pop() if len(windows) == 1 else None
    return Page(
        number=order.number,
        placed=dates.day_in_words(business_day(order.placed_at), language),
        arrives=dates.in_words(only, language) if only else "",
        is_open=bool(open_promises),
        is_dated=all(_window(promise) for promise in open_promises),
        rows=rows,
        parcels=[_parcel(shipment, language) for shipment in _shipments(order)],
    )


def _row(promise: Promise, language: str) -> Row:
    line, window = promise.line, _window(promise)
    arrives = dates.in_words(window, language) if window and line.open_quantity else ""
    return Row(line.product.name, line.shipped, line.allocated, line.waiting, line.cancelled, arrives)


def _window(promise: Promise) -> Window | None:
    first, last = promise.expected_from, promise.expected_until
    return Window(first, last) if first and last else None


def _shipments(order: Order) -> list[Shipment]:
    return list(order.shipments.select_related("carrier").order_by("shipped_at", "id"))


def _parcel(shipment: Shipment, language: str) -> Parcel:
    return Parcel(
        sent=dates.day_in_words(business_day(shipment.shipped_at), language),
        carrier=shipment.carrier.name,
        number=shipment.tracking_number,
        url=shipment.tracking_url,
        delivered=dates.day_in_words(business_day(shipment.delivered_at), language) if shipment.delivered_at else "",
    )
