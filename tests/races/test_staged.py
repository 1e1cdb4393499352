"""Two at the same instant, staged at named points; once with the lock and once without, when it goes wrong."""

from typing import Any

import pytest
from django.db import DatabaseError, connection

from backorders.actions import etas, placing, receiving, revising, selling, shipping, undoing
from backorders.actions.bookkeeping import check_books
from backorders.allocation import replanning
from backorders.notifications import announcing
from backorders.orders.models import Cancellation, Order, OrderLine
from backorders.refusal import Stale
from backorders.supply.models import EtaRevision, PurchaseLine, Receipt
from tests.factories import (
    AT,
    a_carrier,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    an_order,
    expected,
    receive,
    revise,
    state,
)
from tests.oracle import objections
from tests.races.crowd import an_order_of, lock_off
from tests.races.stage import Point, meet_at

pytestmark = pytest.mark.django_db(transaction=True)
both_ways = pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "lock off"])


@pytest.fixture(autouse=True)
def only_where_rows_are_locked() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite the transaction itself is the lock: nothing happens at the same instant")


def wrong() -> list[Any]:
    """Everything that two opinions on the books find."""
    return [*check_books(at=AT), *objections(at=AT)]


def fresh(line: OrderLine) -> OrderLine:
    return OrderLine.objects.select_related("order").get(pk=line.pk)


def cancelling(line: OrderLine, **how: Any) -> Any:
    return lambda: selling.cancel_line(fresh(line), reason="x", by=None, at=AT, **how)


@both_ways
def test_two_buyers_of_the_last_unit(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    product = a_product(stock=1, backorder_policy="never")
    point = Point(monkeypatch, placing, "join")  # it has read what is free
    if not is_locked:
        lock_off(monkeypatch)
    who, how = a_customer(), a_carrier()
    ending = meet_at(point, an_order_of("A", who, how, (product, 1)), an_order_of("B", who, how, (product, 1)))
    assert ending.waited == is_locked
    assert Order.objects.count() == 1
    if is_locked:
        assert str(ending.second).startswith(f"{product.sku}: only 0 available")
        assert wrong() == []
    else:
        assert isinstance(ending.first, DatabaseError), "it promised what was sold, and only a constraint held it back"


@both_ways
def test_two_clerks_who_receive_the_same_goods(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    purchase = a_purchase(a_product(), 5)
    point = Point(monkeypatch, receiving, "open_change")  # it has checked what is outstanding
    if not is_locked:
        lock_off(monkeypatch)
    ending = meet_at(point, lambda: receive(purchase, 5), lambda: receive(purchase, 5))
    assert ending.waited == is_locked
    if is_locked:
        assert isinstance(ending.second, receiving.MoreThanOutstanding)
        assert (Receipt.objects.count(), wrong()) == (1, [])
    else:
        assert Receipt.objects.count() == 2
        assert wrong() != []


@both_ways
def test_a_parcel_and_a_cancellation(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    line = a_line(a_product(stock=2), 2)
    point = Point(monkeypatch, shipping, "open_change")  # it has checked what lies ready
    if not is_locked:
        lock_off(monkeypatch)
        monkeypatch.setattr(shipping, "fresh_order", lambda order, **_: order)
    a_parcel = lambda: shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=AT)  # noqa: E731
    ending = meet_at(point, a_parcel, cancelling(line))
    assert ending.waited == is_locked
    if is_locked:
        assert isinstance(ending.second, selling.NotCancellable)
        assert (state(line), wrong()) == ((0, 0, 2, 0), [])
    else:
        assert isinstance(ending.first, DatabaseError) or wrong() != []


@both_ways
def test_an_order_and_a_new_eta(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    point = Point(monkeypatch, placing, "accept")  # it has worked out its first promise
    if not is_locked:
        lock_off(monkeypatch)
    ordering = an_order_of("A", a_customer(), a_carrier(), (product, 2))
    ending = meet_at(point, ordering, lambda: revise(purchase, (40, None)))
    assert ending.waited == is_locked
    assert Order.objects.count() == 1
    if is_locked:
        assert len(ending.second.impact.moves) == 1
        assert wrong() == []
    else:
        assert wrong() != [], "it was promised the old date"


@both_ways
def test_two_editors_of_one_order_on_lines_of_different_products(
    monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    order = an_order((a_product(), 3), (a_product(), 3))
    one, two = order.lines.order_by("id")
    point = Point(monkeypatch, selling, "replan")  # it has made its change
    if not is_locked:
        monkeypatch.setattr(selling, "fresh_order", lambda order, **_: order)
    ending = meet_at(point, cancelling(one, quantity=1, seen_version=1), cancelling(two, quantity=1, seen_version=1))
    assert ending.waited
    if is_locked:
        assert isinstance(ending.second, Stale)
        assert (state(one)[3], state(two)[3]) == (1, 0)
    else:
        assert (state(one)[3], state(two)[3]) == (1, 1)


@both_ways
def test_two_products_whose_plans_meet_in_a_whole_order(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    one, two = a_product(), a_product()
    lots = [a_purchase(product, 5, eta=10) for product in (one, two)]
    order = an_order((one, 1), (two, 1), is_ship_complete=True)
    point = Point(monkeypatch, replanning, "outcome")  # it has read the situation
    if not is_locked:
        monkeypatch.setattr(replanning, "lock_whole_orders", lambda _: [])
    ending = meet_at(point, lambda: revise(lots[0], (30, None)), lambda: revise(lots[1], (50, None)))
    assert ending.waited == is_locked
    first, second = order.lines.order_by("id")
    if is_locked:
        assert expected(first) == expected(second)
        assert wrong() == []
    else:
        assert wrong() != [], "the earlier of both dates was written last"


def test_one_undo_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    purchase = a_purchase(a_product(), 5)
    change = revise(purchase, (40, None)).change_set
    point = Point(monkeypatch, undoing, "open_change")
    undo = lambda: undoing.undo(change, by=None, at=AT)  # noqa: E731
    ending = meet_at(point, undo, undo)
    assert ending.waited
    assert isinstance(ending.second, undoing.NotUndoable)
    assert EtaRevision.objects.count() == 3
    assert wrong() == []


def test_a_cancellation_that_is_being_announced_and_its_undo(monkeypatch: pytest.MonkeyPatch) -> None:
    change = selling.cancel_line(a_line(a_product(stock=1), 1), reason="x", by=None, at=AT).change_set
    point = Point(monkeypatch, announcing, "mark_announced")
    undo = lambda: undoing.undo(change, by=None, at=AT)  # noqa: E731
    ending = meet_at(point, lambda: announcing.announce_due(at=AT), undo)
    assert ending.waited
    assert isinstance(ending.second, undoing.NotUndoable)
    assert Cancellation.objects.get().is_announced


@pytest.mark.parametrize("verb", ["receive", "revise", "place"])
def test_one_key_sent_twice_acts_once_and_both_hear_the_same(monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    product = a_product()
    purchase = a_purchase(product, 5)
    who, how = a_customer(), a_carrier()
    new = placing.NewOrder("A", who, how, [placing.NewLine(product, 2)], shop="web", external_id="7")
    eta = [etas.EtaChange(purchase.pk, [etas.EtaPart(AT.date())], seen_version=1)]
    room, act = {
        "receive": (
            receiving,
            lambda: receiving.receive([receiving.Arrival(purchase.pk, 5)], key="k", by=None, at=AT),
        ),
        "revise": (revising, lambda: revising.revise_eta(eta, reason_code="other", key="k", by=None, at=AT)),
        "place": (placing, lambda: placing.place_order(new, key="k", by=None, at=AT)),
    }[verb]
    point = Point(monkeypatch, room, "touch")
    ending = meet_at(point, act, act)
    assert ending.waited
    assert ending.first.change_set == ending.second.change_set
    assert ending.first.made == ending.second.made
    assert (PurchaseLine.objects.get().version == 2) == (verb != "place")
    assert wrong() == []
