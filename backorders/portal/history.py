"""What was said about an order before: the dates we told, why the last one moved, what was asked and answered."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from backorders.allocation.models import Promise
from backorders.allocation.reasons import given_reasons
from backorders.allocation.windows import Window, business_day
from backorders.notifications import dates
from backorders.notifications.letters import ABOUT_DATES
from backorders.notifications.models import Message, MessageLine
from backorders.orders.models import Order
from backorders.portal.words import moment

SHOWN = 10
REASONS = {
    "production": gettext_noop("The reason: production takes longer than planned."),
    "part_shortage": gettext_noop("The reason: the manufacturer is short of a part."),
    "transport": gettext_noop("The reason: the transport to our warehouse takes longer."),
    "customs": gettext_noop("The reason: the goods are held up at customs."),
    "silence": gettext_noop("The reason: our supplier has not confirmed a date."),
}

Said = tuple[datetime.datetime, Window | None]


class Earlier(NamedTuple):
    """What we said before: on which day, and what it was (empty: that there is no date)."""

    said: str
    what: str


class Asked(NamedTuple):
    """A question of the customer, our answer, and when it came or is to come."""

    text: str
    answer: str
    is_answered: bool
    when: str


def said_before(order: Order, waits: Sequence[Promise]) -> list[Said]:
    """Return what the customer was told of what is open, newest first, each change once; the first promise is last."""
    lines = [promise.line_id for promise in waits]
    told = MessageLine.objects.filter(
        line__in=lines, promise_version__isnull=False, message__state=Message.State.ACCEPTED
    )
    found: list[Said] = [(order.placed_at, _first(promise)) for promise in waits[:1]]
    rows = told.order_by("message__accepted_at", "id").values_list(
        "message__accepted_at", "window_from", "window_until"
    )
    found += [(at, Window.between(first, last)) for at, first, last in rows if at]
    changes = [one for number, one in enumerate(found) if not number or one[1] != found[number - 1][1]]
    return changes[::-1]


def _first(promise: Promise) -> Window | None:
    return Window.between(promise.line.first_from, promise.line.first_until)


def in_words(said: Sequence[Said], language: str) -> list[Earlier]:
    """Return what was said before in words, the latest first."""
    return [
        Earlier(dates.day_in_words(business_day(at), language), dates.in_words(window, language) if window else "")
        for at, window in said[:SHOWN]
    ]


def reason(waits: Sequence[Promise]) -> str:
    """Return why the dates moved last, if that is the same for all of them and may be said."""
    reasons = given_reasons([promise.line_id for promise in waits])
    codes = {reasons.get(promise.line_id, "") for promise in waits}
    return str(_(REASONS[code])) if len(codes) == 1 and (code := codes.pop()) in REASONS else ""


def last_update(order: Order) -> int:
    """Return the id of the last mail about the order's dates that was sent, or 0."""
    mails = Message.objects.filter(lines__order=order, kind__in=ABOUT_DATES, state=Message.State.ACCEPTED)
    return mails.order_by("-accepted_at", "-id").values_list("id", flat=True).first() or 0


def questions(order: Order, language: str) -> list[Asked]:
    """Return what the customer asked, latest first, with the answer or the time by which it comes."""
    zone = order.customer.time_zone
    return [
        Asked(
            asked.text,
            asked.answer,
            asked.answered_at is not None,
            moment(asked.answered_at or asked.answer_due_at, zone, language),
        )
        for asked in order.questions.order_by("-asked_at", "-id")[:SHOWN]
    ]
