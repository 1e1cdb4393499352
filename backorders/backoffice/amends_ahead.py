"""What policies would give for the promises that a change breaks, before it is saved."""

import datetime
from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.utils.translation import ngettext

from backorders.allocation.impact import Impact
from backorders.allocation.windows import business_day
from backorders.amounts import money
from backorders.compensation import reading
from backorders.compensation.models import CompensationPolicy, Trigger
from backorders.compensation.weighing import Due, within


def may_be_withheld(person: Any, *, at: datetime.datetime) -> bool:
    """Whether there is something that policies may give for a broken promise, and this person may decline it."""
    policies = reading.active(business_day(at)) if person.has_perm("compensating.decline") else []
    return any(policy.trigger == Trigger.LATE for policy in policies)


def amends_ahead(
    impact: Impact, *, customers: Collection[int] | None = None, is_withheld: bool = False, at: datetime.datetime
) -> list[str]:
    """Return sentences on what would be given for the promises that a change breaks, policy by policy; with `customers`
    (ids) of theirs only.

    At most ten statements for ten thousand moves.
    """
    moved = {
        move.line_id: (move.old and move.old.last, move.new and move.new.last)
        for move in impact.moves
        if customers is None or move.customer_id in customers
    }
    policies = reading.active(business_day(at)) if moved else []
    dues = reading.broken_by(policies, moved, at=at)
    mine: dict[int, list[Due]] = defaultdict(list)
    for due in dues:
        mine[due.policy_id].append(due)
    purses = reading.purses([policy for policy in policies if policy.pk in mine], at=at)
    said = []
    for policy in policies:
        gives = policy.mode == CompensationPolicy.Mode.GIVE
        owed = [due for due in mine[policy.pk] if not due.is_held_out]
        paid = within(owed, purses[policy.pk]) if owed and gives else owed
        if paid:
            said.append(_sentence(policy, paid, is_withheld=is_withheld))
        if owed and len(paid) < len(owed) and not is_withheld:
            said.append(_unpaid(policy, len(owed) - len(paid)))
    return said


def _sentence(policy: CompensationPolicy, dues: Collection[Due], *, is_withheld: bool) -> str:
    count = len(dues)
    if is_withheld:
        words = ngettext(
            "Compensation: “%(policy)s” gives nothing; %(sum)s is owed for %(count)s line.",
            "Compensation: “%(policy)s” gives nothing; %(sum)s is owed for %(count)s lines.",
            count,
        )
    elif policy.mode == CompensationPolicy.Mode.GIVE:
        words = ngettext(
            "Compensation: “%(policy)s” gives %(sum)s for %(count)s line, and the mail says so.",
            "Compensation: “%(policy)s” gives %(sum)s for %(count)s lines, and the mails say so.",
            count,
        )
    else:
        words = ngettext(
            "Compensation: “%(policy)s” proposes %(sum)s for %(count)s line; the mail says so once it is given.",
            "Compensation: “%(policy)s” proposes %(sum)s for %(count)s lines; the mails say so once it is given.",
            count,
        )
    total = money(sum((due.amount for due in dues), Decimal(0)), policy.currency)
    return words % {"policy": policy.name, "sum": total, "count": count}


def _unpaid(policy: CompensationPolicy, count: int) -> str:
    words = ngettext(
        "The budget of “%(policy)s” has nothing left for %(count)s line.",
        "The budget of “%(policy)s” has nothing left for %(count)s lines.",
        count,
    )
    return words % {"policy": policy.name, "count": count}
