"""Mails to our own people leave by the same way and switch, once, and are no messages to anybody."""

import datetime
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from backorders.notifications import staff_mails, switch
from backorders.notifications.delivering import Mailer
from backorders.notifications.emails import Rendered
from backorders.notifications.models import MailSwitch, Message, StaffMail, Suppression
from tests.factories import AT, a_user, later
from tests.notifications.desk import Provider, inbox

pytestmark = pytest.mark.django_db

WORDS = Rendered("Test: New date", "New date\n", "<p>New date</p>")


def queued(key: str = "test:1", *, at: datetime.datetime = AT) -> int:
    draft = staff_mails.Draft(StaffMail.Kind.TEST, a_user().pk, "ada@example.com", key, WORDS)
    return staff_mails.queue([draft], at=at)


def deliver(at: datetime.datetime = AT) -> int:
    return staff_mails.deliver(clock=lambda: at, until=at + datetime.timedelta(minutes=1))


def test_a_staff_mail_leaves_once_and_is_no_message() -> None:
    queued()
    assert deliver() == 1
    assert inbox() == [("ada@example.com", "Test: New date")]
    assert "<p>New date</p>" in str(mail.outbox[0].message())
    assert deliver(later(hours=1)) == 0
    assert StaffMail.objects.get().sent_at == AT
    assert not Message.objects.exists()


def test_the_same_is_queued_once() -> None:
    assert [queued("digest:1"), queued("digest:1", at=later(minutes=1))] == [1, 0]
    assert StaffMail.objects.count() == 1


def test_while_all_mail_is_held_nothing_leaves() -> None:
    queued()
    switch.mail_switch(at=AT)
    MailSwitch.objects.update(is_on=False)
    assert deliver() == 0
    MailSwitch.objects.update(is_on=True)
    assert deliver() == 1


def test_what_another_worker_has_taken_is_left_to_it() -> None:
    queued()
    StaffMail.objects.update(state="sending", not_before=AT + staff_mails.TAKEN_FOR)
    assert deliver() == 0
    assert StaffMail.objects.get().state == "sending"


def test_a_mail_whose_worker_was_killed_in_the_call_is_not_sent_once_more() -> None:
    queued()
    StaffMail.objects.update(state="sending", not_before=AT + staff_mails.TAKEN_FOR)
    for at in (AT + staff_mails.TAKEN_FOR, later(hours=5)):
        assert deliver(at) == 0
    known = StaffMail.objects.get()
    assert (known.state, inbox()) == ("failed", [])
    assert "not known whether it left" in str(known.last_error)


def test_a_mail_that_is_under_way_says_so_during_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    during: list[str] = []

    def send(_backend: Any, mails: Any) -> int:
        during.append(StaffMail.objects.get().state)
        return len(mails)

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    queued()
    assert deliver() == 1
    assert during == ["sending"]


def test_no_answer_after_all_was_handed_over_is_not_tried_again_unless_the_key_is_taken_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = Provider(TimeoutError("no answer"), TimeoutError("no answer"))
    monkeypatch.setattr(EmailBackend, "send_messages", lambda backend, mails: provider(backend, mails))
    monkeypatch.setattr(Mailer, "is_handed_over", True)
    queued()
    assert deliver() == 0
    assert StaffMail.objects.get().state == "failed"
    monkeypatch.setattr(EmailBackend, "honours_keys", True, raising=False)
    queued("test:2")
    assert deliver() == 0
    assert StaffMail.objects.get(key="test:2").state == "pending"


def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(ConnectionRefusedError("not there"))
    monkeypatch.setattr(EmailBackend, "send_messages", lambda backend, mails: provider(backend, mails))
    queued()
    assert deliver() == 0
    known = StaffMail.objects.get()
    assert (known.state, known.attempts, known.not_before > AT) == ("pending", 1, True)
    assert deliver(known.not_before) == 1
    provider.errors = [ValueError("cannot be built")]
    queued("test:2")
    assert deliver() == 0
    assert StaffMail.objects.get(key="test:2").state == "failed"


def test_an_address_that_is_not_mailed_any_more_is_not_mailed() -> None:
    queued()
    Suppression.objects.create(address="ada@example.com", reason="bounce", at=AT)
    assert deliver() == 0
    assert StaffMail.objects.get().state == "failed"
    assert "not mailed any more" in str(StaffMail.objects.get().last_error)


def test_old_ones_are_forgotten() -> None:
    queued()
    assert staff_mails.purge(at=later(days=29)) == 0
    assert staff_mails.purge(at=later(days=30)) == 1
