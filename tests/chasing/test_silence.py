"""When a supplier is asked and when a date is believed no longer, by dates alone."""

import datetime

import pytest

from backorders.allocation.windows import Calendar
from backorders.chasing.models import ChasePolicy, RequestLine
from backorders.chasing.silence import Known, is_believed_no_longer, may_mail_again, why_ask

Why = RequestLine.Why
MONDAY = datetime.date(2026, 6, 1)
WEEKDAYS = Calendar()


def day(offset: int) -> datetime.date:
    return MONDAY + datetime.timedelta(days=offset)


def known(eta: int | None, heard: int, confidence: str = "confirmed") -> Known:
    on = None if eta is None else day(eta)
    return Known(on, on, confidence, day(heard))


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (known(20, -1), None),
        (known(-1, -20), Why.PAST_DUE),
        (known(-1, -20, "estimate"), Why.PAST_DUE),
        (known(20, -1, "estimate"), None),  # three working days have not passed
        (known(20, -5, "estimate"), Why.UNCONFIRMED),
        (known(None, -5, "unconfirmed"), Why.UNCONFIRMED),
        (known(4, -30), Why.BEFORE_DUE),
        (known(4, -1), None),  # it was repeated in the days before it
        (known(60, -31), Why.LONG_AGO),
        (known(60, -30), None),
    ],
)
def test_a_date_is_asked_for_when_its_reason_is_due(what: Known, why: Why | None) -> None:
    assert why_ask(what, calendar=WEEKDAYS, policy=ChasePolicy(), today=MONDAY) == why


def test_mails_are_working_days_apart() -> None:
    friday = day(-3)
    again = {
        today: may_mail_again(friday, calendar=WEEKDAYS, policy=ChasePolicy(), today=day(today)) for today in (1, 2)
    }
    assert again == {1: False, 2: True}, "Friday and three working days are Wednesday"
    assert may_mail_again(None, calendar=WEEKDAYS, policy=ChasePolicy(), today=MONDAY)


@pytest.mark.parametrize(
    ("what", "asked", "today", "ends"),
    [
        (known(40, -20), 0, 7, False),  # the last day on which an answer is in time
        (known(40, -20), 0, 8, True),
        (known(40, -2), 0, 8, False),  # repeated lately
        (known(4, -2), 0, 8, True),  # repeated lately, and passed since it was asked for
        (known(-1, -2), 0, 8, True),
        (known(40, -2, "estimate"), 0, 8, True),
        (known(400, -181), None, 0, True),
        (known(40, -20), None, 8, False),
    ],
)
def test_silence_ends_belief_after_the_days_of_the_policy(
    what: Known, asked: int | None, today: int, ends: bool
) -> None:
    asked_on = None if asked is None else day(asked)
    policy = ChasePolicy()
    found = is_believed_no_longer(what, asked_on=asked_on, calendar=WEEKDAYS, policy=policy, today=day(today))
    assert found == ends
