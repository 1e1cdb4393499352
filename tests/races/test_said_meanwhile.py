"""What is undone while it is sent, a parcel given up while it arrives, a customer held by others while in a hurry."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection

from backorders.actions import caring, losing, reshaping, shipping, telling, undoing
from backorders.notifications.models import Hurry, Message
from backorders.orders.models import Compensation, OrderLine, Shipment
from tests.factories import AT, a_line, a_product, a_purchase, later, revise
from tests.notifications.desk import announce, send, tell
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
    change = reshaping.split(line.order, units=[(line.pk, 1)], reason="x", by=None, at=AT).change_set
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
