"""Replaying: what the dates that moved lately would have made of mails, by other rules of telling than those in force.

The changes are told anew as they came, customer by customer: they rest for the quiet time and for the cap, and what is
worth a message then makes one. Dates that press, notices of the law and what people wrote are left out, so that it says
what to expect and not what was sent to the mail. Nothing is written.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from backorders.allocation.models import PromiseChange
from backorders.allocation.windows import Window, slip_days
from backorders.notifications.letters import WORST_FIRST
from backorders.notifications.models import Message
from backorders.notifications.policy import TellingPolicy
from backorders.notifications.weighing import is_sorry, worth_telling

Kind = Message.Kind

DAYS = 30
LOOKED_AT = 20_000  # changes at most; a month with more is told by its latest
# A line that begins, ends or becomes another has a mail of its own; its date did not move.
OTHERS = ("place_order", "import_wwi", "cancel", "cancel_by_law", "end_contract", "ship", "split", "substitute")


class Change(NamedTuple):
    """A date that moved: whose line, when, from which window to which (None: no date)."""

    customer_id: int
    line_id: int
    at: datetime.datetime
    old: Window | None
    new: Window | None


class Replayed(NamedTuple):
    """What rules come to: mails, by what they say, those that say sorry, and customers who got one."""

    mails: int = 0
    later: int = 0
    earlier: int = 0
    no_date: int = 0
    sorry: int = 0
    customers: int = 0


def moved_lately(*, at: datetime.datetime) -> list[Change]:
    """Return the dates of customers whom we write to that moved in the last days, by customer, oldest first."""
    since = at - datetime.timedelta(days=DAYS)
    moved = PromiseChange.objects.filter(at__gt=since, at__lte=at, line__order__customer__is_written_to=True)
    moved = moved.exclude(change_set__act__in=OTHERS).order_by("-id")
    fields = ("line__order__customer", "line", "at", "old_from", "old_until", "new_from", "new_until", "id")
    found = sorted(moved.values_list(*fields)[:LOOKED_AT], key=lambda row: (row[0], row[2], row[-1]))
    return [
        Change(customer, line, moment, Window.between(*old), Window.between(*new))
        for customer, line, moment, *ends, _pk in found
        for old, new in [(ends[:2], ends[2:])]
    ]


def replay(changes: Sequence[Change], *, policy: TellingPolicy, until: datetime.datetime) -> Replayed:
    """Return what these changes, by customer and in order, would have made of mails until a moment. Pure."""
    total = Replayed()
    for _customer, mine in groupby(changes, key=lambda change: change.customer_id):
        said = list(_mails(list(mine), policy, until))
        kinds = [min(kinds, key=WORST_FIRST.index) for kinds, _sorry in said]
        counts = Replayed(
            mails=len(said),
            later=kinds.count(Kind.LATER),
            earlier=kinds.count(Kind.EARLIER),
            no_date=kinds.count(Kind.NO_DATE),
            sorry=sum(sorry for _kinds, sorry in said),
            customers=bool(said),
        )
        total = Replayed(*(a + b for a, b in zip(total, counts, strict=True)))
    return total


def _mails(
    changes: Sequence[Change], policy: TellingPolicy, until: datetime.datetime
) -> Iterator[tuple[set[Kind], bool]]:
    """Yield the mails of one customer: what each says, and whether it says sorry."""
    known: dict[int, Window | None] = {}
    now: dict[int, Window | None] = {}
    later_before: set[int] = set()
    is_sorry_before = False
    last: datetime.datetime | None = None
    for change, following in _with_next(changes):
        known.setdefault(change.line_id, change.old)
        now[change.line_id] = change.new
        leaves = change.at + policy.quiet
        if last is not None:
            leaves = max(leaves, last + policy.cap)
        if leaves > until or (following is not None and following.at < leaves):
            continue
        kinds = {line: worth_telling(window, known[line], policy=policy) for line, window in now.items()}
        told = {line: kind for line, kind in kinds.items() if kind}
        if not told:
            continue
        late = {line for line, kind in told.items() if kind != Kind.EARLIER}
        deserves = any(
            is_sorry(_slip(now[line], known[line]), is_repeated=line in later_before, policy=policy) for line in late
        )
        yield set(told.values()), deserves and not is_sorry_before
        is_sorry_before |= deserves
        later_before |= late
        known |= {line: now[line] for line in told}
        last = leaves


def _slip(now: Window | None, known: Window | None) -> int | None:
    return slip_days(now and now.last, known and known.last)


def _with_next(changes: Sequence[Change]) -> Iterable[tuple[Change, Change | None]]:
    return zip(changes, [*changes[1:], None], strict=True)
