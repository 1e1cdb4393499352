"""Messages on their way out: claims, the gate, marks, retries, and what people do about them."""

import datetime
import smtplib
import uuid
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backorders.actions import telling
from backorders.actions.checking import NoReason
from backorders.allocation.models import Promise
from backorders.notifications import gate, leasing, marking, switch
from backorders.notifications.gate import open_attempt
from backorders.notifications.leasing import claim
from backorders.notifications.models import Attempt, CallTask, MailSwitch, Message, Suppression
from backorders.notifications.policy import SENDING, SendingPolicy
from backorders.notifications.recovering import recover, settle_unknown
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_user, later, revise
from tests.notifications.desk import announce, inbox, send, tell, windows

pytestmark = pytest.mark.django_db


@pytest.fixture
def message() -> Message:
    """A confirmation that waits to be sent."""
    switch.mail_switch(at=AT)
    a_line(a_product(stock=5), 1)
    [message] = announce(AT)
    return message


def messages(count: int) -> list[Message]:
    switch.mail_switch(at=AT)
    product = a_product(stock=100)
    for _ in range(count):
        a_line(product, 1)
    return announce(AT)


def reread(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


class Provider:
    """A mail backend's send that fails as often as it is told to, then takes mails."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.sent: list[Any] = []

    def __call__(self, backend: Any, mails: list[Any]) -> int:
        if self.errors:
            raise self.errors.pop(0)
        self.sent += mails
        return len(mails)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", lambda *args: provider(*args))
    return provider


# -- claims -----------------------------------------------------------------------------------------------------------


def test_a_message_is_claimed_once(message: Message) -> None:
    _, mine = claim(owner="one", at=AT)
    _, theirs = claim(owner="two", at=AT)
    assert (mine, theirs) == ([message], [])


def test_a_batch_is_claimed_by_priority_then_age() -> None:
    made = messages(5)
    Message.objects.filter(pk=made[3].pk).update(priority=1)
    _, batch = claim(owner="one", at=AT, policy=SendingPolicy(batch=3))
    assert batch == [made[3], made[0], made[1]]


def test_what_is_not_due_yet_is_not_claimed(message: Message) -> None:
    Message.objects.update(not_before=later(minutes=1))
    assert claim(owner="one", at=AT)[1] == []
    assert claim(owner="one", at=later(minutes=1))[1] == [message]


@pytest.mark.parametrize("state", ["pending", "retry", "sending", "unknown"])
def test_an_unfinished_older_message_of_the_customer_goes_first(state: str) -> None:
    customer, product = a_customer(), a_product(stock=5)
    a_line(product, 1, customer=customer)
    [older] = announce(AT)
    a_line(product, 1, customer=customer, at=later(minutes=1))
    [younger] = announce(later(minutes=1))
    lease = {"lease_token": uuid.uuid4(), "lease_until": later(hours=1)} if state == "sending" else {}
    not_before = {} if state == "pending" else {"not_before": later(hours=1)}
    Message.objects.filter(pk=older.pk).update(state=state, **lease, **not_before)
    assert claim(owner="one", at=later(minutes=2))[1] == ([older] if state == "pending" else [])
    Message.objects.filter(pk=older.pk).update(state="accepted", accepted_at=AT, lease_token=None, lease_until=None)
    assert claim(owner="one", at=later(minutes=2))[1] == [younger]


def test_a_held_or_failed_older_message_holds_up_nobody() -> None:
    customer, product = a_customer(), a_product(stock=5)
    a_line(product, 1, customer=customer)
    announce(AT)
    Message.objects.update(state="held")
    a_line(product, 1, customer=customer)
    [younger] = announce(AT)
    assert claim(owner="one", at=AT)[1] == [younger]


def test_a_lease_that_runs_out_is_prolonged_for_the_rest_of_the_batch() -> None:
    messages(2)
    lease, _ = claim(owner="one", at=AT)
    assert leasing.renew(lease, at=later(seconds=10)) == lease
    longer = leasing.renew(lease, at=later(seconds=90))
    assert set(Message.objects.values_list("lease_until", flat=True)) == {longer.until} == {later(seconds=210)}


# -- the gate ---------------------------------------------------------------------------------------------------------


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


# -- marks ------------------------------------------------------------------------------------------------------------


def test_an_accepted_message_is_told(message: Message) -> None:
    assert send(AT) == {"accepted": 1}
    sent = reread(message)
    assert (sent.state, sent.attempts, sent.accepted_at, sent.lease_token) == ("accepted", 1, AT, None)
    assert sent.provider_id == sent.headers["Message-ID"]
    assert Attempt.objects.get().outcome == "accepted"
    assert Promise.objects.get().told_at == AT


def test_a_mail_carries_its_headers_and_both_bodies(message: Message, mailoutbox: list[Any]) -> None:
    send(AT)
    [mail] = mailoutbox
    sent = mail.message()
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["X-Auto-Response-Suppress"] == "All"
    assert sent["Message-ID"] == message.headers["Message-ID"]
    assert sent["Reply-To"] == "orders@shop.example"
    assert [part.get_content_type() for part in sent.get_payload()] == ["text/plain", "text/html"]


def test_a_refusal_for_now_is_tried_again_later(message: Message, provider: Provider) -> None:
    provider.errors = [smtplib.SMTPDataError(451, b"busy")]
    assert send(AT) == {"retry": 1}
    waiting = reread(message)
    assert (waiting.attempts, waiting.last_error) == (1, "SMTPDataError: (451, b'busy')")
    assert later(seconds=24) <= waiting.not_before <= later(seconds=36)
    assert send(later(seconds=36)) == {"accepted": 1}
    assert list(Attempt.objects.order_by("number").values_list("number", "outcome")) == [
        (1, "transient"),
        (2, "accepted"),
    ]


def test_after_the_last_wait_somebody_has_to_call(message: Message, provider: Provider) -> None:
    provider.errors = [smtplib.SMTPDataError(451, b"busy")] * 8
    at = AT
    for _ in range(8):
        send(at)
        at += datetime.timedelta(hours=15)
    assert (reread(message).state, reread(message).attempts) == ("failed", 8)
    assert "Given up after 8 attempts" in CallTask.objects.get().why


def test_a_refusal_for_good_fails_at_once_and_somebody_has_to_call(message: Message, provider: Provider) -> None:
    provider.errors = [smtplib.SMTPRecipientsRefused({message.recipient: (550, b"no such mailbox")})]
    assert send(AT) == {"failed": 1}
    assert "no such mailbox" in CallTask.objects.get().why
    assert Promise.objects.get().told_at is None


def test_an_outage_costs_one_attempt_a_pause_not_one_a_message(provider: Provider) -> None:
    messages(30)
    provider.errors = [ConnectionRefusedError("down")] * 1000
    assert send(AT) == {"retry": 5, "pending": 1}
    assert MailSwitch.objects.get().paused_until == later(seconds=30)
    assert send(later(seconds=29)) == {}
    assert send(later(seconds=31)) == {"retry": 1, "pending": 1}
    assert MailSwitch.objects.get().paused_until == later(seconds=91)
    provider.errors = []
    assert send(later(minutes=3))["accepted"] == 30
    assert MailSwitch.objects.get().failures == 0


def test_the_breaker_s_pauses_end_at_ten_minutes(message: Message) -> None:
    for _ in range(40):
        switch.note_trouble(pause=None, at=AT)
    assert MailSwitch.objects.get().paused_until == later(minutes=10)


# -- what is not known ------------------------------------------------------------------------------------------------


def test_a_worker_that_died_before_the_call_leaves_nothing_unknown(message: Message) -> None:
    claim(owner="one", at=AT)
    assert recover(at=later(minutes=1)) == 0
    assert recover(at=later(minutes=3)) == 1
    assert reread(message).state == "pending"


def test_a_worker_that_died_in_the_call_leaves_it_unknown_until_nobody_spoke_up(message: Message) -> None:
    lease, _ = claim(owner="one", at=AT)
    open_attempt(message, lease, at=AT)
    recover(at=later(minutes=3))
    assert (reread(message).state, Attempt.objects.get().outcome) == ("unknown", "ambiguous")
    assert settle_unknown(at=later(minutes=7)) == 0
    assert send(later(minutes=8)) == {"accepted": 1}
    assert reread(message).attempts == 2


def test_a_provider_that_honours_keys_is_asked_again_at_once(message: Message) -> None:
    lease, _ = claim(owner="one", at=AT)
    open_attempt(message, lease, at=AT)
    recover(honours_keys=True, at=later(minutes=3))
    assert reread(message).state == "retry"


def test_the_answer_of_a_worker_that_lost_its_lease_counts(message: Message) -> None:
    lease, _ = claim(owner="one", at=AT)
    open_attempt(message, lease, at=AT)
    recover(at=later(minutes=3))
    assert not marking.mark_accepted(message, lease, provider_id="x", at=later(minutes=3))
    assert settle_unknown(at=later(minutes=8)) == 1
    assert reread(message).state == "accepted"
    assert Promise.objects.get().told_at == later(minutes=8)


def test_a_worker_that_lost_its_lease_changes_nothing(message: Message) -> None:
    lease, _ = claim(owner="one", at=AT)
    open_attempt(message, lease, at=AT)
    recover(at=later(minutes=3))
    before = reread(message).state
    for mark in (marking.mark_refused, marking.try_later):
        more = {"wait": None} if mark is marking.try_later else {}
        assert not mark(message, lease, error="late", at=later(minutes=3), **more)  # type: ignore[operator]
    assert reread(message).state == before == "unknown"
    assert not CallTask.objects.exists()


# -- people -----------------------------------------------------------------------------------------------------------


def test_a_held_message_leaves_when_it_is_released(message: Message) -> None:
    agent = a_user()
    telling.hold([message], reason="wrong text", by=agent, at=AT)
    assert send(AT) == {}
    telling.release([message], by=agent, at=AT)
    assert send(AT) == {"accepted": 1}
    with pytest.raises(telling.NotInTheOutbox):
        telling.hold([message], reason="too late", by=agent, at=AT)


def test_send_now_goes_before_all_others(message: Message) -> None:
    messages(3)
    Message.objects.filter(pk=message.pk).update(not_before=later(hours=1))
    telling.send_now([message], by=None, at=AT)
    send(AT)
    assert inbox()[0][0] == message.recipient


def test_a_cancelled_message_leaves_a_call_not_silence(message: Message) -> None:
    with pytest.raises(NoReason):
        telling.cancel([message], reason=" ", by=None, at=AT)
    telling.cancel([message], reason="we call instead", by=None, at=AT)
    assert send(AT) == {}
    assert CallTask.objects.get().why == "we call instead"


def test_who_was_called_was_told(message: Message) -> None:
    agent = a_user()
    telling.cancel([message], reason="we call instead", by=agent, at=AT)
    task = CallTask.objects.get()
    telling.mark_called(task, by=agent, at=later(hours=1))
    assert Promise.objects.get().told_at == later(hours=1)
    assert (task.done_by, task.done_at) == (agent, later(hours=1))
    with pytest.raises(telling.CalledBefore):
        telling.mark_called(task, by=agent, at=later(hours=2))


# -- the paper --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["subject", "text", "html", "recipient", "content_hash", "headers", "language"])
def test_what_was_written_cannot_be_rewritten(message: Message, field: str) -> None:
    value: Any = {"X": "y"} if field == "headers" else "zz"
    with pytest.raises(DatabaseError, match="not rewritten"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**{field: value})
    assert reread(message).text == message.text


def test_what_was_written_can_be_emptied_when_its_time_came(message: Message) -> None:
    empty = {"subject": "", "text": "", "html": "", "recipient": "", "headers": {}}
    Message.objects.filter(pk=message.pk).update(**empty)
    assert (reread(message).html, reread(message).content_hash) == ("", message.content_hash)


def test_the_database_wants_a_lease_for_what_is_being_sent(message: Message) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(state="sending")


def test_a_mail_costs_few_statements() -> None:
    messages(SENDING.batch)
    with CaptureQueriesContext(connection) as queries:
        assert send(AT)["accepted"] == SENDING.batch
    assert len(queries) <= 6 * SENDING.batch + 30
