"""Working hours count only while the office is open, on the business's clock."""

import datetime
import zoneinfo

import pytest

from backorders.allocation.hours import after_working_hours
from backorders.allocation.windows import Calendar

ISTANBUL = zoneinfo.ZoneInfo("Europe/Istanbul")
HOLIDAY = datetime.date(2026, 6, 2)


def at(day: int, hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime(2026, 6, day, hour, minute, tzinfo=ISTANBUL)  # 1 June is a Monday


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (at(1, 10), at(1, 14)),
        (at(1, 14), at(1, 18)),
        (at(1, 16), at(3, 11)),  # over a holiday
        (at(1, 22), at(3, 13)),
        (at(3, 6), at(3, 13)),
        (at(5, 17), at(8, 12)),  # over a weekend
        (at(6, 12, 30), at(8, 13)),
    ],
)
def test_four_hours_end_when_they_were_worked(asked: datetime.datetime, due: datetime.datetime) -> None:
    assert after_working_hours(asked.astimezone(datetime.UTC), 4, calendar=Calendar(frozenset({HOLIDAY}))) == due


def test_many_hours_are_many_days() -> None:
    assert after_working_hours(at(1, 9), 27, calendar=Calendar()) == at(3, 18)
