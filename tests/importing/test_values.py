"""Dates and quantities are read in any way people write them, and what has two readings keeps both."""

import datetime

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from backorders.importing.values import EXCEL_EPOCH, NOTHING, Days, proves, read_days, read_units

TODAY = datetime.date(2026, 11, 24)
JAN_4 = datetime.date(2027, 1, 4)
DATES = st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31))


def one(day: datetime.date) -> list[Days]:
    return [Days(day, day)]


@pytest.mark.parametrize(
    "text",
    [
        *("2027-01-04", "2027/1/4", "20270104", "2027.01.04", "2027-01-04 00:00:00", "2027-01-04T08:30Z"),
        *("04.01.2027", "4.1.27", "04.01.", "4.1", " 04.01.2027 "),
        *("4 Jan 2027", "Jan 4, 2027", "4-Jan-27", "4. January 2027", "Monday, 4 January 2027", "4 jan"),
        *("4 Ocak 2027", "04 OCAK 2027", "4 Oca 2027", "46391", "46391.0"),
    ],
)
def test_one_date_written_in_many_ways(text: str) -> None:
    assert read_days(text, today=TODAY) == one(JAN_4)


@pytest.mark.parametrize(
    "text", ["week 2, 2027", "W2 2027", "2027-W02", "KW 2/2027", "2. Hafta 2027", "hafta 2", "wk 02"]
)
def test_a_week_is_its_working_days(text: str) -> None:
    assert read_days(text, today=TODAY) == [Days(datetime.date(2027, 1, 11), datetime.date(2027, 1, 15))]


@pytest.mark.parametrize(
    ("today", "week", "monday"),
    [
        ((2027, 1, 1), 53, (2026, 12, 28)),  # still the last week of 2026
        ((2027, 1, 1), 1, (2027, 1, 4)),
        ((2024, 12, 30), 1, (2024, 12, 30)),  # the first week of 2025 already
        ((2024, 12, 30), 52, (2025, 12, 22)),
    ],
)
def test_a_week_without_a_year_is_this_one_or_the_next_of_its_number(
    today: tuple[int, int, int], week: int, monday: tuple[int, int, int]
) -> None:
    (read,) = read_days(f"week {week}", today=datetime.date(*today))
    assert read.first == datetime.date(*monday)


def test_a_month_is_all_of_it() -> None:
    assert read_days("Şubat 2028", today=TODAY) == [Days(datetime.date(2028, 2, 1), datetime.date(2028, 2, 29))]


@pytest.mark.parametrize("text", ["unknown", "TBD", "t.b.a.", "Bilinmiyor", "BELİRSİZ", "-", "?", "n/a", "no date"])
def test_no_date_can_be_said_in_words(text: str) -> None:
    assert read_days(text, today=TODAY) == [NOTHING]


@pytest.mark.parametrize("text", ["", "soon", "31.02.2027", "2027-13-01", "week 54 2027", "1", "99999", "4 Jan 5 Feb"])
def test_what_is_no_date_has_no_reading(text: str) -> None:
    assert read_days(text, today=TODAY) == []


def test_a_date_with_two_readings_keeps_both_until_somebody_decides() -> None:
    april, march = datetime.date(2027, 4, 3), datetime.date(2027, 3, 4)
    assert read_days("03/04/2027", today=TODAY) == [*one(april), *one(march)]
    assert read_days("03/04/2027", today=TODAY, order="dmy") == one(april)
    assert read_days("03/04/2027", today=TODAY, order="mdy") == one(march)
    assert read_days("04/04/2027", today=TODAY) == one(datetime.date(2027, 4, 4))
    assert read_days("13/04/2027", today=TODAY, order="mdy") == one(datetime.date(2027, 4, 13))
    assert [proves(text) for text in ("13/04/2027", "04/13/2027", "03/04/2027", "soon")] == ["dmy", "mdy", "", ""]


def test_a_year_left_out_is_the_one_to_come() -> None:
    assert read_days("23.11.", today=TODAY) == one(datetime.date(2027, 11, 23))
    assert read_days("24.11.", today=TODAY) == one(TODAY)


@given(DATES, st.sampled_from(["en", "en_GB", "tr"]), st.sampled_from(["medium", "long", "full"]))
def test_what_a_locale_writes_with_names_is_read_again(day: datetime.date, locale: str, length: str) -> None:
    assert read_days(format_date(day, length, locale=locale), today=TODAY) == one(day)


@given(DATES)
def test_numbers_are_read_again(day: datetime.date) -> None:
    for text in (day.isoformat(), f"{day:%d.%m.%Y}", f"{day:%Y%m%d}", str((day - EXCEL_EPOCH).days)):
        assert read_days(text, today=TODAY) == one(day), text
    assert Days(day, day) in read_days(f"{day:%d/%m/%Y}", today=TODAY)
    assert read_days(f"{day:%d/%m/%Y}", today=TODAY, order="dmy") == one(day)
    assert read_days(f"{day:%m/%d/%Y}", today=TODAY, order="mdy") == one(day)


@given(st.text(max_size=40))
def test_no_text_makes_it_fail(text: str) -> None:
    for days in read_days(text, today=TODAY):
        assert days == NOTHING or days.first <= days.last  # type: ignore[operator]
    assert all(number > 0 for number in read_units(text))


@pytest.mark.parametrize(
    ("text", "units"),
    [
        *[("60", [60]), (" 60 pcs", [60]), ("60 adet", [60]), ("60,0", [600, 60]), ("60.00", [60, 6000])],
        *[("1.200", [1200]), ("1,200", [1200]), ("1 200", [1200]), ("60,000", [60_000, 60]), ("1.200,00", [1200])],
        *[("0", []), ("-5", []), ("12.5", [125]), ("many", []), ("", []), ("1e5", []), ("99999999999", [])],
    ],
)
def test_whole_units_in_any_notation(text: str, units: list[int]) -> None:
    assert sorted(read_units(text)) == sorted(units)
