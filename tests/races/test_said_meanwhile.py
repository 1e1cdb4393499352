"""What is undone while it is sent, a parcel given up while it arrives, a customer held by others while in a hurry."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection

from backorders.actions import caring, deadlines, lawful, losing, selling, shipping, splitting, telling, undoing
from backorders.allocation.locking import lock_products
from backorders.changes import acting
from backorders.delays import casework
from backorders.delays.models import LegalCase
from backorders.notifications.models import Hurry, Message
from backorders.orders.models import Compensation, OrderLine, Shipment
from backorders.refusal import Busy
from tests.actions.lawdesk import a_sale, case_of, tick
from tests.factories import AT, a_carrier, a_customer, a_line, a_product, a_purchase, an_order, day, later, revise
from tests.notifications.desk import announce, send, tell
from tests.races.crowd import an_order_of
from tests.races.stage import Point, meet_at
from tests.races.test_staged import wrong

pytestmark = pytest.mark.django_db(transaction=True)
both_ways = pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "lock off"])


@pytest.fixture(autouse=True)
def only_where_rows_are_locked() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite the transaction itself is the lock: nothing happens at the same instant")


def undoing_while(monkeypatch: pytest.MonkeyPatch, change: Any, other: Any, *, is_locked: bool) -> Any:
    """Undo the change; once it has seen that nobody was told, let the other act go on."""
    point = Point(monkeypatch, undoing, "open_change")
    if not is_locked:
        monkeypatch.setattr(undoing, "_let_nobody_say", lambda _change: None)
    return meet_at(point, lambda: undoing.undo(change, by=None, at=later(minutes=20)), other)


def accepted(kind: str) -> int:
    return Message.objects.filter(kind=kind, state="accepted").count()


@both_ways
def test_what_is_given_and_undone_is_not_told(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    line = a_line(a_product(stock=5), 2)
    tell(AT)
    change = caring.compensate(line.order, kind="discount", amount=Decimal(1), reason="x", by=None, at=AT).change_set
    undoing_while(monkeypatch, change, lambda: send(later(hours=1)), is_locked=is_locked)
    assert Compensation.objects.count() == 0
    assert accepted("compensated") == (0 if is_locked else 1), "told of money that is taken back"


@both_ways
@pytest.mark.parametrize("is_queued", [True, False], ids=["queued", "not announced"])
def test_an_order_that_is_joined_again_is_not_confirmed(
    monkeypatch: pytest.MonkeyPatch, is_queued: bool, is_locked: bool
) -> None:
    line = a_line(a_product(stock=5), 4)
    tell(AT)
    change = splitting.split(line.order, units=[(line.pk, 1)], reason="x", by=None, at=AT).change_set
    if is_queued:
        announce(later(minutes=10))
    undoing_while(monkeypatch, change, lambda: tell(later(hours=1)), is_locked=is_locked)
    assert OrderLine.objects.open().get().quantity == 4
    assert accepted("confirmation") == (1 if is_locked else 2), "told of an order that is none any more"


@both_ways
def test_a_parcel_that_is_given_up_while_it_arrives(monkeypatch: pytest.MonkeyPatch, is_locked: bool) -> None:
    line = a_line(a_product(stock=5), 2)
    parcel = shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=AT).made
    point = Point(monkeypatch, shipping, "open_change")  # it has seen that the parcel was not given up
    if not is_locked:
        monkeypatch.setattr(shipping, "fresh_order", lambda order, **_: order)
    ending = meet_at(
        point,
        lambda: shipping.confirm_delivery(parcel, by=None, at=later(days=1)),
        lambda: losing.lose_parcel(Shipment.objects.get(), pays_back=False, reason="x", by=None, at=later(days=1)),
    )
    assert ending.waited == is_locked
    if is_locked:
        assert ending.second.made.lost_at, "it was given up although the carrier said that it arrived"
        assert wrong() == []
    else:
        assert isinstance(ending.first, IntegrityError), "only a constraint held it back"


def test_whom_somebody_else_holds_stays_in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    lot = a_purchase(a_product(), 9, eta=30)
    line = a_line(lot.product, 1)
    tell(AT)
    for days, eta in ((3, 45), (4, 60)):
        revise(lot, (eta, None), at=later(days=days))
        tell(later(days=days, hours=1))
    assert Message.objects.filter(kind="later").count() == 1, "the second has to wait, so soon after the first"
    who = line.order.customer
    point = Point(monkeypatch, caring, "say_anew")  # it has written down the other address
    at = later(days=4, hours=2)
    ending = meet_at(
        point,
        lambda: caring.change_address(who, email="new@example.com", by=None, at=at),
        lambda: telling.tell_now([who.pk], by=None, at=at),
    )
    assert (ending.second.made.messages, Hurry.objects.count()) == (0, 1)
    made = announce(later(days=4, hours=2, minutes=1))
    assert [(message.kind, message.recipient) for message in made] == [("later", "new@example.com")]
    assert not Hurry.objects.exists()


@both_ways
def test_ending_a_contract_locks_all_that_the_order_is_planned_with(
    monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    products = [a_product(), a_product()]
    for product in products:
        a_purchase(product, 9, eta=10)
    who = a_customer(jurisdiction="DE", time_zone="UTC")
    wanted = [(product, 1) for product in products]
    line = an_order(*wanted, customer=who, is_paid=True, is_ship_complete=True).lines.get(product=products[1])
    tick(AT)
    tick(later(days=40))
    lawful.demand_extra_period(line, until=day(47), by=None, at=later(days=40))
    tick(later(days=48))
    monkeypatch.setattr(acting, "TRIES", 1)
    if not is_locked:
        monkeypatch.setattr(lawful, "lock_products", lambda _: lock_products([line.product_id]))
    point = Point(monkeypatch, selling, "replan")  # it has cancelled, and plans the rest of the order
    ending = meet_at(
        point,
        lambda: lawful.end_contract(line, by=None, at=later(days=50)),
        an_order_of("B", a_customer(), a_carrier(), *wanted),
    )
    assert ending.waited
    assert any(isinstance(end, Busy) for end in (ending.first, ending.second)) != is_locked


def the_case_alone(line_ids: Any) -> list[LegalCase]:
    return list(LegalCase.objects.select_for_update(no_key=True).filter(pk__in=line_ids))


@both_ways
def test_a_contract_that_is_ended_while_its_customer_is_told_that_it_may_be(
    monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    _purchase, line = a_sale("DE")
    tick(later(days=40))
    lawful.demand_extra_period(line, until=day(47), by=None, at=later(days=40))
    deadlines.keep(at=later(days=48))
    monkeypatch.setattr(acting, "TRIES", 1)
    if not is_locked:
        monkeypatch.setattr(casework, "lock_cases", the_case_alone)
    point = Point(monkeypatch, lawful, "open_change")  # it holds the case; it has not closed the promise
    ending = meet_at(
        point,
        lambda: lawful.end_contract(line, by=None, at=later(days=48)),
        lambda: announce(later(days=48)),
    )
    assert ending.waited != is_locked, "announcing leaves out who is held by others"
    assert any(isinstance(end, Busy) for end in (ending.first, ending.second)) != is_locked
    if is_locked:
        assert case_of(line).state == "terminated"
        assert wrong() == []
