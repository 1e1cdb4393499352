"""The gate: what is not true any more, or may not leave now, is not attempted."""

import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from backorders.actions import telling
from backorders.actions.asking import ask_supplier
from backorders.allocation.models import Promise
from backorders.changes.models import ChangeSet
from backorders.chasing.models import DateRequest
from backorders.notifications import gate, switch
from backorders.notifications.gate import open_attempt
from backorders.notifications.leasing import claim
from backorders.notifications.models import (
    TO_WHERE_IT_WAS,
    Attempt,
    CallTask,
    MailSwitch,
    Message,
    MessageLine,
    Suppression,
)
from backorders.notifications.outdating import is_outdated, outdated
from backorders.orders.models import Customer, Shipment
from backorders.supply.models import Supplier
from tests.factories import AT, TODAY, a_line, a_product, a_purchase, a_supplier, day, later, revise
from tests.notifications.desk import Provider, announce, inbox, messages, reread, send, tell, windows

pytestmark = pytest.mark.django_db
Change = Callable[[Message], Any]


def test_the_gate_writes_the_attempt_before_the_call(message: Message) -> None:
    lease, _ = claim(owner="one", at=AT)
    assert open_attempt(message, lease, at=AT)
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.ended_at, attempt.outcome) == (1, None, "")


def test_the_gate_is_closed_to_a_lost_lease(message: Message) -> None:
    lease, _ = claim(owner="one", at=AT)
    assert not open_attempt(message, lease, at=later(minutes=3))
    assert not open_attempt(message, lease._replace(token=uuid.uuid4()), at=AT)
    assert not Attempt.objects.exists()


def test_the_gate_is_closed_while_mail_is_off(message: Message) -> None:
    telling.turn_mail(is_on=False, reason="maintenance", by=None, at=AT)
    assert send(AT) == {}
    lease, _ = claim(owner="one", at=AT)
    assert not open_attempt(message, lease, at=AT)
    assert gate.turn_away(message, lease, at=AT) == "pending"
    assert reread(message).state == "pending"


def test_mail_turned_off_in_the_middle_of_a_batch_stops_with_the_next_message(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = messages(4)

    def switched_off_after_two(backend: Any, mails: list[Any]) -> int:
        provider.sent += mails
        if len(provider.sent) == 2:
            telling.turn_mail(is_on=False, reason="stop", by=None, at=AT)
        return 1

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", switched_off_after_two)
    assert send(AT)["accepted"] == 2
    assert [reread(one).state for one in made] == ["accepted", "accepted", "pending", "pending"]
    assert not Attempt.objects.filter(ended_at=None).exists()


def test_a_newer_date_between_claim_and_gate_supersedes_the_message() -> None:
    product = a_product()
    purchase = a_purchase(product, 10, eta=30)
    line = a_line(product, 1)
    tell(AT)
    revise(purchase, (44, None), at=AT)
    [message] = announce(later(minutes=5))
    lease, _ = claim(owner="one", at=later(minutes=5))
    revise(purchase, (58, None), at=later(minutes=5))

    assert not open_attempt(message, lease, at=later(minutes=5))
    assert gate.turn_away(message, lease, at=later(minutes=5)) == "superseded"
    known = windows(line)
    assert known["announced"] == known["told"] != known["expected"]
    assert known["gap"]


def test_a_confirmation_that_is_out_of_date_is_written_again() -> None:
    product = a_product()
    purchase = a_purchase(product, 10, eta=30)
    line = a_line(product, 1)
    [first] = announce(AT)
    revise(purchase, (44, None), at=AT)
    assert send(AT) == {"superseded": 1}
    [second] = tell(AT)
    assert (first.kind, second.kind) == ("confirmation", "confirmation")
    assert windows(line)["told"] == windows(line)["expected"]
    assert len(inbox()) == 1


def test_an_address_suppressed_after_queueing_is_not_mailed(message: Message) -> None:
    Suppression.objects.create(address=message.recipient, reason="bounce", at=AT)
    assert send(AT) == {"suppressed": 1}
    assert CallTask.objects.get().message == message
    Suppression.objects.update(lifted_at=AT)
    assert send(AT) == {}


def test_what_expired_is_not_sent(message: Message) -> None:
    Message.objects.update(expires_at=AT, kind="approaching")
    assert send(AT) == {"expired": 1}
    assert inbox() == []


def test_a_copy_of_another_installation_holds_its_mail(message: Message, settings: Any) -> None:
    settings.INSTANCE_ID = "the copy"
    assert send(AT) == {}
    assert not MailSwitch.objects.get().is_on
    telling.turn_mail(is_on=True, reason="this is the new home", by=None, at=AT)
    assert send(AT) == {"accepted": 1}


# -- the statement, and the reasons one by one ------------------------------------------------------------------------


def nothing(message: Message) -> None:
    pass


def address_moves(message: Message) -> None:
    Customer.objects.update(address_version=F("address_version") + 1)
    Supplier.objects.update(email="elsewhere@example.com")


def date_moves(message: Message) -> None:
    Promise.objects.update(version=F("version") + 1)


def day_passes(message: Message) -> None:
    MessageLine.objects.filter(promise_version__isnull=False).update(window_from=day(-3), window_until=day(-1))


def day_is_today(message: Message) -> None:
    MessageLine.objects.filter(promise_version__isnull=False).update(window_from=day(-3), window_until=TODAY)


def day_was_told(message: Message) -> None:
    """What its customer knows already is no news, though it has passed."""
    day_passes(message)
    Promise.objects.update(told_from=day(-3), told_until=day(-1), told_at=AT)


def still_comes_beside_a_parcel(message: Message) -> None:
    """It was told, but it has passed since the mail was written: it is not what still comes."""
    day_was_told(message)
    for line in message.lines.select_related("order"):
        change = ChangeSet.objects.order_by("id")[0]
        parcel = Shipment.objects.create(order=line.order, carrier=line.order.carrier, change_set=change, shipped_at=AT)
        MessageLine.objects.create(message=message, line=line.line, order=line.order, shipment=parcel)
    Message.objects.update(created_at=later(days=-4))


def passed_before_a_parcel_s_mail(message: Message) -> None:
    """What the mail names though it had passed when it was written is said on purpose."""
    still_comes_beside_a_parcel(message)
    Message.objects.update(created_at=AT)


def fewer_are_ready(message: Message) -> None:
    MessageLine.objects.update(ready=F("ready") + 1)


def fewer_wait(message: Message) -> None:
    MessageLine.objects.update(waits=F("waits") + 1)


def request_is_closed(message: Message) -> None:
    DateRequest.objects.update(closed_at=AT)


def is_over(message: Message) -> None:
    Message.objects.update(expires_at=AT)


def mail_is_off(message: Message) -> None:
    MailSwitch.objects.update(is_on=False)


def provider_pauses(message: Message) -> None:
    MailSwitch.objects.update(paused_until=later(minutes=1))


def not_mailed(reason: str, **fields: Any) -> Change:
    def change(message: Message) -> None:
        Suppression.objects.create(address=message.recipient.lower(), reason=reason, at=AT, **fields)

    return change


WITH_THE_ADDRESS = (nothing, not_mailed("bounce"), not_mailed("complaint"), not_mailed("bounce", lifted_at=AT))
WITH_MAIL = (nothing, mail_is_off, provider_pauses)
DAYS = (day_passes, day_is_today, day_was_told, still_comes_beside_a_parcel, passed_before_a_parcel_s_mail)
TO_CUSTOMERS = ((nothing, address_moves), (nothing, date_moves, *DAYS), (nothing, fewer_are_ready, fewer_wait))
TO_SUPPLIERS = ((nothing, address_moves), (nothing, request_is_closed))
COMBINATIONS = (WITH_THE_ADDRESS, WITH_MAIL, (nothing, is_over))


@contextmanager
def taken_back() -> Iterator[None]:
    """What is done within is done for this combination alone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def answers(message: Message) -> tuple[bool, bool]:
    """Whether the gate opens, and whether nothing speaks against it when it is asked why not."""
    lease, [_claimed] = claim(owner="one", at=AT)
    with taken_back():
        opens = open_attempt(message, lease, at=AT)
    with taken_back():
        lets_pass = switch.lets_pass(switch.mail_switch(at=AT), at=AT)
        return opens, lets_pass and gate.turn_away(message, lease, at=AT) == "pending"


@pytest.mark.long
@pytest.mark.parametrize("kind", ["confirmation", "heartbeat", "message", *TO_WHERE_IT_WAS])
def test_the_gate_and_its_reasons_agree_on_every_mail_to_a_customer(kind: str) -> None:
    switch.mail_switch(at=AT)
    a_line(a_product(stock=2), 3)
    [message] = announce(AT)
    assert message.lines.get().ready == 2
    Message.objects.update(kind=kind)
    message.refresh_from_db()
    seen = set()
    for changes in itertools.product(*TO_CUSTOMERS, *COMBINATIONS):
        with taken_back():
            for change in changes:
                change(message)
            opens, nothing_against = answers(message)
            assert opens == nothing_against, changes
            seen.add(opens)
    assert seen == {True, False}


def test_the_gate_and_its_reasons_agree_on_every_mail_to_a_supplier() -> None:
    switch.mail_switch(at=AT)
    purchase = a_purchase(a_product(), 5, supplier=a_supplier(email="supplier@example.com"))
    ask_supplier([purchase.pk], by=None, at=AT)
    Message.objects.update(not_before=AT)
    message = Message.objects.get()
    seen = set()
    for changes in itertools.product(*TO_SUPPLIERS, *COMBINATIONS):
        with taken_back():
            for change in changes:
                change(message)
            opens, nothing_against = answers(message)
            assert opens == nothing_against, changes
            seen.add(opens)
    assert seen == {True, False}


@pytest.mark.parametrize("kind", ["confirmation", "message", *TO_WHERE_IT_WAS])
def test_what_is_found_among_many_is_what_is_outdated_by_itself(kind: str) -> None:
    line = a_line(a_product(stock=2), 3)
    [message] = announce(AT)
    Message.objects.update(kind=kind)
    seen = set()
    for changes in itertools.product(*TO_CUSTOMERS):
        with taken_back():
            if kind in TO_WHERE_IT_WAS:
                MessageLine.objects.all().delete()  # it states no date
            for change in changes:
                change(message)
            alone = is_outdated(Message.objects.select_related("customer", "supplier").get(), today=TODAY)
            assert outdated([line.order.customer_id], today=TODAY).exists() == alone, changes
            seen.add(alone)
    assert seen == ({False} if kind in TO_WHERE_IT_WAS else {True, False})
