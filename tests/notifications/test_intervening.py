"""What people do about messages on their way out."""

import pytest

from backorders.actions import telling
from backorders.actions.checking import NoReason
from backorders.allocation.models import Promise
from backorders.notifications.models import CallTask, Message
from tests.factories import AT, a_user, later
from tests.notifications.desk import inbox, messages, send

pytestmark = pytest.mark.django_db


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
