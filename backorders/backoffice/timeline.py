"""An order's timeline: every act, moved date, mail and note that concerns it, newest first."""

import datetime
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backorders.allocation.models import PromiseChange
from backorders.backoffice.acts import act_name
from backorders.backoffice.dates import short_window
from backorders.changes.models import ChangeSet, Touch
from backorders.notifications.models import Message
from backorders.orders.models import Note, Order
from backorders.supply.models import EtaRevision

SHOWN = 20
READ = 200


class Event(NamedTuple):
    """One entry: when, what it is about (for its mark), what happened, more about it, who, and where it leads."""

    at: datetime.datetime
    kind: str
    title: str
    text: str = ""
    by: str = ""
    url: str = ""
    link: str = ""


def events(order: Order) -> list[Event]:
    """Return the order's timeline, newest first; of each kind the latest `READ`."""
    found = [*_acts(order), *_moves(order), *_mails(order), *_notes(order)]
    return sorted(found, key=lambda event: event.at, reverse=True)


def _acts(order: Order) -> Iterator[Event]:
    touched = ChangeSet.objects.filter(touches__kind=Touch.Kind.ORDER, touches__object_id=order.pk)
    for change in touched.select_related("by").order_by("-at", "-id")[:READ]:
        yield Event(change.at, "act", act_name(change.act), change.reason, _who(change), *_change_link(change.pk))


def _moves(order: Order) -> Iterator[Event]:
    moves = PromiseChange.objects.filter(line__order=order).select_related("line__product", "change_set__by")
    latest = list(moves.order_by("-at", "-id")[:READ])
    said = {
        revision.change_set_id: revision
        for revision in EtaRevision.objects.filter(
            change_set__in={move.change_set_id for move in latest},
            purchase_line__product__in={move.line.product_id for move in latest},
        )
    }
    for move in latest:
        was, becomes = short_window(move.old_from, move.old_until), short_window(move.new_from, move.new_until)
        title = _("%(product)s: expected %(was)s → %(becomes)s") % {
            "product": move.line.product.name,
            "was": was,
            "becomes": becomes,
        }
        why = _why(move.change_set, said.get(move.change_set_id))
        yield Event(move.at, "date", title, why, _who(move.change_set), *_change_link(move.change_set_id))


def _mails(order: Order) -> Iterator[Event]:
    messages = Message.objects.filter(lines__order=order).distinct()
    for message in messages.defer("html", "text", "headers").order_by("-created_at", "-id")[:READ]:
        state = message.get_state_display()
        if message.delivery:
            state = f"{state}, {message.get_delivery_display()}"
        text = f"{capfirst(message.get_kind_display())} · {message.recipient} · {state}"
        url = reverse("admin:message", args=[message.pk])
        yield Event(
            message.accepted_at or message.created_at,
            "mail",
            message.subject or str(message),
            text,
            "",
            url,
            _("View as sent"),
        )


def _notes(order: Order) -> Iterator[Event]:
    for note in Note.objects.filter(order=order).select_related("by").order_by("-at", "-id")[:READ]:
        yield Event(note.at, "note", note.text, "", note.by.get_username())


def _why(change: ChangeSet, revision: EtaRevision | None) -> str:
    if revision is None:
        return act_name(change.act)
    said = f"{act_name(change.act)}: {revision.get_reason_code_display()}"
    return f"{said}. {revision.note}" if revision.note else said


def _who(change: ChangeSet) -> str:
    return change.by.get_username() if change.by else str(change.get_source_display())


def _change_link(pk: int) -> tuple[str, str]:
    return reverse("admin:change_set", args=[pk]), _("Change %(number)s") % {"number": pk}


def day_groups(found: list[Event]) -> list[tuple[datetime.date, list[Any]]]:
    """Return the events by their local day, in the same order."""
    groups: dict[datetime.date, list[Any]] = {}
    for event in found:
        groups.setdefault(event.at.astimezone().date(), []).append(event)
    return list(groups.items())
