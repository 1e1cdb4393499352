"""A window is when a customer receives the goods: from … until, as wide as the supplier is unreliable."""

import datetime
import functools
import math
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings

DAY = datetime.timedelta(days=1)


class Window(NamedTuple):
    """The first and the last day on which the customer may receive the goods; `None` in its place means: no date."""

    first: datetime.date
    last: datetime.date

    @classmethod
    @functools.lru_cache(maxsize=4096)
    def between(cls, first: datetime.date | None, last: datetime.date | None) -> "Window | None":
        """Return the window that two columns hold, or None where they hold no date. Lines share few windows: kept."""
        return cls(first, last) if first is not None and last is not None else None

    def is_over(self, today: datetime.date) -> bool:
        """Whether its last day has passed."""
        return self.last < today


@dataclass(frozen=True, slots=True)
class WindowPolicy:
    """How windows are made: their width in days, by how much overdue goods are put off, the receipts they rest on."""

    narrowest_days: int = 2
    widest_days: int = 14
    put_off_days: int = 7
    receipts_needed: int = 8
    receipts_read: int = 50


POLICY = WindowPolicy()


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many calendar days after the ETA goods arrive: 10 % come by `early`, 90 % by `late`."""

    early: int
    late: int
    is_estimate: bool = False


class Calendar:
    """The working days of a warehouse: Monday to Friday without its holidays."""

    def __init__(self, holidays: frozenset[datetime.date] = frozenset()) -> None:
        self.holidays = holidays

    def is_working(self, day: datetime.date) -> bool:
        """Whether the warehouse works on `day`."""
        return day.weekday() < 5 and day not in self.holidays

    def add(self, day: datetime.date, working_days: int) -> datetime.date:
        """Return the working day that lies `working_days` (≥ 0) after `day`; with 0 the first one not before it."""
        while not self.is_working(day):
            day += DAY
        while working_days > 0:
            day += DAY
            working_days -= self.is_working(day)
        return day


# Parcels travel on weekdays; which holidays a carrier keeps is not known to us.
TRANSIT = Calendar()


def business_day(at: datetime.datetime) -> datetime.date:
    """Return the calendar date of the moment `at` in the business's time zone."""
    return at.astimezone(zoneinfo.ZoneInfo(settings.TIME_ZONE)).date()


def lateness(days_late: Sequence[int]) -> Lateness | None:
    """Return the 10 % and 90 % quantiles of a supplier's latest receipts, in whole days, or None if they are too few.

    `days_late` are calendar days from ETA to receipt, negative when early, in any order. Quantiles are nearest-rank:
    the smallest value with at least that share of the receipts at or below it.
    """
    if len(days_late) < POLICY.receipts_needed:
        return None
    ordered = sorted(days_late)
    return Lateness(early=_nearest_rank(ordered, 0.1), late=_nearest_rank(ordered, 0.9))


def arrival(eta: Window, lateness: Lateness) -> Window:
    """Return when goods with this ETA reach the warehouse: the ETA moved by the supplier's own record.

    2 to 14 days wide: a too narrow window grows at its end, a too wide one loses its start.
    """
    first = eta.first + lateness.early * DAY
    last = max(eta.last + lateness.late * DAY, first + POLICY.narrowest_days * DAY)
    return Window(max(first, last - POLICY.widest_days * DAY), last)


def shifted(window: Window, calendar: Calendar, *, working_days: int) -> Window:
    """Return the window moved by handling or transit days, both ends on working days."""
    return Window(calendar.add(window.first, working_days), calendar.add(window.last, working_days))


def widened(window: Window, calendar: Calendar) -> Window:
    """Return a window of working days as wide as the policy wants it at least, in working days.

    Handling may push both ends over the same weekend onto one day; carriers keep the distance from then on.
    """
    return Window(window.first, max(window.last, calendar.add(window.first, POLICY.narrowest_days)))


def put_off(window: Window, calendar: Calendar, *, earliest: datetime.date, is_overdue: bool) -> Window:
    """Return what is left of a window of working days for goods that did not come so far: never before `earliest`.

    As long as their ETA has not passed the window keeps its end. So it does when they are overdue, until less than its
    narrowest width is left: from then on nobody knows for how long, and the end is put off by whole weeks, so that a
    customer hears of it once a week and not every day anew.
    """
    first = max(window.first, earliest)
    if not is_overdue:
        return Window(first, max(window.last, first))
    needed = calendar.add(first, POLICY.narrowest_days)
    if needed <= window.last:
        return Window(first, window.last)
    steps = math.ceil((needed - window.last).days / POLICY.put_off_days)
    return Window(first, calendar.add(window.last + steps * POLICY.put_off_days * DAY, 0))


def latest(windows: Sequence[Window | None]) -> Window | None:
    """Return the window of what needs all its pieces: the later of the starts and ends, or None if one has none."""
    if not windows or any(window is None for window in windows):
        return None
    dated = [window for window in windows if window is not None]
    return Window(max(window.first for window in dated), max(window.last for window in dated))


def slip_days(expected_until: datetime.date | None, told_until: datetime.date | None) -> int | None:
    """Return the slip: expected-until − told-until in days; None where one of them has no date."""
    if expected_until is None or told_until is None:
        return None
    return (expected_until - told_until).days


def _nearest_rank(ordered: Sequence[int], share: float) -> int:
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]
