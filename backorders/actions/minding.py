"""Minding one's own desk: asking for access, reading what waits in one's inbox, and saying what comes into it."""

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.utils.timezone import get_default_timezone, localtime
from django.utils.translation import gettext_lazy as _

from backorders.access.people import name_of
from backorders.access.table import ADMINISTRATOR, NOBODY, roles_with
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.desk.models import Follow
from backorders.inbox.models import NEVER_MUTED, Mute, Notice
from backorders.inbox.posting import administrators, post
from backorders.refusal import Refused

LONGEST_ASIDE = 366  # days
MOST_FOLLOWED = 200


class NotAhead(Refused):
    """Set aside until a day that is not ahead, or too far."""


class FollowsTooMuch(Refused):
    """One person follows more than anybody reads."""


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
    words = {"person": name_of(by), "permission": permission}
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


@act
def follow(
    thing: Follow.Thing,
    object_id: int,
    *,
    name: str,
    seen: Iterable[int] = (),
    by: AbstractBaseUser,
    at: datetime.datetime,
) -> Follow:
    """Let what others do with a thing (id) from now on come into one's inbox; of a view, whoever is not `seen` in it.

    `name` is what the inbox calls it. Following again changes nothing. Raises `FollowsTooMuch`.
    """
    if Follow.objects.filter(person=by.pk).count() >= MOST_FOLLOWED:
        raise FollowsTooMuch(
            _("You follow %(most)s things already. Stop following one of them first."), most=MOST_FOLLOWED
        )
    kept = {"name": name[:200], "heard_until": at, "seen": list(seen)}
    followed, _made = Follow.objects.get_or_create(thing=thing, object_id=object_id, person_id=by.pk, defaults=kept)
    return followed


@act
def unfollow(thing: Follow.Thing, object_id: int, *, by: AbstractBaseUser) -> bool:
    """Hear no more of a thing (id); return whether one followed it. What lies in the inbox stays there."""
    return bool(Follow.objects.filter(thing=thing, object_id=object_id, person=by.pk).delete()[0])


@act
def mute(kinds: Iterable[str], *, by: AbstractBaseUser) -> list[str]:
    """Let notices of exactly these kinds wait for one unseen; return those muted. Where somebody waits, none is."""
    wanted = sorted({Notice.Kind(kind).value for kind in kinds} - set(NEVER_MUTED))
    muted = Mute.objects.filter(person=by.pk)
    muted.exclude(kind__in=wanted).delete()
    new = set(wanted) - set(muted.values_list("kind", flat=True))
    Mute.objects.bulk_create([Mute(person_id=by.pk, kind=kind) for kind in sorted(new)])
    return wanted
