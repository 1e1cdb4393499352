"""Reporting: what the mail provider said and could not be worked on is taken up again when people say so."""

import datetime
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.access.checking import allowed
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.notifications.models import SET_ASIDE, MessageLine, ProviderEvent
from backorders.notifications.tracking import process_events
from backorders.refusal import Refused

# More of them are left to the clock: nobody waits for a page that long.
AT_ONCE = 200


class NothingSetAside(Refused):
    """None of these reports waits for somebody to take it up."""


class Tried(NamedTuple):
    """What became of reports that were tried again: how many, how many were worked on, how many wait for the clock."""

    reports: int
    worked_on: int
    waiting: int


@allowed
def try_again(events: Iterable[int], *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[Tried]:
    """Work once more on reports of the provider (ids) that were set aside, as if they had just come in.

    A few are worked on before this returns, many by the clock. What was worked on before, or is tried by itself, is
    left alone, so nothing has an effect twice. Raises `NothingSetAside`.
    """
    change, ids = _take_up(sorted(set(events)), by=by, at=at)
    if len(ids) <= AT_ONCE:
        process_events(at=at)
    tried = ProviderEvent.objects.filter(pk__in=ids)
    worked_on, waiting = tried.filter(problem="").count(), tried.filter(processed_at=None, attempts=0).count()
    return Done(change, Impact(), Tried(len(ids), worked_on, waiting))


@act
def _take_up(
    events: Sequence[int], *, by: AbstractBaseUser | None, at: datetime.datetime
) -> tuple[ChangeSet, list[int]]:
    aside = ProviderEvent.objects.select_for_update(no_key=True, of=("self",)).filter(SET_ASIDE, pk__in=events)
    ids = list(aside.order_by("id").values_list("pk", flat=True))
    if not ids:
        raise NothingSetAside(_("None of these reports waits for somebody any more."))
    change = open_change("try_reports_again", summary={"reports": len(ids)}, by=by, at=at)
    orders = MessageLine.objects.filter(message__events__in=ids).values_list("order", flat=True)
    touch(change, kind=Touch.Kind.ORDER, ids=orders.order_by().distinct())
    ProviderEvent.objects.filter(pk__in=ids).update(processed_at=None, attempts=0)
    return change, ids
