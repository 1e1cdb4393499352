"""Marks: how a call ended, what is told then, and what is tried again."""

import smtplib
from typing import Any

import pytest

from backorders.allocation.models import Promise
from backorders.notifications import switch
from backorders.notifications.marking import confirm_unknown
from backorders.notifications.models import Attempt, CallTask, MailSwitch, Message
from tests.factories import AT, later
from tests.notifications.desk import Provider, messages, reread, send

pytestmark = pytest.mark.django_db


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
        at = reread(message).not_before
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


@pytest.mark.parametrize("bounced", [False, True])
def test_what_turns_out_to_have_been_taken_is_told_unless_it_bounced(message: Message, bounced: bool) -> None:
    delivery = Message.Delivery.BOUNCED if bounced else message.delivery
    Message.objects.update(state="unknown", attempts=1, delivery=delivery)
    assert confirm_unknown([message.pk], at=AT) == 1
    assert (Promise.objects.get().told_at is None) == bounced
