"""What a preview shows is what the act does; it writes nothing and takes no lock; what the act refuses it refuses."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import buying, counting, etas, placing, queueing, receiving, revising, selling, shipping
from backorders.allocation.impact import Impact
from backorders.refusal import Refused
from tests.actions.desk import World, a_world, stored, told
from tests.factories import AT, a_carrier, day

pytestmark = pytest.mark.django_db

Pair = tuple[Callable[[], Any], Callable[[], Any]]


def cancelling_all(order: str) -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        return (
            lambda: selling.preview_cancel_order(getattr(w, order), at=AT),
            lambda: selling.cancel_order(getattr(w, order), reason="x", by=None, at=AT).impact,
        )

    return pair


def cancelling(line: str, quantity: int | None) -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        return (
            lambda: selling.preview_cancel(getattr(w, line), quantity=quantity, at=AT),
            lambda: selling.cancel_line(getattr(w, line), quantity=quantity, reason="x", by=None, at=AT).impact,
        )

    return pair


def resizing(line: str, quantity: int) -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        return (
            lambda: selling.preview_quantity(getattr(w, line), quantity=quantity, at=AT),
            lambda: selling.change_quantity(getattr(w, line), quantity=quantity, reason="x", by=None, at=AT).impact,
        )

    return pair


def flagging(verb: str, line: str) -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        return (
            lambda: getattr(queueing, f"preview_{verb}")(getattr(w, line), at=AT),
            lambda: getattr(queueing, verb)(getattr(w, line), reason="x", by=None, at=AT).impact,
        )

    return pair


def again(verb: str, line: str) -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        getattr(queueing, verb)(getattr(w, line), reason="x", by=None, at=AT)
        getattr(w, line).refresh_from_db()
        return flagging(verb, line)(w)

    return pair


def dating(*parts: tuple[int | None, int | None], both: bool = False) -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        said = [etas.EtaPart(None if eta is None else day(eta), quantity=units) for eta, units in parts]
        changes = [etas.EtaChange(w.purchase.pk, said)]
        if both:
            changes.insert(0, etas.EtaChange(w.undated.pk, [etas.EtaPart(day(7))], "estimate"))
        return (
            lambda: revising.preview_eta(changes, at=AT),
            lambda: revising.revise_eta(changes, reason_code="other", by=None, at=AT).impact,
        )

    return pair


def closing(line: str) -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        return (
            lambda: buying.preview_close(getattr(w, line), at=AT),
            lambda: buying.close_purchase_line(getattr(w, line), reason="x", by=None, at=AT).impact,
        )

    return pair


def arriving(*units: int, of: str = "purchase") -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        arrivals = [receiving.Arrival(getattr(w, of).pk, *units)]
        return (
            lambda: receiving.preview_receive(arrivals, at=AT),
            lambda: receiving.receive(arrivals, by=None, at=AT).impact,
        )

    return pair


def a_count(house: str, counted: int) -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        where = {"warehouse": getattr(w, house), "counted": counted, "at": AT}
        return (
            lambda: counting.preview_adjust(w.product, **where),
            lambda: counting.adjust_stock(w.product, reason="x", by=None, **where).impact,
        )

    return pair


def returning(quantity: int) -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        back = {"quantity": quantity, "warehouse": w.second, "at": AT}
        return (
            lambda: shipping.preview_return(w.parcel_line, **back),
            lambda: shipping.return_to_stock(w.parcel_line, reason="x", by=None, **back).impact,
        )

    return pair


def ordering(*etas: int | None, quantity: int = 9) -> Callable[[World], Pair]:
    def pair(w: World) -> Pair:
        lines = [
            buying.OrderedGoods(w.other, w.house, quantity, eta_on=None if eta is None else day(eta)) for eta in etas
        ]
        return (
            lambda: buying.preview_goods(w.supplier, lines=lines, at=AT),
            lambda: buying.order_goods("PO-X", supplier=w.supplier, lines=lines, by=None, at=AT).impact,
        )

    return pair


PAIRS: dict[str, Callable[[World], Pair]] = {
    "cancel a waiting line": cancelling("waiting", None),
    "cancel part of a half served line": cancelling("half", 4),
    "cancel a served line": cancelling("served", None),
    "cancel part of a served line": cancelling("served", 2),
    "more": resizing("half", 7),
    "fewer": resizing("half", 2),
    "fewer of a served one": resizing("served", 1),
    "cancel a whole order": cancelling_all("whole"),
    "expedite": flagging("expedite", "waiting"),
    "expedite no longer": flagging("unexpedite", "rushed"),
    "expedite an uncovered one": flagging("expedite", "uncovered"),
    "hold a served one": flagging("hold", "served"),
    "hold a waiting one": flagging("hold", "waiting"),
    "release": flagging("release", "on_hold"),
    "return a unit": returning(1),
    "return all": returning(2),
    "order goods": ordering(15),
    "order goods on two dates and on none": ordering(25, 5, None, quantity=3),
    "later": dating((40, None)),
    "earlier": dating((2, None)),
    "no date": dating((None, None)),
    "split": dating((10, 2), (30, 3), (50, 4)),
    "split, part undated": dating((10, 2), (None, 7)),
    "two purchase lines": dating((20, 4), (30, 5), both=True),
    "close": closing("purchase"),
    "close an undated one": closing("undated"),
    "receive all": arriving(9),
    "receive short": arriving(3),
    "receive over": arriving(9, 5),
    "receive damaged": arriving(2, 0, 4),
    "receive for a whole order": arriving(4, of="undated"),
    "count more": a_count("house", 20),
    "count less": a_count("house", 2),
    "count nothing": a_count("second", 0),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_what_was_shown_is_what_happens(pair: Callable[[World], Pair]) -> None:
    preview, act = pair(a_world())
    before = stored()
    with CaptureQueriesContext(connection) as captured:
        shown: Impact = preview()
    asked = [query["sql"] for query in captured]
    assert asked
    assert not [sql for sql in asked if not sql.startswith(("SELECT", "WITH", "FETCH", "DECLARE", "CLOSE"))]
    assert not [sql for sql in asked if " FOR " in sql.upper().replace("FOR EACH", "")]
    assert stored() == before
    done: Impact = act()
    assert shown == done
    assert shown.counts == done.counts
    assert shown.checked > 0


@pytest.mark.parametrize("quantity", [1, 5, 30])
@pytest.mark.parametrize("spare", [False, True])
def test_an_order_gets_what_its_preview_showed(quantity: int, spare: bool) -> None:
    w = a_world()
    if spare:  # a whole order that can do without the stock it keeps
        selling.cancel_line(w.uncovered, reason="x", by=None, at=AT)
        revising.revise_eta([etas.EtaChange(w.undated.pk, [etas.EtaPart(day(5))])], reason_code="other", by=None, at=AT)
        told(w.whole.lines.get(product=w.other), first=1, last=60)
    lines = [placing.NewLine(w.product, quantity), placing.NewLine(w.other, 1), placing.NewLine(w.product, 1)]
    new = placing.NewOrder("N-1", w.customer, a_carrier(), lines)
    before = stored()
    shown = placing.preview_place(new, at=AT)
    assert stored() == before
    made = placing.place_order(new, by=None, at=AT).made
    got = made.lines.order_by("id").select_related("promise")
    assert got[1].allocated == spare
    assert [(how.allocated, how.uncovered, how.own, how.is_estimate) for how in shown] == [
        (
            line.allocated,
            line.promise.uncovered,
            (line.promise.own_from, line.promise.own_until) if line.promise.own_from else None,
            line.promise.is_estimate,
        )
        for line in got
    ]


REFUSED: dict[str, Callable[[World], Pair]] = {
    "cancel what was shipped": cancelling("shipped", None),
    "cancel more than is open": cancelling("waiting", 5),
    "cancel nothing": cancelling("waiting", 0),
    "cancel a half": cancelling("waiting", 1.5),  # type: ignore[arg-type]
    "the same quantity": resizing("waiting", 4),
    "quantity nothing": resizing("waiting", 0),
    "fewer than was shipped": resizing("shipped", 1),
    "more of a closed line": resizing("shipped", 3),
    "expedite a closed line": flagging("expedite", "shipped"),
    "hold a closed line": flagging("hold", "shipped"),
    "expedite it twice": again("expedite", "waiting"),
    "hold it twice": again("hold", "waiting"),
    "an ETA in the past": dating((-1, None)),
    "a split that does not sum up": dating((10, 2), (20, 2)),
    "receive more than is outstanding": arriving(10),
    "receive nothing": arriving(0),
    "release what is not on hold": flagging("release", "waiting"),
    "return more than left": returning(3),
    "return nothing": returning(0),
    "order nothing": ordering(),
    "order for a day that has passed": ordering(-1),
    "count below nothing": a_count("house", -1),
    "count what is there": a_count("second", 3),
}


@pytest.mark.parametrize("pair", REFUSED.values(), ids=REFUSED.keys())
def test_a_preview_refuses_what_the_act_refuses(pair: Callable[[World], Pair]) -> None:
    preview, act = pair(a_world())
    with pytest.raises(Refused) as at_preview:
        preview()
    before = stored()
    with pytest.raises(Refused) as at_act:
        act()
    assert stored() == before
    assert (type(at_preview.value), str(at_preview.value)) == (type(at_act.value), str(at_act.value))


def test_every_preview_is_compared_with_its_act() -> None:
    compared = {
        "cancel",
        "cancel_order",
        "quantity",
        "expedite",
        "unexpedite",
        "hold",
        "eta",
        "close",
        "receive",
        "adjust",
        "place",
    }
    compared |= {"release", "return", "goods"}
    rooms = (placing, selling, queueing, buying, revising, receiving, shipping, counting)
    members = ((room, *member) for room in rooms for member in inspect.getmembers(room, inspect.isfunction))
    there = {name for room, name, found in members if "preview_" in name and found.__module__ == room.__name__}
    assert {name.removeprefix("preview_") for name in there if not name.startswith("_")} == compared
