"""Pausing: whom an import moved a moment ago hears from staff alone for a day, unless a date presses."""

import datetime
import functools
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Max, QuerySet
from django.utils.translation import gettext_lazy as _

from backorders.actions.done import Done
from backorders.actions.revising import tell_later
from backorders.allocation.impact import Impact
from backorders.allocation.models import PromiseChange
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.importing.models import Import, ImportRow
from backorders.importing.opening import NotReady
from backorders.notifications import intervening
from backorders.notifications.letters import ABOUT_DATES
from backorders.notifications.models import Message, MessageLine
from backorders.notifications.policy import TELLING

State = Message.State


def is_in_quiet_period(mine: Import, *, at: datetime.datetime) -> bool:
    """Whether mails of what was applied may still be held back by the quiet period."""
    return mine.applied_at is not None and at - mine.applied_at < TELLING.quiet


@functools.partial(act, capability="revising.revise_eta")
def pause_mails(mine: Import, *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[int]:
    """Let those whom an import moved hear of it from staff alone for a day, as if it had been saved to tell later.

    A date that presses is told all the same. What was queued of it already is held until the desk releases it. Returns
    how many customers that concerns. Raises `NotReady` once its quiet period is over, and where nobody moved.
    """
    if not is_in_quiet_period(mine, at=at):
        raise NotReady(_("Its mails may have left. Hold what has not in the outbox."))
    moved = PromiseChange.objects.filter(change_set__in=_changes(mine)).order_by()
    customers = set(moved.values_list("line__order__customer", flat=True).distinct())
    if not customers:
        raise NotReady(_("This import moved nobody."))
    about = MessageLine.objects.filter(line__in=moved.values("line"))
    queued = Message.objects.filter(pk__in=about.values("message"), created_at__gte=mine.applied_at)
    ids = list(queued.filter(state__in=(State.PENDING, State.RETRY), kind__in=ABOUT_DATES).values_list("pk", flat=True))
    summary: dict[str, Any] = {"import": mine.pk, "customers": len(customers), "messages": ids}
    change = open_change("hold_messages", reason=str(mine), summary=summary, by=by, at=at)
    intervening.hold(ids)
    tell_later(customers, change, at=at)
    return Done(change, Impact(), len(customers))


def paused_until(mine: Import, *, at: datetime.datetime) -> datetime.datetime | None:
    """Return until when customers hear nothing by itself of what an import moved, if somebody paused it."""
    until: datetime.datetime | None = mine.later_words.filter(until__gt=at).aggregate(until=Max("until"))["until"]
    return until


def _changes(mine: Import) -> "QuerySet[ImportRow, Any]":
    applied = mine.rows.filter(state=ImportRow.State.APPLIED, change_set__isnull=False)
    return applied.order_by().values("change_set")
