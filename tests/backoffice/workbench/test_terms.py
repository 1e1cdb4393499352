"""What is typed is taken apart: words, operators in two languages, dates as people say them."""

import datetime

import pytest

from backorders.backoffice.workbench.terms import a_number, a_span, read

TODAY = datetime.date(2026, 6, 3)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "words", "terms"),
    [
        ("elif kaya", "elif kaya", []),
        ("status:late", "", [("status", "", "late")]),
        ("elif value:>500 told:no", "elif", [("value", ">", "500"), ("told", "", "no")]),
        ('supplier:"Delta Ltd" vip', "vip", [("supplier", "", "Delta Ltd")]),
        ('supplier:"Delta', "", [("supplier", "", "Delta")]),
        ("durum:gecikmiş tutar:>=10,5", "", [("status", "", "gecikmiş"), ("value", ">=", "10,5")]),
        ("tedarikçi:delta varış:<15.12", "", [("supplier", "", "delta"), ("eta", "<", "15.12")]),
        ("http://x 10:30 a@b.c", "http://x 10:30 a@b.c", []),
        ("status:", "status:", []),
        ("İLGİLENEN:ben", "", [("owner", "", "ben")]),
        ("a\x00b", "ab", []),
        ('""', "", []),
    ],
)
def test_words_and_operators_are_told_apart(text: str, words: str, terms: list[tuple[str, str, str]]) -> None:
    typed = read(text)
    assert typed.words == words
    assert [(term.name, term.sign, term.value) for term in typed.terms] == terms


def test_a_part_is_taken_out_and_the_rest_reads_the_same() -> None:
    typed = read('kaya supplier:"Delta Ltd" value:>5')
    assert typed.without("value:>5") == 'kaya supplier:"Delta Ltd"'
    assert read(typed.without("kaya")).terms == typed.terms
    assert read(typed.text) == typed


@pytest.mark.parametrize(("value", "word"), [("Gecikmiş", "late"), ("HAYIR", "no"), ("ben", "me"), ("x", "x")])
def test_the_words_of_both_languages_mean_the_same(value: str, word: str) -> None:
    assert read(f"status:{value}").terms[0].word == word


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2027-01-04", (2027, 1, 4), None),
        ("12.06", (2026, 6, 12), None),
        ("12.6.2027", (2027, 6, 12), None),
        ("04.01", (2026, 1, 4), None),
        ("30.12", (2025, 12, 30), None),
        ("tomorrow", (2026, 6, 4), None),
        ("yarın", (2026, 6, 4), None),
        ("next week", (2026, 6, 8), (2026, 6, 14)),
        ("gelecek-hafta", (2026, 6, 8), (2026, 6, 14)),
        ("this-month", (2026, 6, 1), (2026, 6, 30)),
        ("next month", (2026, 7, 1), (2026, 7, 31)),
    ],
)
def test_days_are_read_as_people_say_them(
    value: str, first: tuple[int, int, int], last: tuple[int, int, int] | None
) -> None:
    assert a_span(value, today=TODAY) == (datetime.date(*first), datetime.date(*(last or first)))


@pytest.mark.parametrize("value", ["31.02", "soon", "99.99.2026", "2026-13-01", "1/2/3"])
def test_what_is_no_date_is_refused_with_the_value_in_it(value: str) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        a_span(value, today=TODAY)


@pytest.mark.parametrize("value", ["", "x", "1e99", "NaN", "Infinity"])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        a_number(value)
