"""Windows: working days, a supplier's record, and dates that are dates everywhere."""

import datetime
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.allocation.windows import (
    DAY,
    Calendar,
    Lateness,
    Window,
    arrival,
    business_day,
    lateness,
    latest,
    put_off,
    shifted,
    widened,
)

dates = st.dates(datetime.date(2024, 1, 1), datetime.date(2030, 12, 31))


def test_working_days_skip_weekends_holidays_and_know_leap_years() -> None:
    calendar = Calendar(frozenset({datetime.date(2028, 2, 29)}))
    assert calendar.add(datetime.date(2028, 2, 28), 1) == datetime.date(2028, 3, 1)
    assert Calendar().add(datetime.date(2028, 2, 28), 1) == datetime.date(2028, 2, 29)
    assert Calendar().add(datetime.date(2026, 12, 31), 1) == datetime.date(2027, 1, 1)
    assert Calendar().add(datetime.date(2026, 6, 6), 0) == datetime.date(2026, 6, 8)


@given(dates, dates, st.integers(0, 10))
def test_a_later_start_is_never_ready_earlier(one: datetime.date, other: datetime.date, days: int) -> None:
    calendar = Calendar(frozenset({datetime.date(2026, 1, 1)}))
    first, second = sorted((one, other))
    assert calendar.add(first, days) <= calendar.add(second, days)


@given(dates, st.integers(0, 30), st.integers(-20, 40), st.integers(0, 40), dates)
def test_a_window_is_two_to_fourteen_days_wide_and_not_in_the_past(
    start: datetime.date, width: int, early: int, spread: int, today: datetime.date
) -> None:
    eta = Window(start, start + datetime.timedelta(days=width))
    window = arrival(eta, Lateness(early, early + spread))
    assert 2 <= (window.last - window.first).days <= 14
    assert (
        put_off(shifted(window, Calendar(), working_days=0), Calendar(), earliest=today, is_overdue=True).first >= today
    )
    assert window.last >= eta.last + datetime.timedelta(days=early + spread)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([0] * 7, None),
        (list(range(1, 11)), Lateness(1, 9)),
        ([0, 0, 0, 0, 0, 0, 0, 30], Lateness(0, 30)),
        ([-3, *[1] * 18, 9], Lateness(1, 1)),
    ],
)
def test_lateness_is_nearest_rank_quantiles_of_eight_or_more(days: list[int], expected: Lateness | None) -> None:
    assert lateness(days) == expected


@given(st.lists(st.integers(-10, 60), min_size=8, max_size=50))
def test_at_least_nine_in_ten_receipts_came_by_the_late_end(days: list[int]) -> None:
    known = lateness(days)
    assert known is not None
    assert sum(day <= known.late for day in days) >= 0.9 * len(days)
    assert known.early <= known.late


def test_what_needs_all_its_pieces_has_no_date_while_one_has_none() -> None:
    early = Window(datetime.date(2026, 6, 1), datetime.date(2026, 6, 9))
    late = Window(datetime.date(2026, 6, 3), datetime.date(2026, 6, 5))
    assert latest([early, late]) == Window(datetime.date(2026, 6, 3), datetime.date(2026, 6, 9))
    assert latest([early, None]) is None
    assert latest([]) is None


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-12-31", 0, "2027-01-04"),  # the 31st is a holiday, and so is New Year's Day
        ("2026-12-30", 1, "2027-01-04"),
        ("2026-12-30", 2, "2027-01-05"),
        ("2026-03-27", 1, "2026-03-30"),  # over the weekend on which Europe's clocks change
        ("2026-10-23", 1, "2026-10-26"),
        ("2027-02-26", 1, "2027-03-01"),  # no leap year
    ],
)
def test_working_days_over_the_edges_of_years_and_clocks(start: str, days: int, end: str) -> None:
    calendar = Calendar(frozenset({datetime.date(2026, 12, 31), datetime.date(2027, 1, 1)}))
    assert calendar.add(datetime.date.fromisoformat(start), days) == datetime.date.fromisoformat(end)


@given(dates, st.integers(0, 12), st.frozensets(dates, max_size=5))
def test_so_many_working_days_lie_between(start: datetime.date, days: int, shut: frozenset[datetime.date]) -> None:
    calendar = Calendar(shut)
    end = calendar.add(start, days)
    between = (start + datetime.timedelta(days=n) for n in range((end - start).days))
    assert calendar.is_working(end)
    assert sum(calendar.is_working(day) for day in between) == days


@given(dates, st.integers(0, 3))
def test_a_ready_window_is_two_working_days_wide_at_least(start: datetime.date, width: int) -> None:
    narrow = Window(Calendar().add(start, 0), Calendar().add(start, width))
    wide = widened(narrow, Calendar())
    assert wide.first == narrow.first
    assert wide.last == max(narrow.last, Calendar().add(narrow.first, 2))
    assert widened(wide, Calendar()) == wide


@given(dates, st.integers(0, 20), st.integers(0, 20), st.integers(-5, 30), st.integers(0, 20))
def test_an_earlier_eta_never_arrives_later(
    start: datetime.date, width: int, sooner: int, early: int, spread: int
) -> None:
    def arrives(days: int) -> Window:
        first = start - datetime.timedelta(days=days)
        eta = Window(first, first + datetime.timedelta(days=width))
        return arrival(eta, Lateness(early, early + spread))

    assert arrives(sooner).first <= arrives(0).first
    assert arrives(sooner).last <= arrives(0).last


some_days = st.frozensets(st.dates(datetime.date(2026, 6, 1), datetime.date(2026, 8, 31)), max_size=12)


@given(st.integers(0, 9), st.integers(0, 12), st.integers(0, 5), some_days)
def test_overdue_goods_are_put_off_by_whole_weeks_and_never_back(
    start: int, width: int, handling: int, shut: frozenset[datetime.date]
) -> None:
    calendar, begins = Calendar(shut), datetime.date(2026, 6, 1)
    planned = Window(calendar.add(begins + start * DAY, 0), calendar.add(begins + (start + width) * DAY, 2))
    days = [begins + n * DAY for n in range(60)]
    earliest = [calendar.add(day, handling) for day in days]
    windows = [put_off(planned, calendar, earliest=each, is_overdue=True) for each in earliest]
    for window, soonest in zip(windows, earliest, strict=True):
        assert window.first == max(planned.first, soonest)
        assert window.last >= calendar.add(window.first, 2)
    assert all(before.last <= after.last for before, after in itertools.pairwise(windows))
    moves = [day for day, (one, other) in zip(days[1:], itertools.pairwise(windows), strict=True) if one[1] != other[1]]
    assert len(moves) <= 60 / 7 + 1 + len(shut)  # a holiday can part a week's move in two
    if not shut:
        assert all((later - sooner).days % 7 == 0 for sooner, later in itertools.pairwise(moves))


@given(st.integers(0, 30), st.integers(2, 14))
def test_a_window_keeps_its_end_while_its_narrowest_width_is_left(start: int, width: int) -> None:
    first = Calendar().add(datetime.date(2026, 6, 1) + start * DAY, 0)
    planned = Window(first, Calendar().add(first, width))
    kept = put_off(planned, Calendar(), earliest=Calendar().add(first, width - 2), is_overdue=True)
    assert kept.last == planned.last
    beyond = put_off(planned, Calendar(), earliest=Calendar().add(first, width - 1), is_overdue=True)
    assert (beyond.last - planned.last).days == 7


@given(st.integers(0, 30), st.integers(0, 14), st.integers(0, 40))
def test_goods_whose_day_has_not_passed_keep_the_end_of_their_window(start: int, width: int, since: int) -> None:
    first = Calendar().add(datetime.date(2026, 6, 1) + start * DAY, 0)
    planned = Window(first, Calendar().add(first, width))
    soonest = Calendar().add(first, since)
    left = put_off(planned, Calendar(), earliest=soonest, is_overdue=False)
    assert left == Window(soonest, max(planned.last, soonest))


def test_shifting_moves_both_ends_to_working_days() -> None:
    friday = datetime.date(2026, 6, 5)
    assert shifted(Window(friday, friday), Calendar(), working_days=1) == (datetime.date(2026, 6, 8),) * 2


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-29T21:30:00+00:00", "2026-03-30"),  # Istanbul keeps +03:00 all year
        ("2026-12-31T20:59:59+00:00", "2026-12-31"),
        ("2026-12-31T21:00:00+00:00", "2027-01-01"),
    ],
)
def test_the_business_day_is_that_of_the_business(moment: str, day: str) -> None:
    assert business_day(datetime.datetime.fromisoformat(moment)).isoformat() == day
