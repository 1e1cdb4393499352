"""Silence: when a supplier is to be asked for a date, and when one is believed no longer because nobody answers; pure.

The plan by itself leaves out what is past due for too long: `allocation/situation.dated_arrival`.
"""

import datetime
from typing import NamedTuple

from backorders.allocation.windows import Calendar
from backorders.chasing.models import ChasePolicy, RequestLine
from backorders.supply.models import Confidence

Why = RequestLine.Why

# A supplier who has said nothing about a date for longer (calendar days) is silent.
SILENT_DAYS = 14


class Known(NamedTuple):
    """What is known of the date of a purchase line, and the day on which its supplier last spoke of it."""

    eta_on: datetime.date | None
    eta_until: datetime.date | None
    confidence: str
    heard_on: datetime.date


def why_ask(known: Known, *, calendar: Calendar, policy: ChasePolicy, today: datetime.date) -> Why | None:
    """Return why the date is to be asked for today, or None if it is not."""
    if known.eta_on is None or known.eta_until is None or known.confidence != Confidence.CONFIRMED:
        if known.eta_until is not None and known.eta_until < today:
            return Why.PAST_DUE
        return Why.UNCONFIRMED if _since(known, policy.ask_unconfirmed_after_days, calendar) <= today else None
    if known.eta_until < today:
        return Why.PAST_DUE
    lead = policy.ask_before_due_days
    if known.eta_on <= calendar.add(today, lead) and _since(known, lead, calendar) < known.eta_on:
        return Why.BEFORE_DUE
    return Why.LONG_AGO if (today - known.heard_on).days > policy.ask_old_after_days else None


def answer_by(asked_on: datetime.date, *, calendar: Calendar, policy: ChasePolicy) -> datetime.date:
    """Return the last day on which an answer is in time."""
    return calendar.add(asked_on, policy.answer_within_days)


def may_mail_again(
    mailed_on: datetime.date | None, *, calendar: Calendar, policy: ChasePolicy, today: datetime.date
) -> bool:
    """Whether the last mail to the supplier is long enough ago for another."""
    return mailed_on is None or calendar.add(mailed_on, policy.ask_again_after_days) <= today


def is_believed_no_longer(
    known: Known,
    *,
    asked_on: datetime.date | None,
    calendar: Calendar,
    policy: ChasePolicy,
    today: datetime.date,
) -> bool:
    """Whether the date stops feeding promises: its question was not answered in time, or it was said too long ago.

    `asked_on` is when it was asked for (None: it was not, or that is answered). A date that was repeated within the
    days of silence stands, unless it has passed.
    """
    silent_for = (today - known.heard_on).days
    if silent_for > policy.believed_for_days:
        return True
    if asked_on is None or answer_by(asked_on, calendar=calendar, policy=policy) >= today:
        return False
    has_passed = known.eta_until is not None and known.eta_until < today
    return has_passed or known.confidence != Confidence.CONFIRMED or silent_for > SILENT_DAYS


def _since(known: Known, days: int, calendar: Calendar) -> datetime.date:
    return calendar.add(known.heard_on, days)
