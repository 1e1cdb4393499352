"""The timeline stands under headings of when, by the business's calendar."""

import datetime
import zoneinfo

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from backorders.backoffice.timeline import PERIODS, Event, periods

TODAY = datetime.date(2026, 6, 15)
ZONE = zoneinfo.ZoneInfo(settings.TIME_ZONE)


def at(days_ago: int, hour: int = 12, minute: int = 0) -> Event:
    day = TODAY - datetime.timedelta(days=days_ago)
    return Event(datetime.datetime.combine(day, datetime.time(hour, minute), ZONE), "note", f"{days_ago}")


@pytest.mark.parametrize(
    ("days_ago", "name"),
    [
        (-1, "Today"),
        (0, "Today"),
        (1, "Yesterday"),
        (2, "Last 7 days"),
        (7, "Last 7 days"),
        (8, "Last 30 days"),
        (30, "Last 30 days"),
        (31, "Earlier"),
        (4000, "Earlier"),
    ],
)
def test_an_entry_stands_under_the_first_heading_that_reaches_it(days_ago: int, name: str) -> None:
    (period,) = periods([at(days_ago)], today=TODAY)
    assert (period.name, period.is_of_days) == (name, days_ago > 1)


def test_midnight_is_the_business_s() -> None:
    late, early = at(1, 23, 59), at(0, 0, 0)
    shown = [Event(each.at.astimezone(datetime.UTC), each.kind, each.title) for each in (early, late)]
    assert [period.name for period in periods(shown, today=TODAY)] == ["Today", "Yesterday"]


@given(st.lists(st.integers(-2, 100)))
def test_every_entry_stays_in_its_order_and_no_heading_comes_twice(ages: list[int]) -> None:
    found = [at(age) for age in sorted(ages)]
    shown = periods(found, today=TODAY)
    assert [event for period in shown for event in period.events] == found
    names = [str(name) for _until, name in PERIODS]
    places = [names.index(period.name) for period in shown]
    assert places == sorted(set(places))
