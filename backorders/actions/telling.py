"""Telling: what people do about messages that have not left, and about customers whom no mail reaches."""

import datetime
from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AbstractBaseUser

from backorders.actions.asking import a_reason
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.changes.recording import open_change, touch
from backorders.notifications import leasing, outbox, switch
from backorders.notifications.models import CallTask, Message, MessageLine
from backorders.refusal import Refused


class NotInTheOutbox(Refused):
    """The messages have left, or were dropped: there is nothing to stop or to send."""


class CalledBefore(Refused):
    """Somebody has called this customer already."""


@act
def hold(messages: Sequence[Message], *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[int]:
    """Keep messages from leaving until they are released. Raises `NotInTheOutbox`, `NoReason`."""
    return _done("hold_messages", messages, outbox.hold(_ids(messages)), reason=a_reason(reason), by=by, at=at)


@act
def release(messages: Sequence[Message], *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[int]:
    """Let held messages leave; those that are out of date are superseded. Raises `NotInTheOutbox`."""
    return _done("release_messages", messages, outbox.release(_ids(messages), at=at), reason="", by=by, at=at)


@act
def send_now(messages: Sequence[Message], *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[int]:
    """Put messages before all others. Raises `NotInTheOutbox`."""
    return _done("send_messages_now", messages, outbox.send_now(_ids(messages), at=at), reason="", by=by, at=at)


@act
def cancel(
    messages: Sequence[Message], *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[int]:
    """Never send these messages; each becomes a call task. Raises `NotInTheOutbox`, `NoReason`."""
    why = a_reason(reason)
    return _done("cancel_messages", messages, outbox.cancel(_ids(messages), why=why, at=at), reason=why, by=by, at=at)


@act
def mark_called(task: CallTask, *, note: str = "", by: AbstractBaseUser, at: datetime.datetime) -> Done[CallTask]:
    """Record that the customer was called and now knows what the message says. Raises `CalledBefore`."""
    if not CallTask.objects.filter(pk=task.pk, done_at=None).update(done_at=at, done_by=by):
        raise CalledBefore(f"{task.customer} was called before.")
    leasing.tell([task.message_id], at=at)
    done = _done("mark_called", [task.message], 1, reason=note.strip(), by=by, at=at)
    task.refresh_from_db()
    return Done(done.change_set, done.impact, task)


@act
def turn_mail(*, is_on: bool, reason: str, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[None]:
    """Stop all mail, or let it leave again: also from a restored copy, which holds its mail by itself."""
    change = open_change("turn_mail_on" if is_on else "turn_mail_off", reason=a_reason(reason), by=by, at=at)
    switch.turn(is_on=is_on, change_set=change, at=at)
    return Done(change, Impact(), None)


def _done(
    verb: str,
    messages: Sequence[Message],
    count: int,
    *,
    reason: str,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[int]:
    if not count:
        raise NotInTheOutbox("None of these messages waits to be sent any more.")
    change = open_change(verb, reason=reason, summary={"messages": count}, by=by, at=at)
    orders = MessageLine.objects.filter(message__in=_ids(messages)).values_list("order", flat=True)
    touch(change, kind=Touch.Kind.ORDER, ids=orders.order_by().distinct())
    return Done(change, Impact(), count)


def _ids(messages: Iterable[Message]) -> list[int]:
    return [message.pk for message in messages]
