"""Bad input about orders: every verb refuses by name, in a sentence, and nothing is half-written."""

from decimal import Decimal
from typing import Any

import pytest

from backorders.actions import accepting, checking, keys, placing, queueing, receiving, selling
from backorders.catalog.models import Product
from backorders.orders.models import OrderLine
from backorders.refusal import Stale
from tests.actions.desk import Bad, World, refused_without_a_trace
from tests.factories import AT, a_carrier, a_product

pytestmark = pytest.mark.django_db


def ordering(w: World, *lines: Any, **fields: Any) -> Any:
    return ordering_as(None, w, *lines, **fields)


def ordering_as(key: str | None, w: World, *lines: Any, **fields: Any) -> Any:
    new = {"number": "N-1", "customer": w.customer, "carrier": a_carrier(), "lines": lines, **fields}
    return placing.place_order(placing.NewOrder(**new), key=key, by=None, at=AT)


def line(product: Any, quantity: Any = 1, price: Any = None) -> placing.NewLine:
    return placing.NewLine(product, quantity, price)


def cancelling(what: OrderLine, **how: Any) -> Any:
    return selling.cancel_line(what, **{"reason": "x", "by": None, "at": AT, **how})


def resizing(what: OrderLine, quantity: int, **how: Any) -> Any:
    return selling.change_quantity(what, quantity=quantity, **{"reason": "x", "by": None, "at": AT, **how})


def shop_order(w: World, quantity: int, **fields: Any) -> Any:
    return ordering(w, line(w.product, quantity), shop="web", external_id="7", **fields)


def somebody_else_cancelled(w: World) -> None:
    cancelling(w.half, quantity=1)


def no_backorders(w: World) -> None:
    Product.objects.filter(pk=w.product.pk).update(backorder_policy="never")


WHOLE_UNITS = "must be a whole number"
PLACING = {
    "unknown SKU": Bad(lambda w: ordering(w, line("NOPE")), accepting.UnknownProduct, "No product has the SKU NOPE"),
    "one unknown SKU among known": Bad(
        lambda w: ordering(w, line(w.product), line("NOPE")), accepting.UnknownProduct, "NOPE"
    ),
    "a product not sold any more": Bad(
        lambda w: ordering(w, line("OLD")),
        accepting.UnknownProduct,
        "OLD is not sold any more",
        after=lambda _: a_product("OLD", is_active=False),
    ),
    "no lines": Bad(lambda w: ordering(w), placing.NoLines, "at least one line"),
    "zero units": Bad(lambda w: ordering(w, line(w.product, 0)), checking.NotWholeUnits, "at least 1; got 0"),
    "negative units": Bad(lambda w: ordering(w, line(w.product, -3)), checking.NotWholeUnits, "got -3"),
    "half a unit": Bad(lambda w: ordering(w, line(w.product, 0.5)), checking.NotWholeUnits, "got 0.5"),
    "units as a text": Bad(lambda w: ordering(w, line(w.product, "2")), checking.NotWholeUnits, WHOLE_UNITS),
    "a barcode as units": Bad(
        lambda w: ordering(w, line(w.product, 96_385_074)), checking.NotWholeUnits, "at most 10000000"
    ),
    "a negative price": Bad(lambda w: ordering(w, line(w.product, 1, Decimal(-1))), placing.BadPrice, "at least 0"),
    "a price that is no number": Bad(
        lambda w: ordering(w, line(w.product, 1, Decimal("NaN"))), placing.BadPrice, "got NaN"
    ),
    "worth more than the books hold": Bad(
        lambda w: ordering(w, line(w.product, 10_000_000, Decimal(1000))), placing.BadPrice, "a digit too many"
    ),
    "a price beyond all numbers": Bad(
        lambda w: ordering(w, line(w.product, 10, Decimal("9E+999999"))), placing.BadPrice, "at least 0"
    ),
    "a price with a part of a cent": Bad(
        lambda w: ordering(w, line(w.product, 1, Decimal("9999999999.999"))), placing.BadPrice, "two decimals at most"
    ),
    "a SKU that is no text": Bad(lambda w: ordering(w, line("A\0")), checking.BadText, "cannot be kept"),
    "a key that does not fit": Bad(
        lambda w: ordering_as("k" * 121, w, line(w.product)), checking.BadText, "longer than the 120 characters"
    ),
    "a key that is no text": Bad(lambda w: ordering_as("\0", w, line(w.product)), checking.BadText, "cannot be kept"),
    "a key that another act used": Bad(
        lambda w: ordering_as("k", w, line(w.product)),
        keys.KeyTaken,
        "used before, for “Goods received”",
        after=lambda w: receiving.receive([receiving.Arrival(w.purchase.pk, 1)], key="k", by=None, at=AT),
    ),
    "a key that another customer's order used": Bad(
        lambda w: ordering_as("k", w, line(w.product), number="N-2", customer=w.served.order.customer),
        placing.NumberTaken,
        "Order N-1 is there already, with other content",
        after=lambda w: ordering_as("k", w, line(w.product)),
    ),
    "another customer's number": Bad(
        lambda w: ordering(w, line(w.product), customer=w.served.order.customer),
        placing.NumberTaken,
        "Order N-1 is there already, with other content",
        after=lambda w: ordering(w, line(w.product)),
    ),
    "a number that does not fit": Bad(
        lambda w: ordering(w, line(w.product), number="9" * 41), checking.BadText, "longer than the 40 characters"
    ),
    "an external id that does not fit": Bad(
        lambda w: ordering(w, line(w.product), shop="web", external_id="9" * 81),
        checking.BadText,
        "external id may have",
    ),
    "NUL in a number": Bad(lambda w: ordering(w, line(w.product), number="N\0"), checking.BadText, "cannot be kept"),
    "half a sign": Bad(lambda w: ordering(w, line(w.product), number="\ud83d"), checking.BadText, "cannot be kept"),
    "a number that is taken": Bad(
        lambda w: ordering(w, line(w.product, 2), number=w.whole.number),
        placing.NumberTaken,
        "is there already, with other content",
    ),
    "a duplicate external id": Bad(
        lambda w: shop_order(w, 2, number="N-2"),
        placing.NumberTaken,
        "Order N-1 is there already, with other content",
        after=lambda w: shop_order(w, 1),
    ),
    "two lines that together pass the limit": Bad(
        lambda w: ordering(w, line("FEW", 2), line("FEW", 2)),
        accepting.NotAccepted,
        "0 units wait already, and at most 3 may",
        after=lambda _: a_product("FEW", backorder_policy="limited", backorder_limit=3),
    ),
    "not before it arrives": Bad(
        lambda w: ordering(w, line(w.product)),
        accepting.NotAccepted,
        "only 0 available, and it is not sold before it arrives",
        after=no_backorders,
    ),
}
CHANGING = {
    "cancel after shipping": Bad(
        lambda w: cancelling(w.shipped), selling.NotCancellable, "what was shipped cannot be cancelled"
    ),
    "cancel a shipped order": Bad(
        lambda w: selling.cancel_order(w.shipped.order, reason="x", by=None, at=AT),
        selling.NotCancellable,
        "Nothing on order",
    ),
    "cancel more than is open": Bad(
        lambda w: cancelling(w.half, quantity=6), selling.NotCancellable, "Only 5 of .* are still open, not 6"
    ),
    "cancel zero units": Bad(lambda w: cancelling(w.half, quantity=0), checking.NotWholeUnits, "got 0"),
    "cancel negative units": Bad(lambda w: cancelling(w.half, quantity=-1), checking.NotWholeUnits, "got -1"),
    "cancel half a unit": Bad(lambda w: cancelling(w.half, quantity=1.5), checking.NotWholeUnits, "got 1.5"),
    "cancel without a reason": Bad(lambda w: cancelling(w.half, reason=" "), checking.NoReason, "Say why"),
    "NUL in the reason": Bad(lambda w: cancelling(w.half, reason="\0x"), checking.BadText, "cannot be kept"),
    "a stale form": Bad(
        lambda w: cancelling(w.half, quantity=1, seen_version=1),
        Stale,
        r"was changed since you opened it \(Cancelled by system",
        after=somebody_else_cancelled,
    ),
    "a stale form of the whole order": Bad(
        lambda w: selling.cancel_order(w.half.order, reason="x", seen_version=1, by=None, at=AT),
        Stale,
        "Nothing was saved; look at it again",
        after=somebody_else_cancelled,
    ),
    "a stale quantity": Bad(
        lambda w: resizing(w.half, 9, seen_version=1), Stale, "Cancelled by system", after=somebody_else_cancelled
    ),
    "the quantity it has": Bad(lambda w: resizing(w.half, 5), checking.NotOpen, "is already 5"),
    "quantity zero": Bad(lambda w: resizing(w.half, 0), checking.NotWholeUnits, "got 0"),
    "more of a closed line": Bad(lambda w: resizing(w.shipped, 9), checking.NotOpen, "is closed; place a new order"),
    "fewer than were shipped": Bad(
        lambda w: resizing(w.shipped, 1), selling.NotCancellable, "what was shipped cannot be cancelled"
    ),
    "more than the policy allows": Bad(
        lambda w: resizing(w.half, 9), accepting.NotAccepted, "not sold before it arrives", after=no_backorders
    ),
    "more than the books hold": Bad(
        lambda w: resizing(w.half, 9_999_999),
        placing.BadPrice,
        "worth more",
        after=lambda w: OrderLine.objects.filter(pk=w.half.pk).update(price=Decimal(9999)),
    ),
    "expedite a closed line": Bad(
        lambda w: queueing.expedite(w.shipped, reason="x", by=None, at=AT), checking.NotOpen, "has nothing open"
    ),
    "hold a closed line": Bad(
        lambda w: queueing.hold(w.shipped, reason="x", by=None, at=AT), checking.NotOpen, "has nothing open"
    ),
    "expedite it twice": Bad(
        lambda w: queueing.expedite(w.half, reason="x", by=None, at=AT),
        checking.NotOpen,
        "is expedited already",
        after=lambda w: queueing.expedite(w.half, reason="x", by=None, at=AT),
    ),
    "hold it twice": Bad(
        lambda w: queueing.hold(w.half, reason="x", by=None, at=AT),
        checking.NotOpen,
        "is on hold already",
        after=lambda w: queueing.hold(w.half, reason="x", by=None, at=AT),
    ),
    "release what is not held": Bad(
        lambda w: queueing.release(w.half, reason="x", by=None, at=AT), checking.NotOpen, "is not on hold"
    ),
    "release without a reason": Bad(
        lambda w: queueing.release(w.on_hold, reason="", by=None, at=AT), checking.NoReason, "Say why"
    ),
}


@pytest.mark.parametrize("bad", PLACING.values(), ids=PLACING.keys())
def test_what_cannot_be_placed_is_refused_without_a_trace(bad: Bad) -> None:
    refused_without_a_trace(bad)


@pytest.mark.parametrize("bad", CHANGING.values(), ids=CHANGING.keys())
def test_what_cannot_be_changed_is_refused_without_a_trace(bad: Bad) -> None:
    refused_without_a_trace(bad)
