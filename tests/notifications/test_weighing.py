"""What is worth telling, and when the customer's changes have come to rest."""

import dataclasses
import datetime
import zoneinfo

import pytest
from django.conf import settings

from backorders.allocation.windows import Window
from backorders.notifications.policy import TELLING, TellingPolicy
from backorders.notifications.weighing import (
    Gap,
    is_capped,
    is_imminent,
    is_quiet,
    is_sorry,
    next_update_on,
    out_of_quiet,
    worth_telling,
)
from tests.factories import AT, TODAY, day, later

TOLD = Window(day(20), day(24))


def moved(first: int, last: int) -> Window:
    return Window(day(first), day(last))


@pytest.mark.parametrize(
    ("expected", "kind"),
    [
        (moved(20, 24), None),
        (moved(21, 25), "later"),
        (moved(10, 25), "later"),  # wider at both ends: the end is what the customer counts on
        (moved(21, 23), None),  # inside
        (moved(20, 22), None),  # inside, though it ends earlier
        (moved(18, 24), None),  # two days earlier
        (moved(18, 22), None),
        (moved(17, 24), "earlier"),
        (moved(17, 21), "earlier"),
        (moved(19, 21), "earlier"),  # before the window, and its end three days earlier
        (None, "no_date"),
    ],
)
def test_what_a_move_is_to_the_customer(expected: Window | None, kind: str | None) -> None:
    assert worth_telling(expected, TOLD, policy=TELLING) == kind


def test_a_date_that_appears_is_good_news() -> None:
    assert worth_telling(TOLD, None, policy=TELLING) == "earlier"
    assert worth_telling(None, None, policy=TELLING) is None


def test_the_threshold_is_policy() -> None:
    assert worth_telling(moved(17, 21), TOLD, policy=TellingPolicy(earlier_by_days=5)) is None


def gap(since: float, changed: float, told: Window | None = TOLD) -> Gap:
    return Gap(later(minutes=since), later(minutes=changed), told)


@pytest.mark.parametrize(
    ("gaps", "minutes", "quiet"),
    [
        ([gap(0, 0)], 4, False),
        ([gap(0, 0)], 5, True),
        ([gap(0, 0), gap(0, 3)], 5, False),  # the last change counts
        ([gap(0, 0), gap(0, 3)], 8, True),
        ([gap(0, 28)], 29, False),
        ([gap(0, 28)], 30, True),  # never longer than this after the first
        ([gap(0, 0, moved(1, 3))], 2, True),  # imminent
        ([gap(0, 0, None)], 2, False),
    ],
)
def test_changes_come_to_rest(gaps: list[Gap], minutes: float, quiet: bool) -> None:
    assert is_quiet(gaps, at=later(minutes=minutes), policy=TELLING) is quiet


def test_a_customer_hears_of_dates_once_in_48_hours_unless_one_is_imminent() -> None:
    far, near = [gap(0, 0)], [gap(0, 0), gap(0, 0, moved(2, 4))]
    assert is_capped(far, last_word_at=later(hours=-47), at=AT, policy=TELLING)
    assert not is_capped(far, last_word_at=later(hours=-48), at=AT, policy=TELLING)
    assert not is_capped(far, last_word_at=None, at=AT, policy=TELLING)
    assert not is_capped(near, last_word_at=later(hours=-1), at=AT, policy=TELLING)


@pytest.mark.parametrize(
    ("told", "slip", "capped"),
    [
        (moved(1, 3), 4, False),
        (moved(1, 3), 3, True),
        (moved(1, 3), -3, True),
        (moved(1, 3), -4, False),
        (moved(1, 3), None, False),
        (moved(-1, 1), 1, True),  # it has begun, and not ended
        (moved(-2, 0), 1, False),
    ],
)
def test_a_small_slip_of_an_imminent_date_may_wait_until_the_window_ends(
    told: Window, slip: int | None, capped: bool
) -> None:
    gaps = [Gap(AT, AT, told, slip)]
    assert is_capped(gaps, last_word_at=later(hours=-1), at=AT, policy=TELLING) is capped


def test_what_has_begun_is_imminent_too() -> None:
    assert is_imminent(moved(-3, 1), at=AT, policy=TELLING)
    assert not is_imminent(moved(3, 5), at=AT, policy=TELLING)
    assert not is_imminent(None, at=AT, policy=TELLING)


def test_small_first_slips_get_no_apology() -> None:
    assert not is_sorry(3, is_repeated=False, policy=TELLING)
    assert is_sorry(4, is_repeated=False, policy=TELLING)
    assert is_sorry(1, is_repeated=True, policy=TELLING)
    assert is_sorry(None, is_repeated=False, policy=TELLING)


def test_we_write_again_before_the_goods_come_or_after_two_weeks() -> None:
    assert next_update_on(None, at=AT, policy=TELLING) == TODAY + datetime.timedelta(days=14)
    assert next_update_on(moved(60, 64), at=AT, policy=TELLING) == day(14)
    assert next_update_on(moved(10, 14), at=AT, policy=TELLING) == day(7)
    assert next_update_on(moved(2, 30), at=AT, policy=TELLING) == day(31)


@pytest.mark.parametrize(
    ("hours", "local", "leaves"),
    [
        ((21, 8), 20, 20),
        ((21, 8), 21, 32),
        ((21, 8), 26, 32),
        ((21, 8), 31, 32),
        ((21, 8), 32, 32),
        ((1, 6), 24, 24),
        ((1, 6), 25, 30),
        ((1, 6), 30, 30),
        (None, 26, 26),
    ],
)
def test_what_would_leave_in_quiet_hours_leaves_when_they_are_over(
    hours: tuple[int, int] | None, local: int, leaves: int
) -> None:
    """Hours are those of the business, counted from the midnight of a day there."""
    midnight = datetime.datetime.combine(TODAY, datetime.time(), tzinfo=zoneinfo.ZoneInfo(settings.TIME_ZONE))
    policy = dataclasses.replace(TELLING, quiet_hours=hours)
    moment = midnight + datetime.timedelta(hours=local)
    assert out_of_quiet(moment, policy=policy) == midnight + datetime.timedelta(hours=leaves)
