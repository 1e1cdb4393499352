"""Dates in words, in English and Turkish."""

import datetime

import pytest

from backorders.allocation.windows import Window
from backorders.notifications.dates import day_in_brief, day_in_words, in_brief, in_words


def window(first: str, last: str) -> Window:
    return Window(datetime.date.fromisoformat(first), datetime.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("first", "last", "english", "turkish"),
    [
        ("2026-12-16", "2026-12-16", "Wednesday 16 December 2026", "16 Aralık 2026 Çarşamba"),
        ("2027-01-06", "2027-01-09", "6 to 9 January 2027", "6–9 Ocak 2027 arasında"),
        ("2027-01-28", "2027-02-03", "28 January to 3 February 2027", "28 Ocak – 3 Şubat 2027 arasında"),
        ("2026-12-12", "2026-12-30", "between 12 and 30 December 2026", "12–30 Aralık 2026 arasında"),
        ("2027-01-01", "2027-01-31", "in January 2027", "Ocak 2027 içinde"),
        ("2027-01-10", "2027-02-09", "from January to February 2027", "Ocak – Şubat 2027 arasında"),
        (
            "2026-12-28",
            "2027-01-04",
            "between 28 December 2026 and 4 January 2027",
            "28 Aralık 2026 – 4 Ocak 2027 arasında",
        ),
        ("2026-12-30", "2027-01-04", "30 December 2026 to 4 January 2027", "30 Aralık 2026 – 4 Ocak 2027 arasında"),
        ("2026-12-20", "2027-01-15", "from December 2026 to January 2027", "Aralık 2026 – Ocak 2027 arasında"),
        ("2028-02-29", "2028-02-29", "Tuesday 29 February 2028", "29 Şubat 2028 Salı"),
    ],
)
def test_a_window_is_written_as_wide_as_it_is(first: str, last: str, english: str, turkish: str) -> None:
    assert in_words(window(first, last), "en") == english
    assert in_words(window(first, last), "tr") == turkish


def test_a_subject_leaves_the_year_out_unless_the_window_crosses_one() -> None:
    assert in_brief(window("2027-01-06", "2027-01-09"), "en") == "6 to 9 January"
    assert in_brief(window("2027-01-06", "2027-01-09"), "tr") == "6–9 Ocak"
    assert in_brief(window("2026-12-28", "2027-01-04"), "en") == "28 Dec 2026 to 4 Jan 2027"
    assert in_brief(window("2026-12-28", "2027-01-04"), "tr") == "28 Ara 2026 – 4 Oca 2027"
    assert in_brief(window("2027-01-06", "2027-01-06"), "tr") == "6 Ocak"


def test_single_days_have_no_weekday() -> None:
    day = datetime.date(2026, 12, 15)
    assert (day_in_words(day, "en"), day_in_words(day, "tr")) == ("15 December 2026", "15 Aralık 2026")
    assert (day_in_brief(day, "en"), day_in_brief(day, "tr")) == ("15 December", "15 Aralık")


def test_the_longest_brief_fits_into_the_shortest_subjects() -> None:
    starts = [datetime.date(2026, 1, 1) + datetime.timedelta(days=offset) for offset in range(366)]
    widest = [
        Window(start, start + datetime.timedelta(days=width)) for start in starts for width in (1, 9, 20, 150, 365)
    ]
    assert max(len(in_brief(one, language)) for one in widest for language in ("en", "tr")) <= 32
