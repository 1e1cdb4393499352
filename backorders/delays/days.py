"""Day rules: whole calendar days in the zone the goods are sent to; a last day counts as in time until it has ended.

The regulations do not say what a day is. These are the choices of the house, cautious where there is a choice: a
working day is Monday to Friday without the federal holidays of the United States, and a refund's days are counted from
the day after the right to it arose.
"""

import datetime
import functools
import zoneinfo

from backorders.allocation.windows import TRANSIT

DAY = datetime.timedelta(days=1)


def day_in(zone: str, at: datetime.datetime) -> datetime.date:
    """Return the calendar day of a moment in a zone; a zone nobody knows counts as UTC."""
    return at.astimezone(_zone(zone)).date()


def end_of(day: datetime.date, *, zone: str) -> datetime.datetime:
    """Return the moment at which a day ends in a zone: the next one's first."""
    return datetime.datetime.combine(day + DAY, datetime.time(), tzinfo=_zone(zone))


@functools.lru_cache(maxsize=256)
def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return zoneinfo.ZoneInfo("UTC")


def after_working_days(day: datetime.date, count: int) -> datetime.date:
    """Return the `count`-th working day after `day`, which itself is not counted."""
    while count > 0:
        day += DAY
        count -= day.weekday() < 5 and day not in federal_holidays(day.year)
    return day


def leaves_by(delivered_on: datetime.date, *, transit_days: int) -> datetime.date:
    """Return the day on which goods leave that arrive on `delivered_on`, so many working days later.

    From a day on which nothing is delivered it counts from the working day before: rather too early than too late.
    """
    day = _not_after(delivered_on)
    for _ in range(transit_days):
        day = _not_after(day - DAY)
    return day


def arrives_by(left_on: datetime.date, *, transit_days: int) -> datetime.date:
    """Return the last day on which goods may arrive that left on `left_on` or on the working day before it."""
    return TRANSIT.add(_not_after(left_on), transit_days)


def _not_after(day: datetime.date) -> datetime.date:
    while not TRANSIT.is_working(day):
        day -= DAY
    return day


@functools.lru_cache(maxsize=64)
def federal_holidays(year: int) -> frozenset[datetime.date]:
    """Return the federal holidays of the United States as observed in a year (5 U.S.C. 6103).

    One on a Saturday is observed the day before, one on a Sunday the day after. The New Year of the year after may
    be observed on 31 December.
    """
    fixed = [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)]
    days = [_observed(datetime.date(year, month, day)) for month, day in fixed]
    days.append(_observed(datetime.date(year + 1, 1, 1)))
    monday, thursday = 0, 3
    days += [_nth(year, month, monday, nth) for month, nth in ((1, 3), (2, 3), (9, 1), (10, 2))]
    days += [_last(year, 5, monday), _nth(year, 11, thursday, 4)]
    return frozenset(day for day in days if day.year == year)


def _observed(day: datetime.date) -> datetime.date:
    return day - DAY if day.weekday() == 5 else day + DAY if day.weekday() == 6 else day


def _nth(year: int, month: int, weekday: int, nth: int) -> datetime.date:
    first = datetime.date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (nth - 1)) * DAY


def _last(year: int, month: int, weekday: int) -> datetime.date:
    last = datetime.date(year + month // 12, month % 12 + 1, 1) - DAY
    return last - ((last.weekday() - weekday) % 7) * DAY
