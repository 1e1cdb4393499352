"""Working hours: when somebody is there to answer, counted on the business's clock and calendar."""

import datetime
import zoneinfo
from dataclasses import dataclass

from django.conf import settings

from backorders.allocation.windows import DAY, Calendar


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """From when until when the office is open on a working day, on the clock of the business."""

    opens: datetime.time = datetime.time(9)
    closes: datetime.time = datetime.time(18)


OFFICE = OfficeHours()


def after_working_hours(at: datetime.datetime, hours: float, *, calendar: Calendar) -> datetime.datetime:
    """Return the moment at which `hours` (> 0) of open office have passed since `at`."""
    zone = zoneinfo.ZoneInfo(settings.TIME_ZONE)
    left = datetime.timedelta(hours=hours)
    now = at.astimezone(zone)
    while True:
        opens, closes = (datetime.datetime.combine(now.date(), each, zone) for each in (OFFICE.opens, OFFICE.closes))
        now = max(now, opens)
        if calendar.is_working(now.date()) and now < closes:
            if left <= closes - now:
                return now + left
            left -= closes - now
        now = datetime.datetime.combine(now.date() + DAY, OFFICE.opens, zone)
