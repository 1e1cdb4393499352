"""R9, R11: dates that change faster than mails leave; customers hear the last one, once, and never a stale one."""

import datetime
import random
from collections.abc import Iterator
from typing import Any

import pytest

from backorders.allocation.models import Promise
from backorders.notifications import delivering, gate, leasing, marking
from backorders.notifications.announcing import announce_due
from backorders.notifications.models import Message, MessageLine
from backorders.notifications.policy import TELLING, TellingPolicy
from backorders.notifications.switch import mail_switch
from backorders.supply.models import PurchaseLine
from tests.factories import AT, a_line, a_product, a_purchase, an_order, later, revise
from tests.faults.policies import AT_ONCE
from tests.notifications.desk import send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes"), pytest.mark.long]

SECOND = datetime.timedelta(seconds=1)


# -- R9 ---------------------------------------------------------------------------------------------------------------


def a_purchase_order_for(orders: int) -> PurchaseLine:
    """A purchase line with so many told orders behind it."""
    product = a_product()
    purchase = a_purchase(product, orders * 2, eta=30, at=later(days=-3))
    for _ in range(orders):
        an_order((product, 1), at=later(days=-3))
    announce_due(at=later(days=-3))
    send(later(days=-3))
    return purchase


def edit(purchase: PurchaseLine, etas: list[int], *, every: int) -> Iterator[datetime.datetime]:
    """Revise the ETA again and again, `every` seconds, yielding each half minute until everything rests."""
    at, last = AT, AT + (len(etas) - 1) * every * SECOND
    while at <= last + datetime.timedelta(minutes=40):
        passed = int((at - AT).total_seconds())
        if at <= last and passed % every == 0:
            revise(purchase, (etas[passed // every], None), at=at)
        if passed % 30 == 0:
            yield at
        at += SECOND if every % 30 else 30 * SECOND


def heard(
    purchase: PurchaseLine, etas: list[int], *, every: int, policy: TellingPolicy = TELLING
) -> list[tuple[int, int]]:
    """Return (second, messages) for every announcing that had something to say during the edits."""
    said = []
    for at in edit(purchase, etas, every=every):
        if count := announce_due(at=at, policy=policy).messages:
            said.append((int((at - AT).total_seconds()), count))
            send(at)
    return said


@pytest.mark.parametrize("orders", [pytest.param(300, marks=pytest.mark.faults), 12])
def test_twenty_edits_in_nine_minutes_make_one_message_each_with_the_last_date(orders: int) -> None:
    purchase = a_purchase_order_for(orders)
    etas = [40 + n for n in range(20)]
    said = heard(purchase, etas, every=27)
    assert [count for _, count in said] == [orders]
    stated = MessageLine.objects.filter(message__kind="later")
    assert stated.count() == orders
    for line in stated.select_related("line__promise"):
        assert line.window_until == line.line.promise.expected_until == line.line.promise.told_until


@pytest.mark.parametrize("orders", [pytest.param(300, marks=pytest.mark.faults), 12])
def test_there_and_back_makes_none(orders: int) -> None:
    assert heard(a_purchase_order_for(orders), [44, 30], every=120) == []


@pytest.mark.parametrize("orders", [pytest.param(300, marks=pytest.mark.faults), 5])
def test_edits_for_three_hours_are_told_within_the_cap(orders: int) -> None:
    purchase = a_purchase_order_for(orders)
    said = heard(purchase, [40 + n for n in range(37)], every=300)
    assert [count for _, count in said] == [orders]
    assert said[0][0] <= 30 * 60
    rest = announce_due(at=later(minutes=30) + TELLING.cap).messages
    assert rest == orders
    assert not Promise.objects.untold().exists()


def test_without_quiet_and_cap_customers_hear_every_edit() -> None:
    purchase = a_purchase_order_for(3)
    said = heard(purchase, [40 + n for n in range(20)], every=30, policy=AT_ONCE)
    assert sum(count for _, count in said) > 10 * 3  # days of one weekend are one date


# -- R11 --------------------------------------------------------------------------------------------------------------


class Chance:
    """Somebody who moves the date at a named point of the delivery, or not."""

    def __init__(self, purchase: PurchaseLine, rng: random.Random) -> None:
        self.purchase, self.rng, self.at = purchase, rng, AT

    def maybe(self, share: float) -> None:
        """Move the date, with this chance."""
        if self.rng.random() < share:
            revise(self.purchase, (self.rng.randrange(20, 200), None), at=self.at)


def leaving(rounds: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int, int]:
    """Let dates move at random between announcing, claim and gate; return (stale, accepted, superseded) messages."""
    rng, stale_ones = random.Random(11), 0
    chance: Chance
    claim, call = leasing.claim, delivering.Mailer.hand_over

    def claim_then_maybe(**how: Any) -> Any:
        claimed = claim(**how)
        chance.maybe(0.5)
        return claimed

    def call_and_look(mailer: Any, message: Message, **how: Any) -> Any:
        nonlocal stale_ones
        stale_ones += is_stale(message)
        return call(mailer, message, **how)

    monkeypatch.setattr(leasing, "claim", claim_then_maybe)
    monkeypatch.setattr(delivering.Mailer, "hand_over", call_and_look)
    mail_switch(at=AT)
    for number in range(rounds):
        if number % 50 == 0:  # another customer, before one of them has heard of more dates than anybody ever does
            product = a_product()
            chance = Chance(a_purchase(product, 10, eta=30), rng)
            a_line(product, 1)
        chance.at = AT + number * datetime.timedelta(minutes=1)
        chance.maybe(0.7)
        announce_due(at=chance.at, policy=AT_ONCE)
        chance.maybe(0.3)
        send(chance.at)
    accepted, superseded = (Message.objects.filter(state=state).count() for state in ("accepted", "superseded"))
    return stale_ones, accepted, superseded


def is_stale(message: Message) -> bool:
    """Whether a message that is about to leave states a date that is not the newest."""
    stated = message.lines.get()
    promise = Promise.objects.get(line=stated.line_id)
    return (stated.window_from, stated.window_until) != (promise.expected_from, promise.expected_until)


@pytest.mark.parametrize("rounds", [pytest.param(2_000, marks=pytest.mark.faults), 60])
def test_no_stale_date_passes_the_gate(rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stale, accepted, superseded = leaving(rounds, monkeypatch)
    assert stale == 0
    assert min(accepted, superseded) > rounds / 5


def test_without_the_gate_stale_dates_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((gate, "OPEN_ATTEMPT"), (marking, "_ACCEPTED_AND_OPEN")):
        statement = getattr(module, name)
        assert "l.promise_version <> p.version" in statement
        monkeypatch.setattr(module, name, statement.replace("l.promise_version <> p.version", "1 = 2"))
    stale, *_ = leaving(60, monkeypatch)
    assert stale > 10
