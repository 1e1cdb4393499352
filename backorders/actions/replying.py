"""Replying: what customers reply to our mails becomes a question about their order, or waits for staff; never lost."""

import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions import hearing
from backorders.actions.checking import a_reason
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.changes.recording import open_change, touch
from backorders.notifications.addresses import normal
from backorders.notifications.models import Reply
from backorders.notifications.parking import is_worked_on
from backorders.notifications.threads import order_of
from backorders.orders.models import Order, Question
from backorders.refusal import Refused

BATCH = 200
NOTHING_WRITTEN = "(–)"


class DealtWith(Refused):
    """The mail became a question or was settled before."""


def take_in(*, at: datetime.datetime) -> int:
    """Work on what came in, oldest first; return how many mails were worked on. Each is an act of its own.

    One that cannot be worked on holds no other up (`parking`).
    """
    count, last = 0, 0
    to_do = Reply.objects.filter(processed_at=None).order_by("id").values_list("pk", flat=True)
    while batch := list(to_do.filter(pk__gt=last)[:BATCH]):
        count += sum(is_worked_on(Reply, pk, _take_in_one, at=at) for pk in batch)
        last = batch[-1]
    return count


@act
def _take_in_one(pk: int, *, at: datetime.datetime) -> None:
    reply = Reply.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    if reply.processed_at is not None:
        return
    order = order_of(reply.token)
    reply.order = order
    reply.is_from_customer = order is not None and normal(order.customer.email) == normal(reply.sender)
    reply.processed_at, reply.problem = at, ""
    if order is not None and reply.nature == Reply.Nature.PERSON:
        reply.question = _ask(reply, order, None, at)
    reply.save(update_fields=["order", "is_from_customer", "processed_at", "problem", "question"])


@act
def place(reply: Reply, *, order: Order, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[Question]:
    """Say which order a mail is about that came without saying so: it becomes a question. Raises `DealtWith`."""
    reply = _waiting(reply)
    asked = _ask(reply, order, by, at)
    fields = {"order": order, "question": asked, "is_from_customer": _is_from(reply, order), "processed_at": at}
    Reply.objects.filter(pk=reply.pk).update(**fields)
    return Done(asked.change_set, Impact(), asked)


@act
def settle(reply: Reply, *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[Reply]:
    """Close a mail that asks nothing of us. Raises `DealtWith`, `NoReason`."""
    reply = _waiting(reply)
    change = open_change("settle_reply", reason=a_reason(reason), summary={"reply": reply.pk}, by=by, at=at)
    if reply.order_id:
        touch(change, kind=Touch.Kind.ORDER, ids=[reply.order_id])
    Reply.objects.filter(pk=reply.pk).update(settled_at=at, processed_at=at)
    reply.refresh_from_db()
    return Done(change, Impact(), reply)


def _waiting(reply: Reply) -> Reply:
    now = Reply.objects.select_for_update(no_key=True, of=("self",)).get(pk=reply.pk)
    if now.question_id or now.settled_at:
        raise DealtWith(_("Somebody has dealt with this mail already."))
    return now


def _ask(reply: Reply, order: Order, by: AbstractBaseUser | None, at: datetime.datetime) -> Question:
    done = hearing.ask_question(
        order, text=_asked(reply, order), channel=Question.Channel.MAIL, key=f"reply {reply.pk}", by=by, at=at
    )
    return done.made


def _asked(reply: Reply, order: Order) -> str:
    """What is new in the mail, its subject if that is nothing; an address that is not the customer's stands above."""
    text = reply.text.strip() or reply.subject.strip() or NOTHING_WRITTEN
    if not _is_from(reply, order):
        text = f"[{reply.sender or '?'}]\n{text}"
    return text if len(text) <= hearing.LONGEST else text[: hearing.LONGEST - 2] + " …"


def _is_from(reply: Reply, order: Order) -> bool:
    return normal(order.customer.email) == normal(reply.sender)
