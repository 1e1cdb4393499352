"""Bad input about goods: every verb refuses by name, in a sentence, and nothing is half-written."""

import datetime
from typing import Any

import pytest

from backorders.actions import buying, checking, counting, etas, keys, receiving, revising, selling, shipping, undoing
from backorders.changes.models import ChangeSet
from backorders.orders.models import OrderLine
from backorders.refusal import Stale
from backorders.supply.models import PurchaseOrder
from tests.actions.desk import Bad, World, refused_without_a_trace
from tests.factories import AT, a_line, a_product, a_purchase, day, later, receive, revise

pytestmark = pytest.mark.django_db


def ordering(w: World, **fields: Any) -> Any:
    number = fields.pop("number", "PO-X")
    goods = buying.OrderedGoods(**{"product": w.product, "warehouse": w.house, "quantity": 1, **fields})
    return buying.order_goods(number, supplier=w.supplier, lines=[goods], by=None, at=AT)


def a_parcel(line: OrderLine, *units: tuple[int, int], **how: Any) -> Any:
    wanted = units or [(line.pk, 1)]
    return shipping.ship(line.order, units=wanted, **{"by": None, "at": AT, **how})


def a_count(w: World, counted: int, reason: str = "x") -> Any:
    return counting.adjust_stock(w.product, warehouse=w.second, counted=counted, reason=reason, by=None, at=AT)


def returning(w: World, quantity: Any, **how: Any) -> Any:
    how = {"reason": "x", "by": None, "at": AT, **how}
    return shipping.return_to_stock(w.parcel_line, quantity=quantity, warehouse=w.house, **how)


def all_received(w: World) -> None:
    receive(w.purchase, 9)


def somebody_else_revised(w: World) -> None:
    revise(w.purchase, (20, None))


BUYING = {
    "an ETA in the past": Bad(lambda w: revise(w.purchase, (1, None), at=later(days=2)), etas.BadEta, "is in the past"),
    "an ETA before the order date": Bad(
        lambda w: revise(w.purchase, (3, None)),
        etas.BadEta,
        "before the order date",
        after=lambda _: PurchaseOrder.objects.update(ordered_on=day(5)),
    ),
    "an ETA that ends before it starts": Bad(
        lambda w: ordering(w, eta_on=day(5), eta_until=day(4)), etas.BadEta, "before it starts"
    ),
    "an ETA that only ends": Bad(lambda w: ordering(w, eta_until=day(4)), etas.BadEta, "must also start"),
    "an ETA that means never": Bad(lambda w: revise(w.purchase, (36_500, None)), etas.BadEta, "say that there is none"),
    "the last day there is": Bad(
        lambda w: ordering(w, eta_on=datetime.date.max), etas.BadEta, "more than five years away"
    ),
    "a confidence nobody knows": Bad(lambda w: ordering(w, confidence="hopeful"), etas.BadEta, "how sure"),
    "a changed confidence nobody knows": Bad(
        lambda w: revise(w.purchase, (9, None), confidence="hopeful"), etas.BadEta, "give a date"
    ),
    "a reason nobody knows": Bad(
        lambda w: revise(w.purchase, (9, None), reason_code="x"), etas.BadEta, "not one of the reasons"
    ),
    "NUL in a note": Bad(lambda w: revise(w.purchase, (9, None), note="\0"), checking.BadText, "cannot be kept"),
    "a split that does not sum up": Bad(
        lambda w: revise(w.purchase, (9, 4), (20, 4)), etas.BadSplit, "parts are 8 units, but 9 are outstanding"
    ),
    "a split with half a unit": Bad(
        lambda w: revise(w.purchase, (9, 4), (20, 4.5)),  # type: ignore[arg-type]
        checking.NotWholeUnits,
        "got 4.5",
    ),
    "a line named twice": Bad(
        lambda w: revising.revise_eta(
            [etas.EtaChange(w.purchase.pk, [etas.EtaPart(day(9))])] * 2, reason_code="other", by=None, at=AT
        ),
        etas.BadSplit,
        "named twice",
    ),
    "one bad line among good ones": Bad(
        lambda w: revising.revise_eta(
            [
                etas.EtaChange(w.purchase.pk, [etas.EtaPart(day(9))]),
                etas.EtaChange(w.undated.pk, [etas.EtaPart(day(-1))]),
            ],
            reason_code="other",
            by=None,
            at=AT,
        ),
        etas.BadEta,
        "before the order date",
    ),
    "a line that is not there": Bad(
        lambda _: revising.revise_eta(
            [etas.EtaChange(10**9, [etas.EtaPart(day(9))])], reason_code="other", by=None, at=AT
        ),
        revising.UnknownPurchaseLine,
        "no purchase line 1000000000",
    ),
    "no lines to revise": Bad(
        lambda _: revising.revise_eta([], reason_code="other", by=None, at=AT),
        checking.NotOpen,
        "at least one purchase",
    ),
    "an ETA of what is complete": Bad(
        lambda w: revise(w.purchase, (9, None)), checking.NotOpen, "nothing outstanding", after=all_received
    ),
    "a stale ETA": Bad(
        lambda w: revise(w.purchase, (30, None), seen_version=1),
        Stale,
        rf"\(ETA changed by system, .*its ETA is now {day(20):%-d %b %Y}",
        after=somebody_else_revised,
    ),
    "a stale closing": Bad(
        lambda w: buying.close_purchase_line(w.purchase, reason="x", seen_version=1, by=None, at=AT),
        Stale,
        "was changed since",
        after=somebody_else_revised,
    ),
    "close what is complete": Bad(
        lambda w: buying.close_purchase_line(w.purchase, reason="x", by=None, at=AT),
        checking.NotOpen,
        "nothing outstanding",
        after=all_received,
    ),
    "close without a reason": Bad(
        lambda w: buying.close_purchase_line(w.purchase, reason="", by=None, at=AT), checking.NoReason, "Say why"
    ),
    "order nothing": Bad(
        lambda w: buying.order_goods("PO-X", supplier=w.supplier, lines=[], by=None, at=AT),
        checking.NotOpen,
        "at least one line",
    ),
    "order zero units": Bad(lambda w: ordering(w, quantity=0), checking.NotWholeUnits, "got 0"),
    "a purchase number that is taken": Bad(
        lambda w: ordering(w, number=w.purchase.purchase_order.number), buying.PurchaseNumberTaken, "there already"
    ),
    "a purchase number that does not fit": Bad(lambda w: ordering(w, number="9" * 61), checking.BadText, "longer"),
    "another date under the same key": Bad(
        lambda w: revise(w.purchase, (30, None), key="k"),
        keys.KeyTaken,
        "with other content",
        after=lambda w: revise(w.purchase, (20, None), key="k"),
    ),
    "a key that another act used": Bad(
        lambda w: revise(w.purchase, (30, None), key="k"),
        keys.KeyTaken,
        "used before, for “Goods received”",
        after=lambda w: receiving.receive([receiving.Arrival(w.purchase.pk, 1)], key="k", by=None, at=AT),
    ),
    "preview a purchase line that is not there": Bad(
        lambda _: revising.preview_eta([etas.EtaChange(0, [etas.EtaPart(day(3))])], at=AT),
        revising.UnknownPurchaseLine,
        "no purchase line 0",
    ),
}
WAREHOUSE = {
    "more than is outstanding": Bad(
        lambda w: receive(w.purchase, 10), receiving.MoreThanOutstanding, "only 9 are outstanding. Book the other 1"
    ),
    "damaged units count too": Bad(
        lambda w: receive(w.purchase, 8, damaged=2), receiving.MoreThanOutstanding, "Book the other 1"
    ),
    "receive what is complete": Bad(
        lambda w: receive(w.purchase, 1), receiving.MoreThanOutstanding, "only 0 are", after=all_received
    ),
    "receive nothing": Bad(lambda w: receive(w.purchase, 0), checking.NotOpen, "nothing arrived"),
    "receive less than nothing": Bad(lambda w: receive(w.purchase, -1), checking.NotWholeUnits, "at least 0"),
    "receive half a unit": Bad(
        lambda w: receive(w.purchase, 1.5),  # type: ignore[arg-type]
        checking.NotWholeUnits,
        "got 1.5",
    ),
    "receive what nobody ordered": Bad(
        lambda _: receiving.receive([receiving.Arrival(10**9, 1)], by=None, at=AT), checking.NotOpen, "one that exists"
    ),
    "receive a line twice at once": Bad(
        lambda w: receiving.receive([receiving.Arrival(w.purchase.pk, 1)] * 2, by=None, at=AT),
        checking.NotOpen,
        "each purchase line once",
    ),
    "ship what does not lie ready": Bad(lambda w: a_parcel(w.waiting), shipping.NotAllocated, "Only 0 units"),
    "ship more than lies ready": Bad(
        lambda w: a_parcel(w.served, (w.served.pk, 7)), shipping.NotAllocated, "Only 6 units .*, not 7"
    ),
    "ship another order's line": Bad(
        lambda w: a_parcel(w.waiting, (w.served.pk, 1)), shipping.NotAllocated, "Only 0 units"
    ),
    "ship zero units": Bad(lambda w: a_parcel(w.served, (w.served.pk, 0)), checking.NotWholeUnits, "got 0"),
    "ship a part of a whole order": Bad(
        lambda w: a_parcel(*next((line, (line.pk, 1)) for line in w.whole.lines.filter(allocated__gt=0))),
        shipping.ShipsComplete,
        "everything open on it leaves in one parcel",
    ),
    "a stale parcel": Bad(
        lambda w: a_parcel(w.served, seen_version=1),
        Stale,
        "was changed since",
        after=lambda w: selling.cancel_line(w.served, quantity=1, reason="x", by=None, at=AT),
    ),
    "a tracking number that does not fit": Bad(
        lambda w: a_parcel(w.served, tracking_number="Z" * 81), checking.BadText, "80 characters that a tracking number"
    ),
    "delivered twice": Bad(
        lambda w: shipping.confirm_delivery(w.parcel, by=None, at=AT),
        shipping.AlreadyDelivered,
        "was delivered before",
        after=lambda w: shipping.confirm_delivery(w.parcel, by=None, at=AT),
    ),
    "delivered before it left": Bad(
        lambda w: shipping.confirm_delivery(w.parcel, by=None, at=later(hours=-1)),
        shipping.NotShipped,
        "cannot have arrived before",
    ),
    "delivered, says nobody": Bad(
        lambda w: shipping.confirm_delivery(w.parcel, confirmed_by="", by=None, at=AT),
        shipping.NotShipped,
        "Nobody cannot confirm",
    ),
    "delivered, says a neighbour": Bad(
        lambda w: shipping.confirm_delivery(w.parcel, confirmed_by="neighbour", by=None, at=AT),
        shipping.NotShipped,
        "neighbour cannot confirm",
    ),
    "other goods under the same key": Bad(
        lambda w: receiving.receive([receiving.Arrival(w.purchase.pk, 2)], key="k", by=None, at=AT),
        keys.KeyTaken,
        "with other content",
        after=lambda w: receiving.receive([receiving.Arrival(w.purchase.pk, 1)], key="k", by=None, at=AT),
    ),
    "return more than was shipped": Bad(lambda w: returning(w, 3), shipping.NotShipped, "Only 2 units"),
    "return half a unit": Bad(lambda w: returning(w, 0.5), checking.NotWholeUnits, "got 0.5"),
    "a return sent twice": Bad(
        lambda w: returning(w, 1, seen_version=w.shipped.order.version),
        Stale,
        "Returned to stock by system",
        after=lambda w: returning(w, 1, seen_version=w.shipped.order.version),
    ),
    "count below nothing": Bad(lambda w: a_count(w, -1), checking.NotWholeUnits, "at least 0"),
    "count without a reason": Bad(lambda w: a_count(w, 1, ""), checking.NoReason, "Say why"),
    "count what is there": Bad(lambda w: a_count(w, 3), checking.NotOpen, "is 3 already"),
}


def two_lots_of_which_some_left(w: World) -> None:
    """Two lots arrive together; what is left on hand would do for either, but not for both."""
    product = a_product()
    lots = [a_purchase(product, 5) for _ in range(2)]
    receiving.receive([receiving.Arrival(lot.pk, 5) for lot in lots], by=None, at=AT)
    a_parcel(a_line(product, 4), *[(line.pk, 4) for line in OrderLine.objects.filter(product=product)])


def undoing_the_last(act: str) -> Any:
    return undoing.undo(ChangeSet.objects.filter(act=act).latest("id"), by=None, at=AT)


UNDOING = {
    "a count before the newest": Bad(
        lambda _: undoing.undo(ChangeSet.objects.filter(act="adjust_stock").order_by("-id")[1], by=None, at=AT),
        undoing.NotUndoable,
        "counted again since",
        after=lambda w: (a_count(w, 2), a_count(w, 1)),
    ),
    "a parcel": Bad(lambda _: undoing_the_last("ship"), undoing.NotUndoable, "“Shipped” cannot be undone"),
    "an order": Bad(lambda _: undoing_the_last("place_order"), undoing.NotUndoable, "“Order placed” cannot be undone"),
    "a receipt whose units have left": Bad(
        lambda _: undoing_the_last("receive"),
        undoing.NotUndoable,
        "already shipped",
        after=two_lots_of_which_some_left,
    ),
    "an ETA that was changed again": Bad(
        lambda _: undoing.undo(ChangeSet.objects.filter(act="revise_eta").earliest("id"), by=None, at=AT),
        undoing.NotUndoable,
        "was changed again since",
        after=lambda w: (somebody_else_revised(w), revise(w.purchase, (25, None))),
    ),
    "twice": Bad(
        lambda _: undoing_the_last("revise_eta"),
        undoing.NotUndoable,
        "undone before",
        after=lambda w: (somebody_else_revised(w), undoing_the_last("revise_eta")),
    ),
}


@pytest.mark.parametrize("bad", BUYING.values(), ids=BUYING.keys())
def test_what_a_supplier_cannot_mean_is_refused_without_a_trace(bad: Bad) -> None:
    refused_without_a_trace(bad)


@pytest.mark.parametrize("bad", WAREHOUSE.values(), ids=WAREHOUSE.keys())
def test_what_goods_cannot_do_is_refused_without_a_trace(bad: Bad) -> None:
    refused_without_a_trace(bad)


@pytest.mark.parametrize("bad", UNDOING.values(), ids=UNDOING.keys())
def test_what_cannot_be_taken_back_is_refused_without_a_trace(bad: Bad) -> None:
    refused_without_a_trace(bad)
