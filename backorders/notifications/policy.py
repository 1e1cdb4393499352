"""When a customer hears from us and how hard we try: numbers a manager may discuss, in one place."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from backorders.notifications.models import Message, TellingRules

Kind = Message.Kind


@dataclass(frozen=True, slots=True)
class TellingPolicy:
    """What is worth a message, how long we wait for more of the same, and how often one customer hears of dates.

    A date is *imminent* when what the customer was told begins within that time, or has begun: then the wait is short,
    and the cap on messages about dates holds only for a slip so small that it needs no apology, until the window ends.
    In the quiet hours, in the business's time zone, only what somebody waits for leaves. A reminder that a date is near
    goes `approaching_days` before it, to whoever heard nothing for `approaching_after_days`.
    """

    earlier_by_days: int = 3
    quiet: timedelta = timedelta(minutes=5)
    longest_quiet: timedelta = timedelta(minutes=30)
    quiet_if_imminent: timedelta = timedelta(minutes=2)
    imminent: timedelta = timedelta(hours=48)
    cap: timedelta = timedelta(hours=48)
    approaching_days: int = 3
    approaching_after_days: int = 7
    silence_days: int = 14
    apology_beyond_days: int = 3
    link_days: int = 365
    keep_days: int = 730
    customers_at_once: int = 400
    orders_shown: int = 12
    items_shown: int = 30
    quiet_hours: tuple[int, int] | None = None  # from this hour until that one mails about dates rest

    def at_once(self) -> "TellingPolicy":
        """Return the policy for those who are to hear now: nothing rests and no cap holds."""
        none = timedelta(0)
        return replace(self, quiet=none, longest_quiet=none, quiet_if_imminent=none, cap=none, quiet_hours=None)


@dataclass(frozen=True, slots=True)
class SendingPolicy:
    """How messages are handed to the provider: claims, retries, and when to leave the provider alone.

    `backoff` is the wait after the first, second … refusal, each ± `jitter`; after the last one the message fails.
    A mail that bounced softly goes once more after `soft_bounce_wait`, until its address bounced too often.
    A lease is renewed for the rest of its batch when less than `renew_below` is left, more than one call can take.
    """

    batch: int = 20
    lease: timedelta = timedelta(seconds=120)
    renew_below: timedelta = timedelta(seconds=40)
    backoff: tuple[timedelta, ...] = (
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=6),
        timedelta(hours=12),
    )
    jitter: float = 0.2
    unknown_wait: timedelta = timedelta(minutes=5)
    breaker_after: int = 5
    breaker_pause: timedelta = timedelta(seconds=30)
    longest_pause: timedelta = timedelta(minutes=10)
    soft_bounces: int = 3
    soft_bounce_days: int = 7
    soft_bounce_wait: timedelta = timedelta(hours=4)
    despite_complaint: tuple[str, ...] = (
        Kind.CONFIRMATION,
        Kind.ANSWER_NEEDED,
        Kind.LATER,
        Kind.NO_DATE,
        Kind.CANCELLED,
    )


TELLING = TellingPolicy()
SENDING = SendingPolicy()


class Rules(NamedTuple):
    """What of the policy of telling is set in the back office."""

    earlier_by_days: int = TELLING.earlier_by_days
    apology_beyond_days: int = TELLING.apology_beyond_days
    cap_hours: int = TELLING.cap // timedelta(hours=1)
    silence_days: int = TELLING.silence_days
    quiet_from: int | None = None
    quiet_until: int | None = None

    def policy(self) -> TellingPolicy:
        """Return the policy of telling by these rules."""
        return replace(
            TELLING,
            earlier_by_days=self.earlier_by_days,
            apology_beyond_days=self.apology_beyond_days,
            cap=timedelta(hours=self.cap_hours),
            silence_days=self.silence_days,
            quiet_hours=None
            if self.quiet_from is None or self.quiet_until is None
            else (self.quiet_from, self.quiet_until),
        )


def rules_in_force() -> Rules:
    """Return the rules that are set, or those of the house."""
    row = TellingRules.objects.values_list(*Rules._fields).first()
    return Rules(*row) if row else Rules()


def telling() -> TellingPolicy:
    """Return the policy of telling as it is now: one statement."""
    return rules_in_force().policy()
