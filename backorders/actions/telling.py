"""Telling: what people do about messages that have not left, and about customers whom no mail reaches."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.access.checking import allowed
from backorders.actions import asking, caring, deadlines
from backorders.actions.checking import a_reason, a_text
from backorders.actions.done import Done
from backorders.actions.seconding import Ask, for_recipients
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.models import Promise
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.jobs import steering
from backorders.jobs.models import Job
from backorders.jobs.running import Batch
from backorders.notifications import (
    announcing,
    foreseeing,
    intervening,
    marking,
    outdating,
    repeating,
    superseding,
    switch,
    writing,
)
from backorders.notifications.foreseeing import Foreseen
from backorders.notifications.letters import BY_HAND
from backorders.notifications.models import UNSENT, CallTask, Hurry, Message, MessageLine, PersonalText, Suppression
from backorders.orders.models import Customer, Order
from backorders.refusal import Refused

# To more customers than these a job writes: nobody waits for a page that long.
AT_ONCE = 200
# The job looks for a wish to pause or stop after so many letters.
BETWEEN_WISHES = 20
TO_MANY, TOLD = "tell_customers", "telling"
# Customers written to in a second before it was measured here; a smaller job says nothing about the next.
USUAL_PACE, PACE_FROM = 100.0, 100


class NotInTheOutbox(Refused):
    """The messages have left, or were dropped: there is nothing to stop or to send."""


class NothingToTell(Refused):
    """What we expect for these customers is what they know, or differs too little for a message."""


class MailedAlready(Refused):
    """The address is not suppressed any more."""


class NotResendable(Refused):
    """The mail cannot be sent once more as it is."""


class NotEditable(Refused):
    """The words of this message are not a person's."""


class CalledBefore(Refused):
    """Somebody has called this customer already."""


@act
def hold(messages: Sequence[Message], *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[int]:
    """Keep messages from leaving until they are released. Raises `NotInTheOutbox`, `NoReason`."""
    return _done("hold_messages", messages, intervening.hold(_ids(messages)), reason=a_reason(reason), by=by, at=at)


@act
def release(messages: Sequence[Message], *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[int]:
    """Let held messages leave; those that are out of date are superseded. Raises `NotInTheOutbox`."""
    return _done("release_messages", messages, intervening.release(_ids(messages), at=at), reason="", by=by, at=at)


@act
def send_now(messages: Sequence[Message], *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[int]:
    """Put messages before all others. Raises `NotInTheOutbox`."""
    return _done("send_messages_now", messages, intervening.send_now(_ids(messages), at=at), reason="", by=by, at=at)


@act
def cancel(
    messages: Sequence[Message], *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[int]:
    """Never send these messages; each becomes a call task. Raises `NotInTheOutbox`, `NoReason`."""
    why = a_reason(reason)
    return _done(
        "cancel_messages", messages, intervening.cancel(_ids(messages), why=why, at=at), reason=why, by=by, at=at
    )


@allowed
def tell_now(
    customers: Iterable[int],
    *,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[announcing.Announced]:
    """Let these customers (ids) hear now what they have not been told: one message each, without the quiet time.

    A few are written to before this returns; to many a job writes (see `writing_to_many`), and `made` counts no
    messages yet. What the law asks of a date that has just moved is noted first, so that its notice is what they hear.
    Raises `NothingToTell`, `NeedsApproval` if they are very many.
    """
    ids = sorted(set(customers))
    if by is not None:
        ask = Ask("telling.tell_now", {"customers": ids}, f"{len(ids)}")
        for_recipients(len(ids), ask, by=by, approved_by=approved_by)
    deadlines.follow(at=at)
    change = _hurry(ids, by=by, at=at)
    announced = announcing.Announced(len(ids), 0)
    return Done(change, Impact(), announcing.announce_to(ids, at=at) if len(ids) <= AT_ONCE else announced)


def foresee(customers: Iterable[int], *, at: datetime.datetime) -> Foreseen:
    """Return what `tell_now` would come to as things stand: who would get what, and who nothing. Writes nothing."""
    return foreseeing.foresee(sorted(set(customers)), at=at)


def job_of(change: ChangeSet) -> Job | None:
    """Return the job that writes to the customers of a `tell_now`, if they were that many."""
    return Job.objects.filter(kind=TO_MANY, subject=TOLD, object_id=change.pk).first()


def writing_to_many(job: Job) -> Iterator[Batch]:
    """Yield the work of a job of telling, a few customers at a time: a wish to stop is heard after so many letters."""
    hurried = Hurry.objects.filter(change_set=job.object_id, is_by_job=True)
    total = job.total if job.total is not None else hurried.count()
    while ids := list(hurried.order_by("customer").values_list("customer_id", flat=True)[:BETWEEN_WISHES]):
        yield Batch(partial(_write_to, ids), phase="tell", total=total)


def pace(*, at: datetime.datetime) -> float:
    """Return how many customers a job wrote to in a second the last time, or what is usual before there was one."""
    done = Job.objects.filter(kind=TO_MANY, state=Job.State.DONE, done__gte=PACE_FROM, ended_at__lte=at)
    last = done.order_by("-ended_at", "-id").first()
    if last is None or last.started_at is None or last.ended_at is None:
        return USUAL_PACE
    return max(last.done / max((last.ended_at - last.started_at).total_seconds(), 1.0), 1.0)


def _write_to(customers: Sequence[int], at: datetime.datetime) -> int:
    announcing.announce_to(customers, at=at)
    return len(customers)


def forget_stopped() -> int:
    """Leave those whom a stopped job did not get to to the usual time; return how many there were."""
    going_on = Job.objects.filter(kind=TO_MANY, ended_at=None).values("object_id")
    return Hurry.objects.filter(is_by_job=True).exclude(change_set__in=going_on).delete()[0]


@act
def _hurry(customers: Sequence[int], *, by: AbstractBaseUser | None, at: datetime.datetime) -> ChangeSet:
    gaps = Promise.objects.untold().filter(customer__in=customers)
    orders = set(gaps.values_list("line__order_id", flat=True))
    if not orders:
        if Message.objects.filter(customer__in=customers, state__in=UNSENT).exists():
            raise NothingToTell(_("What is new to these customers is said already: send it now from the outbox."))
        raise NothingToTell(_("None of these customers has anything new to hear."))
    change = open_change("tell_now", summary={"customers": len(customers)}, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=orders)
    is_by_job = len(customers) > AT_ONCE
    rows.run(
        _IN_A_HURRY, Hurry, ["customer", "change_set", "is_by_job"], [(pk, change.pk, is_by_job) for pk in customers]
    )
    if is_by_job:
        steering.queue(TO_MANY, subject=TOLD, object_id=change.pk, about=f"{len(customers)}", by=by, at=at)
    return change


_IN_A_HURRY = """
    INSERT INTO notifications_hurry (customer_id, change_set_id, is_by_job)
    SELECT {0}, {1}, {2} FROM {source} WHERE true
    ON CONFLICT (customer_id) DO UPDATE
    SET change_set_id = excluded.change_set_id, is_by_job = excluded.is_by_job
"""


@act
def edit(message: Message, *, text: str, by: AbstractBaseUser, at: datetime.datetime) -> Done[Message]:
    """Change what a person says in a message to a customer that has not left; what it states is read anew.

    Of a message of our own the words are replaced; any other gets them as a paragraph above its facts. Returns the new
    message. Raises `NotInTheOutbox`, `NothingToSay`, `NotEditable`.
    """
    if message.customer_id is None:
        raise TypeError("a mail to a supplier: see edit_to_supplier")
    lock_products(message.lines.values_list("line__product", flat=True))
    if message.kind in BY_HAND and message.kind != Message.Kind.MESSAGE:
        raise NotEditable(_("This message says what an act did. Undo the act instead."))
    return _edit(message, text, by, at)


@act
def edit_to_supplier(message: Message, *, text: str, by: AbstractBaseUser, at: datetime.datetime) -> Done[Message]:
    """Put a person's words above what a mail to a supplier asks that has not left. Returns the new message.

    Raises `NotInTheOutbox`, `NothingToSay`.
    """
    if message.supplier_id is None:
        raise TypeError("a message to a customer: see edit")
    asking.locked([message.supplier_id])
    return _edit(message, text, by, at)


def right_to_edit(message: Message) -> str:
    """Return the capability that editing a message needs: buyers write to suppliers, the desk to customers."""
    return "telling.edit_to_supplier" if message.customer_id is None else "telling.edit"


def _edit(message: Message, text: str, by: AbstractBaseUser, at: datetime.datetime) -> Done[Message]:
    words = caring.words(text)
    if not superseding.take_back([message.pk], at=at):
        raise NotInTheOutbox(_("The message has left, or was dropped: nothing can be changed any more."))
    done = _done("edit_message", [message], 1, reason="", by=by, at=at)
    made = _written_anew(message, words, done.change_set, at)
    return Done(done.change_set, done.impact, made)


@act
def mark_called(task: CallTask, *, note: str = "", by: AbstractBaseUser, at: datetime.datetime) -> Done[CallTask]:
    """Record that the customer was called and now knows what the message says, unless a newer one says otherwise.

    Raises `CalledBefore`, `BadText`.
    """
    if not CallTask.objects.filter(pk=task.pk, done_at=None).update(done_at=at, done_by=by):
        raise CalledBefore(_("%(task_customer)s was called before."), task_customer=task.customer)
    marking.tell([task.message_id], unless_newer=True, at=at)
    done = _done("mark_called", [task.message], 1, reason=a_text(note.strip()), by=by, at=at)
    task.refresh_from_db()
    return Done(done.change_set, done.impact, task)


@act
def lift_suppression(
    suppression: Suppression, *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[Suppression]:
    """Mail an address again: what did not reach it and is not dealt with yet is said anew.

    Raises `MailedAlready`, `NoReason`.
    """
    why = a_reason(reason)
    if not Suppression.objects.filter(pk=suppression.pk, lifted_at=None).update(lifted_at=at):
        raise MailedAlready(_("The address is mailed already."))
    change = open_change("lift_suppression", reason=why, summary={"suppression": suppression.pk}, by=by, at=at)
    for pk in Customer.objects.filter(email__iexact=suppression.address).order_by("pk").values_list("pk", flat=True):
        repeating.say_anew(pk, at=at)
    asking.ask_unheard(suppression.address, change=change, at=at)
    suppression.refresh_from_db()
    return Done(change, Impact(), suppression)


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
        raise NotInTheOutbox(_("None of these messages waits to be sent any more."))
    change = open_change(verb, reason=reason, summary={"messages": count}, by=by, at=at)
    orders = MessageLine.objects.filter(message__in=_ids(messages)).values_list("order", flat=True)
    touch(change, kind=Touch.Kind.ORDER, ids=orders.order_by().distinct())
    return Done(change, Impact(), count)


@act
def resend(message: Message, *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[Message]:
    """Send a mail once more, word for word, to the address the customer has now.

    Raises `NotResendable` if it has not left yet, or states a date that is not the newest.
    """
    if message.customer_id is None:
        raise NotResendable(_("Ask the supplier again instead: the mail then says what is open now."))
    lock_products(message.lines.values_list("line__product", flat=True))
    if message.state in (*UNSENT, Message.State.SENDING):
        raise NotResendable(_("It has not left yet: let it leave."))
    if outdating.stating_old_dates().filter(message=message).exists():
        raise NotResendable(_("It states a date that has changed since. Write a new message instead."))
    if not message.content_hash or not message.text:
        raise NotResendable(_("Its words are kept no longer."))
    done = _done("resend_message", [message], 1, reason="", by=by, at=at)
    return Done(done.change_set, done.impact, repeating.repeat(message, occasion=f"~{done.change_set.pk}", at=at))


def _written_anew(message: Message, words: str, change: ChangeSet, at: datetime.datetime) -> Message:
    known = PersonalText.objects.filter(message=message).first()
    states = bool(known and known.states_dates)
    if message.kind == Message.Kind.MESSAGE:
        order = Order.objects.get(pk=message.lines.order_by("id").values("order")[:1])
        letter = writing.message(order, text=words, states_dates=states, occasion=f"change {change.pk}", at=at)
        made = writing.post(letter, at=at)
    elif anew := _said_anew(message, words, change, at):
        made = anew
    else:
        raise NotInTheOutbox(_("There is nothing to say any more: what the message stated has changed back."))
    if message.state == Message.State.HELD:
        intervening.hold([made.pk])
        made.refresh_from_db()
    PersonalText.objects.create(message=made, text=words, states_dates=states, change_set=change)
    return made


def _said_anew(message: Message, words: str, change: ChangeSet, at: datetime.datetime) -> Message | None:
    """Return what a customer is told or a supplier is asked now, with the words above it; None if that is nothing."""
    if message.customer_id is None:
        return asking.ask_anew(message, preface=words, change=change, at=at)
    return Message.objects.filter(
        pk__in=announcing.announce_anew(message.customer_id, preface=words, at=at)[:1]
    ).first()


def _ids(messages: Iterable[Message]) -> list[int]:
    return [message.pk for message in messages]
