"""Minding one's own desk: asking for access, and reading what waits in one's inbox."""

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.utils.timezone import get_default_timezone, localtime
from django.utils.translation import gettext_lazy as _

from backorders.access.table import ADMINISTRATOR, NOBODY, roles_with
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.inbox.models import Notice
from backorders.inbox.posting import administrators, post
from backorders.refusal import Refused

LONGEST_ASIDE = 366  # days


class NotAhead(Refused):
    """Set aside until a day that is not ahead, or too far."""


class NothingToAsk(Refused):
    """Asked for something that no role has, or that one has already."""


@act
def ask_for_access(permission: str, *, by: AbstractBaseUser, at: datetime.datetime) -> int:
    """Tell the administrators that somebody needs what their role does not have; return how many hear of it.

    Asking again while nobody has read it counts it up. Raises `NothingToAsk`.
    """
    if roles_with(permission) == NOBODY:
        raise NothingToAsk(_("No role has this."))
    if by.has_perm(permission):  # type: ignore[attr-defined]  # staff have permissions
        raise NothingToAsk(_("Your role has this already."))
    to = administrators(ADMINISTRATOR)
    words = {"person": by.get_username(), "permission": permission}
    key = f"access:{by.pk}:{permission}"
    post(Notice.Kind.ACCESS_ASKED, to=to, key=key, object_id=by.pk, words=words, at=at)
    return len(to)


@act
def mark_read(notices: Iterable[int], *, by: AbstractBaseUser, at: datetime.datetime) -> int:
    """Mark one's own notices (ids) as read; return how many were unread. Others' are left alone."""
    return Notice.objects.filter(pk__in=notices, person=by.pk, read_at=None).update(read_at=at)


@act
def set_aside(notices: Iterable[int], *, until: datetime.date, by: AbstractBaseUser, at: datetime.datetime) -> int:
    """Let one's own unread notices (ids) come back on the morning of a day; return how many. Raises `NotAhead`."""
    if until <= business_day(at):
        raise NotAhead(_("Choose a day after today: until then it is set aside."))
    if (until - business_day(at)).days > LONGEST_ASIDE:
        raise NotAhead(_("Choose a day within a year."))
    morning = at + datetime.timedelta(days=(until - business_day(at)).days)
    return Notice.objects.filter(pk__in=notices, person=by.pk, read_at=None).update(aside_until=_start_of(morning))


@act
def take_up_again(notices: Iterable[int], *, by: AbstractBaseUser) -> int:
    """Bring back what one set aside (ids); return how many there were."""
    return Notice.objects.filter(pk__in=notices, person=by.pk, aside_until__isnull=False).update(aside_until=None)


def _start_of(moment: datetime.datetime) -> datetime.datetime:
    return localtime(moment, get_default_timezone()).replace(hour=0, minute=0, second=0, microsecond=0)


@act
def mark_unread(notices: Iterable[int], *, by: AbstractBaseUser) -> int:
    """Let one's own notices wait again; one whose like waits already stays read. Return how many there are."""
    waiting = Notice.objects.filter(person=by.pk, read_at=None).values("key")
    again = Notice.objects.filter(pk__in=notices, person=by.pk, read_at__isnull=False).exclude(key__in=waiting)
    latest = {key: pk for pk, key in again.order_by("at", "id").values_list("pk", "key")}
    return Notice.objects.filter(pk__in=latest.values()).update(read_at=None)
