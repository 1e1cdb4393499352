"""Dates as people say them, in both languages: each phrase is a window that lies ahead, whatever today is."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.importing.spoken import MOST_DAYS, asked_span, spoken_span
from backorders.importing.values import Days, read_days

TODAY = datetime.date(2026, 11, 24)  # a Tuesday
DATES = st.dates(datetime.date(2000, 1, 1), datetime.date(2097, 12, 31))


def span(first: str, last: str = "") -> list[Days]:
    return [Days(datetime.date.fromisoformat(first), datetime.date.fromisoformat(last or first))]


@pytest.mark.parametrize(
    ("texts", "meant"),
    [
        (["today", "bugün", "Bugün"], span("2026-11-24")),
        (["tomorrow", "yarın", "YARIN"], span("2026-11-25")),
        (["Friday", "cuma", "on Friday"], span("2026-11-27")),
        (["Tuesday", "salı"], span("2026-12-01")),
        (["this week", "bu hafta"], span("2026-11-23", "2026-11-27")),
        (["next week", "Next Week", "gelecek hafta", "önümüzdeki hafta", "haftaya"], span("2026-11-30", "2026-12-04")),
        (
            ["week 51", "in week 51", "KW 51", "51. hafta", "Hafta 51", "w51", "2026-W51"],
            span("2026-12-14", "2026-12-18"),
        ),
        (["week 3", "KW3", "3. hafta"], span("2027-01-18", "2027-01-22")),
        (["next month", "gelecek ay"], span("2026-12-01", "2026-12-31")),
        (
            ["mid January", "middle of January", "mid-Jan", "Ocak ortası", "ocak ortasında"],
            span("2027-01-11", "2027-01-20"),
        ),
        (["early December", "beginning of December", "Aralık başı"], span("2026-12-01", "2026-12-10")),
        (["late February 2028", "end of Feb 2028", "Şubat 2028 sonu", "end Feb 28"], span("2028-02-21", "2028-02-29")),
        (["mid Sept 2027", "Eyl 2027 ortası"], span("2027-09-11", "2027-09-20")),
        (["end of month", "end of the month", "ay sonu", "ayın sonu", "EOM"], span("2026-11-21", "2026-11-30")),
        (["mid month", "ayın ortası"], span("2026-12-11", "2026-12-20")),
        (["end of next month", "gelecek ay sonu"], span("2026-12-21", "2026-12-31")),
        (["in 10 days", "10 gün sonra", "10 gün içinde"], span("2026-12-04")),
        (["in 2 weeks", "2 hafta sonra", "within 2 weeks"], span("2026-12-08")),
        (["2-3 weeks", "in 2 to 3 weeks", "2-3 hafta", "2 ila 3 hafta sonra"], span("2026-12-08", "2026-12-15")),
        (["in 3 months", "3 ay sonra"], span("2027-02-24")),
    ],
)
def test_a_phrase_means_a_window(texts: list[str], meant: list[Days]) -> None:
    for text in texts:
        assert read_days(text, today=TODAY) == meant, text


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "next Friday",
        "mid",
        "the end",
        "week",
        "in weeks",
        "week 60",
        "in 3000 days",
        "3-2 weeks",
        "yakında",
        "late",
        "x" * 300,
    ],
)
def test_what_can_mean_anything_means_nothing(text: str) -> None:
    assert read_days(text, today=TODAY) == []


@pytest.mark.parametrize("text", ["4 January", "4 Ocak 2027", "January 2027"])
def test_dates_with_a_name_are_read_as_before(text: str) -> None:
    assert spoken_span(text, today=TODAY) is None
    assert read_days(text, today=TODAY)


@given(today=DATES, part=st.sampled_from(["early", "mid", "late"]), month=st.integers(1, 12))
def test_a_part_of_a_month_is_in_that_month_and_not_over(today: datetime.date, part: str, month: int) -> None:
    name = datetime.date(2000, month, 1).strftime("%B")
    found = spoken_span(f"{part} {name}", today=today)
    assert found
    first, last = found
    assert first.month == last.month == month
    assert today <= last
    assert (last - today).days <= 366
    assert 7 <= (last - first).days <= 10


@given(today=DATES, count=st.integers(1, MOST_DAYS))
def test_so_many_days_ahead_is_that_day(today: datetime.date, count: int) -> None:
    assert spoken_span(f"in {count} days", today=today) == spoken_span(f"{count} gün sonra", today=today)
    assert spoken_span(f"in {count} days", today=today) == (today + datetime.timedelta(days=count),) * 2


@given(today=DATES)
def test_next_week_are_the_working_days_after_this_one(today: datetime.date) -> None:
    found = spoken_span("next week", today=today)
    assert found
    assert (found[0].weekday(), found[1].weekday()) == (0, 4)
    assert 1 <= (found[0] - today).days <= 7


@given(text=st.text(max_size=60), today=DATES)
def test_nothing_that_is_typed_breaks_it(text: str, today: datetime.date) -> None:
    found = spoken_span(text, today=today)
    assert found is None or found[0] <= found[1]


ASKED = st.sampled_from(["today", "Bugün", "tomorrow", "yarın", "this month", "bu ay", "next month", "gelecek ay"])
WEEKS = st.sampled_from(["this week", "bu hafta", "next week", "GELECEK HAFTA"])


@given(text=ASKED, today=DATES)
def test_a_supplier_and_who_searches_mean_the_same_days(text: str, today: datetime.date) -> None:
    assert asked_span(text, today=today) == spoken_span(text, today=today)


@given(text=WEEKS, today=DATES)
def test_who_searches_means_the_week_to_its_sunday(text: str, today: datetime.date) -> None:
    said, asked = spoken_span(text, today=today), asked_span(text, today=today)
    assert said
    assert asked
    assert asked[0] == said[0]
    assert [day.weekday() for day in (asked[0], said[1], asked[1])] == [0, 4, 6]
    assert asked[1] - said[1] == datetime.timedelta(days=2)


@given(day=DATES, today=DATES, form=st.sampled_from(["%Y-%m-%d", "%d.%m.%Y"]))
def test_a_whole_date_is_that_date_to_both(day: datetime.date, today: datetime.date, form: str) -> None:
    text = day.strftime(form)
    assert asked_span(text, today=today) == (day, day)
    assert read_days(text, today=today) == [Days(day, day)]


@given(day=DATES, today=DATES)
def test_without_a_year_one_is_nearest_and_the_other_lies_ahead(day: datetime.date, today: datetime.date) -> None:
    asked = asked_span(f"{day.day}.{day.month}", today=today)
    for said in read_days(f"{day.day}.{day.month}", today=today):
        assert said.first
        assert said.first >= today
        assert asked
        assert (asked[0].day, asked[0].month) == (said.first.day, said.first.month) == (day.day, day.month)
        assert abs(asked[0] - today) <= said.first - today


@given(text=st.text(max_size=30), today=DATES)
def test_nothing_that_is_searched_for_breaks_it(text: str, today: datetime.date) -> None:
    found = asked_span(text, today=today)
    assert found is None or found[0] <= found[1]
