"""Hearing: what customers ask and how they found it, kept where those who answer will see it."""

import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import a_text
from backorders.actions.done import Done
from backorders.actions.keys import known_act, same_content
from backorders.allocation.hours import after_working_hours
from backorders.allocation.impact import Impact
from backorders.allocation.windows import Calendar
from backorders.changes.acting import act
from backorders.changes.models import Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.orders.models import Feedback, Order, OrderLine, Question
from backorders.refusal import Refused
from backorders.supply.models import Holiday, Warehouse

HOURS_TO_ANSWER = 4  # working hours
LONGEST = 4000


class NothingAsked(Refused):
    """A question or feedback that says nothing, or more than can be read."""


class BadMark(Refused):
    """A mark that is not on its scale."""


@act
def ask_question(
    order: Order,
    *,
    text: str,
    channel: str = Question.Channel.PAGE,
    line: OrderLine | None = None,
    key: str | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[Question]:
    """Keep what a customer asks about an order (or one of its lines); `by` is who wrote it down for them, if anybody.

    The same key asks once. Raises `NothingAsked`, `BadText`, `KeyTaken`.
    """
    text = _words(text)
    if known := known_act("ask_question", key=key):
        asked = Question.objects.get(change_set=known)
        same_content(is_same=asked.order_id == order.pk and asked.text == text)
        return Done(known, Impact(), asked)
    source = None if by else Source.CUSTOMER
    change = open_change("ask_question", key=key, source=source, summary={"questions": 1}, by=by, at=at)
    made = Question.objects.create(
        order=order,
        line=line,
        change_set=change,
        channel=Question.Channel(channel),
        text=text,
        asked_at=at,
        answer_due_at=after_working_hours(at, HOURS_TO_ANSWER, calendar=_calendar()),
    )
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    return Done(change, Impact(), made)


@act
def give_feedback(
    order: Order,
    *,
    occasion: str,
    about: int = 0,
    csat: int | None = None,
    nps: int | None = None,
    was_helpful: bool | None = None,
    text: str = "",
    at: datetime.datetime,
) -> Feedback:
    """Keep how a customer found an order or an update; the first answer to one occasion stands and is returned.

    `csat` is 1 to 5, `nps` 0 to 10. Raises `NothingAsked`, `BadMark`, `BadText`.
    """
    text = a_text(text.strip())[:LONGEST]
    if csat is None and nps is None and was_helpful is None and not text:
        raise NothingAsked(_("Choose a mark or write a sentence."))
    if (csat is not None and not 1 <= csat <= 5) or (nps is not None and not 0 <= nps <= 10):
        raise BadMark(_("Choose one of the marks."))
    said = {"csat": csat, "nps": nps, "was_helpful": was_helpful, "text": text, "at": at}
    occasion = Feedback.Occasion(occasion)
    return Feedback.objects.get_or_create(order=order, occasion=occasion, about=about, defaults=said)[0]


def _calendar() -> Calendar:
    """The days on which somebody answers: the office keeps the holidays of the first warehouse."""
    first = Warehouse.objects.order_by("rank", "id").values("id")[:1]
    return Calendar(frozenset(Holiday.objects.filter(warehouse__in=first).values_list("on", flat=True)))


def _words(text: str) -> str:
    text = a_text(text.strip())
    if not text:
        raise NothingAsked(_("Write your question first."))
    if len(text) > LONGEST:
        raise NothingAsked(
            _("A question has at most %(longest)s signs; this one has %(len)s."), longest=LONGEST, len=len(text)
        )
    return text
