"""An order's timeline: every act, moved date, mail and note that concerns it, newest first."""

import datetime
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Count
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.allocation.models import PromiseChange
from backorders.allocation.reasons import words_behind
from backorders.allocation.windows import business_day
from backorders.backoffice.dates import short_window
from backorders.backoffice.masking import masked
from backorders.backoffice.zones import local
from backorders.changes.acts import act_name, why
from backorders.changes.models import ChangeSet, Touch
from backorders.notifications.models import Message, Reply
from backorders.orders.models import Note, Order, Question
from backorders.searching import folded
from backorders.supply.models import EtaRevision

SHOWN = 20
READ = 200

# What the chips above the timeline show, by the kind of entry.
FILTERS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "": (gettext_lazy("All"), ("act", "date", "mail", "note", "stock", "said")),
    "customer": (gettext_lazy("Customer"), ("mail", "said")),
    "eta": (gettext_lazy("ETA"), ("date",)),
    "stock": (gettext_lazy("Stock"), ("stock",)),
    "notes": (gettext_lazy("Notes"), ("note",)),
    "system": (gettext_lazy("System"), ("act",)),
}
# The headings of the timeline: up to how many days ago, by the business's calendar, an entry stands under each.
PERIODS: tuple[tuple[int | None, Any], ...] = (
    (0, gettext_lazy("Today")),
    (1, gettext_lazy("Yesterday")),
    (7, gettext_lazy("Last 7 days")),
    (30, gettext_lazy("Last 30 days")),
    (None, gettext_lazy("Earlier")),
)
_YESTERDAY = 1
_KINDS = {
    **dict.fromkeys(("receive", "ship", "return_to_stock", "adjust_stock"), "stock"),
    **dict.fromkeys(
        ("confirm_delivery", "mark_called", "compensate", "place_order", "settle_question", "settle_reply"), "said"
    ),
    "give_compensation": "said",
}
# The mail itself stands in the timeline, and so do the customer's own words.
_TOLD_BY_MAIL = ("write_message", "edit_message", "resend_message", "answer_question", "ask_question")


class Event(NamedTuple):
    """One entry: when, what it is about (for its mark), what happened, more about it, who, and where it leads."""

    at: datetime.datetime
    kind: str
    title: str
    text: str = ""
    by: str = ""
    url: str = ""
    link: str = ""
    message: Message | None = None


class Period(NamedTuple):
    """Entries under one heading; whether it holds several days, so that each entry needs its own."""

    name: str
    is_of_days: bool
    events: list[Event]


def events(order: Order, *, show: str = "", find: str = "") -> list[Event]:
    """Return the order's timeline, newest first; of each kind the latest `READ`.

    `show` is one of the `FILTERS`; `find` is part of what an entry says, in any case, with or without Turkish letters.
    """
    found = [*_acts(order), *_moves(order), *_mails(order), *_notes(order), *_questions(order), *_replies(order)]
    kinds = FILTERS.get(show, FILTERS[""])[1]
    shown = (event for event in found if event.kind in kinds and folded(find) in folded(_said(event)))
    return sorted(shown, key=lambda event: event.at, reverse=True)


def _said(event: Event) -> str:
    return f"{event.title} {event.text} {event.by} {event.link}"


def _acts(order: Order) -> Iterator[Event]:
    touched = ChangeSet.objects.filter(touches__kind=Touch.Kind.ORDER, touches__object_id=order.pk)
    for change in touched.exclude(act__in=_TOLD_BY_MAIL).select_related("by", "undoes").order_by("-at", "-id")[:READ]:
        yield Event(
            change.at,
            _KINDS.get(change.act, "act"),
            act_name(change.act),
            why(change),
            _who(change),
            *_change_link(change.pk),
        )


def _moves(order: Order) -> Iterator[Event]:
    moves = PromiseChange.objects.filter(line__order=order).select_related("line__product", "change_set__by")
    latest = list(moves.order_by("-at", "-id")[:READ])
    products = {move.line.product_id for move in latest}
    said = words_behind({move.change_set_id for move in latest}, products=products)
    for move in latest:
        was, becomes = short_window(move.old_from, move.old_until), short_window(move.new_from, move.new_until)
        title = _("%(product)s: expected %(was)s → %(becomes)s") % {
            "product": move.line.product.name,
            "was": was,
            "becomes": becomes,
        }
        why = _why(move.change_set, said.get((move.change_set_id, move.line.product_id)))
        yield Event(move.at, "date", title, why, _who(move.change_set), *_change_link(move.change_set_id))


def _mails(order: Order) -> Iterator[Event]:
    messages = Message.objects.filter(lines__order=order).distinct().select_related("personal_text__change_set__by")
    for message in messages.defer("html", "text", "headers").order_by("-created_at", "-id")[:READ]:
        said = [
            capfirst(str(message.get_kind_display())),
            message.language.upper(),
            masked(message.recipient),
            _state_words(message),
        ]
        written = getattr(message, "personal_text", None)
        yield Event(
            message.accepted_at or message.created_at,
            "mail",
            message.subject or str(message),
            " · ".join(said),
            _who(written.change_set) if written else "",
            reverse("admin:message", args=[message.pk]),
            _("View as sent") if message.accepted_at else _("View"),
            message,
        )


def _state_words(message: Message) -> str:
    """How far the mail got, in a few words: when it leaves, or what became of it."""
    if message.state == Message.State.PENDING:
        return _("in the outbox, leaves %(time)s") % {"time": date_format(local(message.not_before), "H:i")}
    state = str(message.get_state_display())
    return f"{state}, {message.get_delivery_display()}" if message.delivery else state


def _notes(order: Order) -> Iterator[Event]:
    for note in Note.objects.filter(order=order).select_related("by").order_by("-at", "-id")[:READ]:
        yield Event(note.at, "note", note.text, "", note.by.get_username())


def _questions(order: Order) -> Iterator[Event]:
    asked = Question.objects.filter(order=order).select_related("answered_by", "change_set__by")
    for question in asked.order_by("-asked_at", "-id")[:READ]:
        channel = _("asked by: %(channel)s") % {"channel": question.get_channel_display()}
        yield Event(question.asked_at, "said", question.text, channel, _who(question.change_set))


def _replies(order: Order) -> Iterator[Event]:
    """Mails that came in, with what the question above them leaves out: who wrote, from where, what is folded."""
    replies = Reply.objects.filter(order=order).annotate(kept=Count("files"))
    for reply in replies.defer("text", "folded").order_by("-received_at", "-id")[:READ]:
        said = [_("Mail from %(sender)s") % {"sender": masked(reply.sender)}]
        if not reply.is_from_customer:
            said.append(_("not the customer's address"))
        if reply.nature != Reply.Nature.PERSON:
            said.append(str(reply.get_nature_display()))
        if reply.kept:
            said.append(_("attached: %(count)s") % {"count": reply.kept})
        if missing := reply.not_kept(reply.kept):
            said.append(_("attached, not kept: %(count)s") % {"count": missing})
        url = reverse("admin:notifications_reply_change", args=[reply.pk])
        yield Event(reply.received_at, "said", reply.subject, " · ".join(said), "", url, _("Whole mail"))


def _why(change: ChangeSet, revision: EtaRevision | None) -> str:
    """Why a date moved: the supplier's old and new date with its reason and source, or the act."""
    if revision is None:
        return act_name(change.act)
    eta = _("ETA %(was)s → %(becomes)s, %(sure)s") % {
        "was": short_window(revision.old_on, revision.old_until),
        "becomes": short_window(revision.new_on, revision.new_until),
        "sure": revision.get_new_confidence_display(),
    }
    said = f"{act_name(change.act)}: {revision.get_reason_code_display()}"
    source = _("said by: %(source)s") % {"source": revision.get_source_display()}
    return ". ".join(part for part in (said, revision.note, eta, source) if part)


def _who(change: ChangeSet) -> str:
    return change.by.get_username() if change.by else str(change.get_source_display())


def _change_link(pk: int) -> tuple[str, str]:
    return reverse("admin:change_set", args=[pk]), _("Change %(number)s") % {"number": pk}


def periods(found: Iterable[Event], *, today: datetime.date) -> list[Period]:
    """Return the events, newest first, under the headings of `PERIODS` that hold any, in the same order."""
    groups = groupby(found, key=lambda event: _period((today - business_day(event.at)).days))
    return [Period(str(PERIODS[number][1]), number > _YESTERDAY, list(events)) for number, events in groups]


def _period(days_ago: int) -> int:
    return next(number for number, (until, _name) in enumerate(PERIODS) if until is None or days_ago <= until)
