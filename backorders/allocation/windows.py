"""A window is when a customer receives the goods: from … until, as wide as the supplier is unreliable."""

import datetime
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


@dataclass(frozen=True, slots=True)
class WindowPolicy:
    """How windows are made: their width in days, the receipts they rest on, and when a passed date stops counting."""

    narrowest_days: int = 2
    widest_days: int = 14
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


def business_day(at: datetime.datetime) -> datetime.date:
    """Return the calendar date of the moment `at` in the business's time zone."""
    return at.astimezone(zoneinfo.ZoneInfo(settings.TIME_ZONE)).date()


def lateness(days_late: Sequence[int], *, policy: WindowPolicy = POLICY) -> Lateness | None:
    """Return the 10 % and 90 % quantiles of a supplier's latest receipts, in whole days, or None if they are too few.

    `days_late` are calendar days from ETA to receipt, negative when early, in any order. Quantiles are nearest-rank:
    the smallest value with at least that share of the receipts at or below it.
    """
    if len(days_late) < policy.receipts_needed:
        return None
    ordered = sorted(days_late)
    return Lateness(early=_nearest_rank(ordered, 0.1), late=_nearest_rank(ordered, 0.9))


def arrival(eta: Window, lateness: Lateness, *, today: datetime.date, policy: WindowPolicy = POLICY) -> Window:
    """Return when goods with this ETA reach the warehouse: the ETA moved by the supplier's own record.

    Never before today, 2 to 14 days wide: a too narrow window grows at its end, a too wide one loses its start.
    """
    first = max(eta.first + lateness.early * DAY, today)
    last = max(eta.last + lateness.late * DAY, first + policy.narrowest_days * DAY)
    return Window(max(first, last - policy.widest_days * DAY), last)


def shifted(window: Window, calendar: Calendar, *, working_days: int) -> Window:
    """Return the window moved by handling or transit days, both ends on working days."""
    return Window(calendar.add(window.first, working_days), calendar.add(window.last, working_days))


def widened(window: Window, calendar: Calendar, *, policy: WindowPolicy = POLICY) -> Window:
    """Return a window of working days as wide as the policy wants it at least, in working days.

    Handling may push both ends over the same weekend onto one day; carriers keep the distance from then on.
    """
    return Window(window.first, max(window.last, calendar.add(window.first, policy.narrowest_days)))


def latest(windows: Sequence[Window | None]) -> Window | None:
    """Return the window of what needs all its pieces: the later of the starts and ends, or None if one has none."""
    if not windows or any(window is None for window in windows):
        return None
    dated = [window for window in windows if window is not None]
    return Window(max(window.first for window in dated), max(window.last for window in dated))


def _nearest_rank(ordered: Sequence[int], share: float) -> int:
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]
