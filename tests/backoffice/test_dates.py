"""Staff read dates in one compact form, with the year only where it is not this one."""

import datetime

import pytest
from django.utils.translation import override

from backorders.backoffice.dates import short_date, short_window
from backorders.backoffice.impacts import slip


def on(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("first", "last", "english", "turkish"),
    [
        ("2026-12-16", "2026-12-16", "Wed 16 Dec", "16 Ara Çar"),
        ("2026-12-12", "2026-12-16", "12–16 Dec", "12–16 Ara"),
        ("2026-11-28", "2026-12-16", "28 Nov – 16 Dec", "28 Kas – 16 Ara"),
        ("2026-12-28", "2027-01-04", "28 Dec 2026 – 4 Jan 2027", "28 Ara 2026 – 4 Oca 2027"),
        ("2027-02-01", "2027-02-03", "1–3 Feb 2027", "1–3 Şub 2027"),
        ("2028-02-29", "2028-02-29", "29 Feb 2028", "29 Şub 2028"),
    ],
)
def test_a_window_is_short_and_complete(frozen: None, first: str, last: str, english: str, turkish: str) -> None:
    window = on(first), on(last)
    with override("en"):
        assert plain(short_window(*window)) == english
    with override("tr"):
        assert plain(short_window(*window)) == turkish


def plain(text: str) -> str:
    """The text with ordinary spaces in the place of the thin ones."""
    return text.replace("\u2009", " ").replace("\u202f", " ")


def test_no_date_is_said_in_words(frozen: None) -> None:
    with override("en"):
        assert (short_date(None), short_window(None, None)) == ("No date", "No date")


@pytest.mark.parametrize(("days", "words"), [(24, "+24 d"), (-3, "−3 d"), (0, "0"), (None, "–")])
def test_a_slip_has_its_sign(days: int | None, words: str) -> None:
    with override("en"):
        assert slip(days) == words
