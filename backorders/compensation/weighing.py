"""What a line is owed by a policy, and why; pure. The same line on the same day is always owed the same."""

import datetime
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from backorders.compensation.models import CompensationPolicy, Trigger

CENT = Decimal("0.01")


class Case(NamedTuple):
    """A line that waits, as policies look at it. `worth` is the order's, `given` what was given for it so far."""

    line_id: int
    order_id: int
    customer_id: int
    product_id: int
    category_id: int
    tier: int
    currency: str
    units: int
    price: Decimal
    cost: Decimal
    cost_currency: str
    placed_on: datetime.date
    first_until: datetime.date | None
    expected_until: datetime.date | None
    worth: Decimal
    given: Decimal

    @property
    def value(self) -> Decimal:
        """What the units that wait are worth."""
        return self.units * self.price


class Due(NamedTuple):
    """What a line is owed: by which policy, how much, why (plain values, see `words.explained`), and since when it is
    late or waits, in days. Held out: it is owed, and not given, to measure what giving does."""

    policy_id: int
    case: Case
    amount: Decimal
    facts: dict[str, Any]
    days: int
    is_held_out: bool

    @property
    def breach(self) -> tuple[int, str]:
        """What is owed for only once: the line, and what of it broke."""
        return self.case.line_id, self.facts["trigger"]


class Purse(NamedTuple):
    """What is left of a policy's budgets; None: as much as you like."""

    total: Decimal | None
    month: Decimal | None

    @property
    def left(self) -> Decimal | None:
        """What may be given now."""
        known = [each for each in self if each is not None]
        return max(min(known), Decimal(0)) if known else None


def days_late(case: Case, *, today: datetime.date) -> int:
    """Return how many days after the first promise the goods come, or by now are not there; 0 if that is kept.

    What is late without a date counts from day to day.
    """
    if case.first_until is None:
        return 0
    return max((max(case.expected_until or today, today) - case.first_until).days, 0)


def weigh(policy: CompensationPolicy, case: Case, *, today: datetime.date) -> Due | None:
    """Return what a waiting line is owed by a policy on a day, or None.

    It is a share of the price of what waits, or a fixed amount: capped by the margin of what waits and by what is left
    of the order's worth, in whole cents.
    """
    if not _is_in_scope(policy, case, today):
        return None
    days = days_late(case, today=today) if policy.trigger == Trigger.LATE else (today - case.placed_on).days
    if days < policy.days or _began(policy, case) < policy.active_from:
        return None
    asked = _asked(policy, case)
    margin, worth = _margin(policy, case), max(case.worth - case.given, Decimal(0))
    amount = min(each for each in (asked, margin, worth) if each is not None)
    if amount <= 0:
        return None
    cap = "" if amount == asked else "margin" if amount == margin else "worth"
    facts = {"trigger": policy.trigger, "days": days, "units": case.units, "value": str(case.value), "cap": cap}
    facts |= {"percent": policy.percent, "asked": str(asked), "promised": _iso(case.first_until)}
    return Due(policy.pk or 0, case, amount, facts, days, is_held_out(policy, case.customer_id))


def is_held_out(policy: CompensationPolicy, customer_id: int) -> bool:
    """Whether a customer belongs to those whom a policy gives nothing. The same customer always does or never."""
    seed = hashlib.sha256(f"{policy.pk}:{customer_id}".encode()).digest()
    return int.from_bytes(seed[:8], "big") % 100 < policy.held_out_percent


def best(dues: Iterable[Due]) -> list[Due]:
    """Return one due for each breach of each line, the largest (of equals that of the oldest policy), worst first."""
    found: dict[tuple[int, str], Due] = {}
    for due in sorted(dues, key=lambda due: (-due.amount, due.policy_id)):
        found.setdefault(due.breach, due)
    return list(_within_worth(in_order(found.values())))


def in_order(dues: Iterable[Due]) -> list[Due]:
    """Return dues in the order in which a budget is spent: the longest late or waiting first, then by line."""
    return sorted(dues, key=lambda due: (-due.days, due.case.line_id, due.policy_id))


def within(dues: Sequence[Due], purse: Purse) -> list[Due]:
    """Return the dues (in order) that what is left of a budget pays for; a smaller one may fit behind a larger.

    Those held out cost nothing.
    """
    left = purse.left
    paid = []
    for due in dues:
        if not due.is_held_out and left is not None:
            if due.amount > left:
                continue
            left -= due.amount
        paid.append(due)
    return paid


def _within_worth(dues: Iterable[Due]) -> Iterator[Due]:
    """Dues of one order together are no more than what is left of its worth."""
    spent: dict[int, Decimal] = defaultdict(Decimal)
    for due in dues:
        left = due.case.worth - due.case.given - spent[due.case.order_id]
        if left <= 0:
            continue
        if due.amount > left:
            due = due._replace(amount=left, facts={**due.facts, "cap": "worth"})
        spent[due.case.order_id] += due.amount
        yield due


def _is_in_scope(policy: CompensationPolicy, case: Case, today: datetime.date) -> bool:
    return (
        policy.active_from <= today
        and (policy.active_until is None or today <= policy.active_until)
        and case.currency == policy.currency
        and case.tier >= policy.least_tier
        and policy.category_id in (None, case.category_id)
        and case.units > 0
    )


def _began(policy: CompensationPolicy, case: Case) -> datetime.date:
    """The day from which on a breach counts: when the promise ends, or when the wait becomes long."""
    if policy.trigger == Trigger.LATE and case.first_until is not None:
        return case.first_until
    return case.placed_on + datetime.timedelta(days=policy.days)


def _asked(policy: CompensationPolicy, case: Case) -> Decimal:
    if policy.amount is not None:
        return policy.amount
    return (case.value * (policy.percent or 0) / 100).quantize(CENT, ROUND_HALF_UP)


def _margin(policy: CompensationPolicy, case: Case) -> Decimal | None:
    """The most that the margin allows; nothing where the cost is in another currency and no margin is known."""
    if policy.margin_percent is None:
        return None
    if case.cost_currency != case.currency:
        return Decimal(0)
    margin = max(case.price - case.cost, Decimal(0)) * case.units
    return (margin * policy.margin_percent / 100).quantize(CENT, ROUND_DOWN)


def _iso(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""
