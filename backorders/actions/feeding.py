"""Feeding calendars: a person's secret address at which their calendar reads what is expected, until it is revoked."""

import datetime
import secrets

from django.contrib.auth.models import AbstractBaseUser

from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.notifications.links import hashed
from backorders.supply.models import CalendarLink


@act
def make_calendar_link(*, by: AbstractBaseUser, at: datetime.datetime) -> Done[str]:
    """Make the person a new secret address, and return its token: it is kept only as its hash. An older one ends."""
    token = secrets.token_urlsafe(24)
    change = open_change("make_calendar_link", by=by, at=at)
    CalendarLink.objects.update_or_create(person_id=by.pk, defaults={"digest": hashed(token), "made_at": at})
    return Done(change, Impact(), token)


@act
def revoke_calendar_link(*, by: AbstractBaseUser, at: datetime.datetime) -> Done[None]:
    """End the person's secret address."""
    change = open_change("revoke_calendar_link", by=by, at=at)
    CalendarLink.objects.filter(person_id=by.pk).delete()
    return Done(change, Impact(), None)
