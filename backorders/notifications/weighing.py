"""What is worth telling, and whether now is the time: pure rules over plain values."""

import datetime
import zoneinfo
from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings

from backorders.allocation.windows import Window, business_day
from backorders.notifications.models import Message
from backorders.notifications.policy import TellingPolicy

Kind = Message.Kind


class Gap(NamedTuple):
    """A difference worth telling: when it opened, when it last moved, what the customer knows, and the slip (in days;
    None: a date came or went)."""

    since: datetime.datetime
    changed_at: datetime.datetime
    told: Window | None
    slip_days: int | None = None


def worth_telling(expected: Window | None, announced: Window | None, *, policy: TellingPolicy) -> Kind | None:
    """Return the kind of message the difference deserves, or None if the customer need not hear of it.

    Later by a day, a date that appeared or vanished: always. Earlier only when the goods may come before what was
    announced and one of its ends moved by at least `earlier_by_days`; inside the announced window never.
    """
    if expected == announced:
        return None
    if expected is None:
        return Kind.NO_DATE
    if announced is None:
        return Kind.EARLIER
    if expected.last > announced.last:
        return Kind.LATER
    if expected.first >= announced.first:
        return None
    by = max(announced.first - expected.first, announced.last - expected.last).days
    return Kind.EARLIER if by >= policy.earlier_by_days else None


def is_imminent(told: Window | None, *, at: datetime.datetime, policy: TellingPolicy) -> bool:
    """Whether what the customer was told begins within the imminent time, or has begun."""
    return told is not None and told.first <= business_day(at + policy.imminent)


def is_quiet(gaps: Iterable[Gap], *, at: datetime.datetime, policy: TellingPolicy) -> bool:
    """Whether the customer's changes have come to rest: long enough since the last, or too long since the first."""
    gaps = list(gaps)
    imminent = any(is_imminent(gap.told, at=at, policy=policy) for gap in gaps)
    rest = policy.quiet_if_imminent if imminent else policy.quiet
    return (
        at >= max(gap.changed_at for gap in gaps) + rest or at >= min(gap.since for gap in gaps) + policy.longest_quiet
    )


def is_capped(
    gaps: Iterable[Gap],
    *,
    last_word_at: datetime.datetime | None,
    at: datetime.datetime,
    policy: TellingPolicy,
) -> bool:
    """Whether the customer heard of a date too short a time ago to hear of one again; never if a date presses."""
    if last_word_at is None or at >= last_word_at + policy.cap:
        return False
    return not any(_presses(gap, at=at, policy=policy) for gap in gaps)


def _presses(gap: Gap, *, at: datetime.datetime, policy: TellingPolicy) -> bool:
    """Whether the customer would soon wait in vain: the date is imminent and slips by more than a little.

    A slip of a day or two may wait until the window they know ends.
    """
    if gap.told is None or not is_imminent(gap.told, at=at, policy=policy):
        return False
    is_small = gap.slip_days is not None and abs(gap.slip_days) <= policy.apology_beyond_days
    return not is_small or gap.told.last <= business_day(at)


def is_sorry(slip_days: int | None, *, is_repeated: bool, policy: TellingPolicy) -> bool:
    """Whether a later date deserves an apology: more than a small slip, or not the first. None: no date any more."""
    return slip_days is None or slip_days > policy.apology_beyond_days or is_repeated


def out_of_quiet(moment: datetime.datetime, *, policy: TellingPolicy) -> datetime.datetime:
    """Return when a mail leaves that might leave at this moment: then, or when the quiet hours are over."""
    if policy.quiet_hours is None:
        return moment
    first, last = policy.quiet_hours
    local = moment.astimezone(zoneinfo.ZoneInfo(settings.TIME_ZONE))
    is_evening, is_morning = local.hour >= first, local.hour < last
    if not (is_evening and is_morning if first < last else is_evening or is_morning):
        return moment
    end = local.replace(hour=last, minute=0, second=0, microsecond=0)
    return (end if is_morning else end + datetime.timedelta(days=1)).astimezone(datetime.UTC)


def next_update_on(window: Window | None, *, at: datetime.datetime, policy: TellingPolicy) -> datetime.date:
    """Return the day by which the customer hears again even if nothing changes: before the goods come, or after the
    longest silence.

    Whoever has just been told a date that is near needs no reminder of it; the start of overdue goods stays near, day
    after day.
    """
    today = business_day(at)
    silence = today + datetime.timedelta(days=policy.silence_days)
    if window is None:
        return silence
    nears = window.first - datetime.timedelta(days=policy.approaching_days)
    if (nears - today).days >= policy.approaching_after_days:
        return min(silence, nears)
    return max(silence, window.last + datetime.timedelta(days=1))
