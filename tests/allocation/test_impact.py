"""What a change does to those who wait, in numbers."""

import datetime

import pytest

from backorders.allocation.impact import Impact, Move, Served
from backorders.allocation.windows import Window


def window(first: int, last: int) -> Window:
    return Window(datetime.date(2026, 6, first), datetime.date(2026, 6, last))


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (window(1, 3), window(1, 4), "later"),
        (window(1, 3), window(2, 3), "later"),
        (window(1, 3), window(1, 2), "earlier"),
        (window(2, 3), window(1, 3), "earlier"),
        (window(1, 9), window(5, 8), "earlier"),
        (window(1, 3), None, "no_date"),
        (None, window(1, 3), "dated"),
        (None, None, "same"),
        (window(1, 3), window(1, 3), "same"),
    ],
)
def test_a_move_is_what_it_is_to_the_customer(old: Window | None, new: Window | None, kind: str) -> None:
    assert Move(1, 1, 1, old, new, None).kind == kind


def test_a_slip_is_measured_from_what_was_told() -> None:
    assert Move(1, 1, 1, None, window(1, 9), window(1, 3)).slip_days == 6
    assert Move(1, 1, 1, None, window(1, 2), window(1, 3)).slip_days == -1
    assert Move(1, 1, 1, None, None, window(1, 3)).slip_days is None
    assert Move(1, 1, 1, None, window(1, 2), None).slip_days is None


def test_the_numbers_count_every_line_and_every_customer_once() -> None:
    impact = Impact(
        moves=[
            Move(1, 1, 7, window(1, 3), window(1, 4), None),
            Move(2, 1, 7, window(1, 3), window(1, 2), None),
            Move(3, 2, 8, window(1, 3), None, None),
            Move(4, 3, 9, None, window(1, 3), None),
        ],
        served=[Served(5, 4, 2)],
        lost=[Served(6, 4, 1), Served(7, 4, 1)],
        checked=10,
        uncovered=3,
    )
    assert impact.counts == {
        "lines_checked": 10,
        "later": 1,
        "earlier": 1,
        "no_date": 1,
        "dated": 1,
        "uncovered": 3,
        "unchanged": 6,
        "customers": 3,
        "served": 1,
        "lost": 2,
    }
    assert Impact().counts["lines_checked"] == 0
