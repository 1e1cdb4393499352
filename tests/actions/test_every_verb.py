"""Every verb leaves one change set that says who, when and why, and what it touched; keys and forms act once."""

import inspect
import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from backorders.actions import (
    buying,
    caring,
    counting,
    etas,
    hearing,
    losing,
    offering,
    placing,
    queueing,
    reallocating,
    receiving,
    revising,
    selling,
    shipping,
    splitting,
    substituting,
    undoing,
)
from backorders.allocation.books import differences
from backorders.changes.models import ChangeSet, Source
from backorders.orders.models import Order, Shipment
from tests.actions.desk import World, a_world, last_change, stored
from tests.factories import a_carrier, a_user, day, later

pytestmark = pytest.mark.django_db

NOW = later(hours=2)
Act = Callable[[World, User | None], Any]


def new_order(w: World, number: str = "N-1", **fields: Any) -> placing.NewOrder:
    lines = [placing.NewLine(w.product, 2), placing.NewLine(w.other, 1)]
    return placing.NewOrder(
        **{"number": number, "customer": w.customer, "carrier": a_carrier(), "lines": lines, **fields}
    )


def eta(w: World) -> list[etas.EtaChange]:
    return [etas.EtaChange(w.purchase.pk, [etas.EtaPart(day(20))])]


ROOMS = (
    placing,
    selling,
    queueing,
    buying,
    revising,
    receiving,
    shipping,
    losing,
    counting,
    undoing,
    caring,
    hearing,
    splitting,
    substituting,
    reallocating,
    offering,
)

# The verb, how the change set names it, what it touches.
ACTS: dict[str, tuple[Act, str, Callable[[World], set[tuple[str, int]]]]] = {
    "placing.place_order": (
        lambda w, by: placing.place_order(new_order(w), by=by, at=NOW),
        "place_order",
        lambda w: {("order", w.customer.orders.get().pk)},
    ),
    "selling.cancel_line": (
        lambda w, by: selling.cancel_line(w.half, quantity=2, reason="why", by=by, at=NOW),
        "cancel",
        lambda w: {("order", w.half.order_id)},
    ),
    "selling.cancel_order": (
        lambda w, by: selling.cancel_order(w.whole, reason="why", by=by, at=NOW),
        "cancel",
        lambda w: {("order", w.whole.pk)},
    ),
    "selling.change_quantity": (
        lambda w, by: selling.change_quantity(w.half, quantity=8, reason="why", by=by, at=NOW),
        "change_quantity",
        lambda w: {("order", w.half.order_id)},
    ),
    "queueing.expedite": (
        lambda w, by: queueing.expedite(w.waiting, reason="why", by=by, at=NOW),
        "expedite",
        lambda w: {("order", w.waiting.order_id)},
    ),
    "queueing.unexpedite": (
        lambda w, by: queueing.unexpedite(w.rushed, reason="why", by=by, at=NOW),
        "unexpedite",
        lambda w: {("order", w.rushed.order_id)},
    ),
    "splitting.split": (
        lambda w, by: splitting.split(w.half.order, units=[(w.half.pk, w.half.waiting)], reason="why", by=by, at=NOW),
        "split",
        lambda w: {("order", w.half.order_id), ("order", Order.objects.latest("id").pk)},
    ),
    "substituting.substitute": (
        lambda w, by: substituting.substitute(w.waiting, product=w.other, quantity=1, reason="why", by=by, at=NOW),
        "substitute",
        lambda w: {("order", w.waiting.order_id)},
    ),
    "reallocating.reallocate": (
        lambda w, by: reallocating.reallocate(w.waiting, before=w.served, reason="why", by=by, at=NOW),
        "reallocate",
        lambda w: {("order", w.waiting.order_id), ("order", w.served.order_id)},
    ),
    "caring.write_message": (
        lambda w, by: caring.write_message(w.half.order, text="Hello", by=by, at=NOW),
        "write_message",
        lambda w: {("order", w.half.order_id)},
    ),
    "caring.compensate": (
        lambda w, by: caring.compensate(w.half.order, kind="credit", amount=Decimal(2), reason="why", by=by, at=NOW),
        "compensate",
        lambda w: {("order", w.half.order_id)},
    ),
    "caring.answer_question": (
        lambda w, by: caring.answer_question(w.asked, text="Soon", by=by, at=NOW),
        "answer_question",
        lambda w: {("order", w.half.order_id)},
    ),
    "caring.settle_question": (
        lambda w, by: caring.settle_question(w.asked, reason="why", by=by, at=NOW),
        "settle_question",
        lambda w: {("order", w.half.order_id)},
    ),
    "hearing.ask_question": (
        lambda w, by: hearing.ask_question(w.half.order, text="When?", by=by, at=NOW),
        "ask_question",
        lambda w: {("order", w.half.order_id)},
    ),
    "caring.change_address": (
        lambda w, by: caring.change_address(w.customer, email="other@example.com", by=by, at=NOW),
        "change_address",
        lambda _: set(),
    ),
    "offering.offer_alternative": (
        lambda w, by: offering.offer_alternative([w.rushed.pk], reason="why", by=by, at=NOW),
        "offer_alternative",
        lambda w: {("order", w.rushed.order_id)},
    ),
    "queueing.hold": (
        lambda w, by: queueing.hold(w.half, reason="why", by=by, at=NOW),
        "hold",
        lambda w: {("order", w.half.order_id)},
    ),
    "queueing.release": (
        lambda w, by: queueing.release(w.on_hold, reason="why", by=by, at=NOW),
        "release",
        lambda w: {("order", w.on_hold.order_id)},
    ),
    "buying.order_goods": (
        lambda w, by: buying.order_goods(
            "PO-X", supplier=w.supplier, lines=[buying.OrderedGoods(w.other, w.house, 3)], by=by, at=NOW
        ),
        "order_goods",
        lambda w: {("purchase_order", w.other.purchase_lines.latest("id").purchase_order_id)},
    ),
    "revising.revise_eta": (
        lambda w, by: revising.revise_eta(eta(w), reason_code="customs", note="why", by=by, at=NOW),
        "revise_eta",
        lambda w: {("purchase_order", w.purchase.purchase_order_id)},
    ),
    "buying.close_purchase_line": (
        lambda w, by: buying.close_purchase_line(w.purchase, reason="why", by=by, at=NOW),
        "close_purchase_line",
        lambda w: {("purchase_order", w.purchase.purchase_order_id)},
    ),
    "receiving.receive": (
        lambda w, by: receiving.receive(
            [receiving.Arrival(w.purchase.pk, 4), receiving.Arrival(w.undated.pk, 1)], by=by, at=NOW
        ),
        "receive",
        lambda w: {("purchase_order", pk) for pk in (w.purchase.purchase_order_id, w.undated.purchase_order_id)},
    ),
    "shipping.ship": (
        lambda w, by: shipping.ship(w.served.order, units=[(w.served.pk, 4)], by=by, at=NOW),
        "ship",
        lambda w: {("order", w.served.order_id)},
    ),
    "shipping.confirm_delivery": (
        lambda w, by: shipping.confirm_delivery(w.parcel, by=by, at=NOW),
        "confirm_delivery",
        lambda w: {("order", w.shipped.order_id)},
    ),
    "shipping.return_to_stock": (
        lambda w, by: shipping.return_to_stock(
            w.parcel_line, quantity=1, warehouse=w.second, reason="why", by=by, at=NOW
        ),
        "return_to_stock",
        lambda w: {("order", w.shipped.order_id)},
    ),
    "losing.lose_parcel": (
        lambda w, by: losing.lose_parcel(w.parcel, pays_back=False, reason="why", by=by, at=NOW),
        "lose_parcel",
        lambda w: {("order", w.shipped.order_id)},
    ),
    "counting.adjust_stock": (
        lambda w, by: counting.adjust_stock(w.product, warehouse=w.house, counted=3, reason="why", by=by, at=NOW),
        "adjust_stock",
        lambda w: {("product", w.product.pk)},
    ),
    "undoing.undo": (
        lambda _, by: undoing.undo(ChangeSet.objects.filter(act="adjust_stock").latest("id"), by=by, at=NOW),
        "undo",
        lambda w: {("product", w.product.pk)},
    ),
}
SAYS_WHY = {name for name in ACTS if name.split(".")[1] not in ("place_order", "order_goods", "receive", "ship")} - {
    "shipping.confirm_delivery",
    "caring.write_message",
    "caring.answer_question",
    "hearing.ask_question",
    "caring.change_address",
}


@pytest.mark.parametrize("verb", ACTS)
def test_an_act_says_who_when_why_and_what(verb: str) -> None:
    act, name, touched = ACTS[verb]
    world, who = a_world(), a_user()
    before = ChangeSet.objects.count()
    done = act(world, who)
    assert ChangeSet.objects.count() == before + 1
    change = last_change()
    assert done.change_set == change
    assert (change.act, change.by, change.at, change.source) == (name, who, NOW, Source.STAFF)
    assert bool(change.reason) == (verb in SAYS_WHY)
    assert set(change.touches.values_list("kind", "object_id")) == touched(world)
    assert list(differences(at=NOW)) == []


BY_CUSTOMERS = {"hearing.ask_question"}


@pytest.mark.parametrize("verb", ACTS)
def test_without_a_person_it_was_the_system_or_the_customer(verb: str) -> None:
    world = a_world()
    ACTS[verb][0](world, None)
    source = Source.CUSTOMER if verb in BY_CUSTOMERS else Source.SYSTEM
    assert (last_change().by, last_change().source) == (None, source)


def test_every_verb_is_tried() -> None:
    rooms = {room.__name__.rpartition(".")[2]: room for room in ROOMS}
    verbs = {
        f"{room}.{name}"
        for room, module in rooms.items()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if hasattr(function, "__wrapped__") and function.__module__ == module.__name__
    }
    elsewhere = {
        "revisions.notice_unrecorded_etas",
        "caring.write_note",
        "caring.revoke_links",
        "hearing.give_feedback",
        "undoing.preview_revert",
        "undoing.revert",
        "undoing.undo_what_nobody_changed",
    }
    assert verbs - elsewhere == ACTS.keys()


def test_who_acts_for_whom_is_kept() -> None:
    world = a_world()
    placing.place_order(new_order(world, shop="web", external_id="1"), by=None, at=NOW)
    assert last_change().source == Source.SHOP
    selling.cancel_line(world.half, reason="x", source=Source.CUSTOMER, by=None, at=NOW)
    assert last_change().source == Source.CUSTOMER
    revising.revise_eta(eta(world), reason_code="other", source=Source.SUPPLIER, by=None, at=NOW)
    assert last_change().source == Source.SUPPLIER
    assert world.purchase.revisions.order_by("-id")[0].source == Source.SUPPLIER
    shipping.confirm_delivery(world.parcel, confirmed_by=Shipment.Confirmed.CUSTOMER, by=None, at=NOW)
    assert last_change().source == Source.CUSTOMER


KEYED: dict[str, Callable[[World], Any]] = {
    "place_order": lambda w: placing.place_order(new_order(w), key="k", by=None, at=NOW).made,
    "the same shop order": lambda w: (
        placing.place_order(new_order(w, shop="web", external_id="1"), by=None, at=NOW).made
    ),
    "the same number": lambda w: placing.place_order(new_order(w), by=None, at=NOW).made,
    "revise_eta": lambda w: revising.revise_eta(eta(w), reason_code="other", key="k", by=None, at=NOW).made,
    "receive": lambda w: receiving.receive([receiving.Arrival(w.purchase.pk, 2)], key="k", by=None, at=NOW).made,
}


@pytest.mark.parametrize("act", KEYED.values(), ids=KEYED.keys())
def test_the_same_act_twice_happens_once_and_answers_the_same(act: Callable[[World], Any]) -> None:
    world = a_world()
    first = act(world)
    before = stored()
    second = act(world)
    assert stored() == before
    assert first == second


class PowerCut(Exception):
    """The act ends where it stands."""


def cut_at(number: int) -> Any:
    """Let the power go at the write with this number."""
    writes = itertools.count(1)

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE")) and next(writes) == number:
            raise PowerCut
        return run(sql, params, many, context)

    return connection.execute_wrapper(execute)


@pytest.mark.parametrize("verb", ACTS)
def test_an_act_that_is_cut_at_any_of_its_writes_leaves_nothing(verb: str) -> None:
    world = a_world()
    before = stored()
    for number in itertools.count(1):
        try:
            with cut_at(number):
                ACTS[verb][0](world, None)
        except PowerCut:
            assert stored() == before
        else:
            break
    assert number > 2
    assert stored() != before
