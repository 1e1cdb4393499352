"""Which of a customer's lines are spoken of now: what the law asks, what moved and came to rest, what is near; pure."""

import datetime
from collections import defaultdict
from dataclasses import dataclass
from itertools import compress
from operator import not_
from typing import NamedTuple

from backorders.allocation.windows import business_day, slip_days
from backorders.notifications import noticing
from backorders.notifications.found import CalledOff, Found, Gifted, Line, Offered, Shipped
from backorders.notifications.letters import Addressee, Kind, Option
from backorders.notifications.policy import TellingPolicy
from backorders.notifications.weighing import Gap, is_capped, is_quiet, next_update_on, worth_telling


@dataclass(frozen=True)
class Given:
    """What the rules look at: everything found, the time and the policy."""

    found: Found
    at: datetime.datetime
    policy: TellingPolicy

    @property
    def today(self) -> datetime.date:
        """The business day."""
        return business_day(self.at)


class ForCustomer:
    """What was found for one customer."""

    def __init__(self) -> None:
        self.gaps: list[Line] = []
        self.unconfirmed: list[Line] = []
        self.empty_orders: list[int] = []
        self.updates_due: list[Line] = []
        self.shipped: list[Shipped] = []
        self.arrived: list[Shipped] = []
        self.beside: list[Line] = []
        self.offered: list[Offered] = []
        self.offered_for: list[Line] = []
        self.cancelled: list[CalledOff] = []
        self.gifts: list[Gifted] = []
        self.noticed: list[Line] = []


_FOUND = (
    "gaps",
    "unconfirmed",
    "updates_due",
    "shipped",
    "arrived",
    "beside",
    "offered",
    "offered_for",
    "cancelled",
    "gifts",
    "noticed",
)


def by_customer(found: Found) -> dict[int, ForCustomer]:
    """Return what was found, by customer id; without the changes for which the law has its own words."""
    mine: dict[int, ForCustomer] = {}
    for name in _FOUND:
        for row in getattr(found, name):
            getattr(mine.setdefault(row.customer_id, ForCustomer()), name).append(row)
    for order_id, customer_id in found.empty_orders:
        mine.setdefault(customer_id, ForCustomer()).empty_orders.append(order_id)
    for one in mine.values():
        one.gaps = [line for line in one.gaps if not _is_left_to_the_law(line, found)]
    return mine


def _is_left_to_the_law(line: Line, found: Found) -> bool:
    """Whether the law has its own words for the line: no other mail about its date may say that nothing is to do."""
    owing = found.owed.get(line.line_id)
    if owing is None or not owing.silences:
        return False
    is_better = line.expected and line.announced and line.expected.last <= line.announced.last
    return not (owing.is_asked and is_better)


class Changes(NamedTuple):
    """A customer's changes to be told now, by kind; those that deserve no message; whether others wait to be told."""

    now: list[tuple[str, Line]]
    too_small: list[Line]
    is_later: bool


class Reminders(NamedTuple):
    """Lines whose date is near, those of which nothing was said for long, and days that are off or moved."""

    near: list[Line]
    still: list[Line]
    next_updates: dict[int, datetime.date | None]


class Noticed(NamedTuple):
    """A line of which the law asks us to tell now, with what it offers the customer."""

    line: Line
    option: Option


def notices_now(mine: ForCustomer, given: Given) -> list[Noticed]:
    """Return the lines that the law asks us to tell now. Only rest is waited for, and not when the last day is close.

    A first confirmation comes before any notice: it states the date on which the notice would rest.
    """
    unconfirmed = {line.order_id for line in mine.unconfirmed}
    found = []
    for line in mine.noticed:
        owing = given.found.owed[line.line_id]
        if not line.open_quantity or line.order_id in unconfirmed:
            continue
        offered = noticing.option(owing, line.expected_until, at=given.at)
        if offered and _is_due(line, owing, offered, given):
            found.append(Noticed(line, offered))
    told = {notice.line.line_id for notice in found}
    mine.gaps = [line for line in mine.gaps if line.line_id not in told]
    mine.updates_due = [line for line in mine.updates_due if line.line_id not in told]
    return found


def _is_due(line: Line, owing: noticing.Owed, offered: Option, given: Given) -> bool:
    if offered.is_reminder:
        return owing.is_reminded
    if owing.is_asked and (line.gap_since is None or not _is_left_to_the_law(line, given.found)):
        return False  # it was said already, or is no worse
    if line.gap_since is None or owing.presses:
        return True
    return is_quiet([Gap(line.gap_since, line.changed_at, line.told)], at=given.at, policy=given.policy)


def changes_now(mine: ForCustomer, to: Addressee, given: Given, *, is_written: bool) -> Changes:
    """Return the changes that are worth telling, if they have come to rest; small ones are put aside for good."""
    kinds = [(line, _worth(line, given)) for line in mine.gaps]
    if not to.wants_all_updates:
        kinds = [(line, kind if kind != Kind.EARLIER else None) for line, kind in kinds]
    worthy = [(kind, line) for line, kind in kinds if kind]
    too_small = [line for line, kind in kinds if not kind]
    gaps = [
        Gap(
            _since(line, given.found),
            line.changed_at,
            line.told,
            slip_days(line.expected_until, line.told_until),
        )
        for _, line in worthy
    ]
    if not gaps:
        return Changes([], too_small, is_later=False)
    speaks_anyway = bool(
        is_written or mine.unconfirmed or mine.shipped or mine.arrived or mine.cancelled or mine.offered
    )
    last = given.found.last_word.get(to.customer_id)
    is_later = not is_quiet(gaps, at=given.at, policy=given.policy) or (
        not speaks_anyway and is_capped(gaps, last_word_at=last, at=given.at, policy=given.policy)
    )
    return Changes([] if is_later else worthy, too_small, is_later)


def _worth(line: Line, given: Given) -> str | None:
    return worth_telling(line.expected, line.announced, policy=given.policy) if line.open_quantity else None


def _since(line: Line, found: Found) -> datetime.datetime:
    """When the change to be told began: the first move after the gap was last found too small, else its opening."""
    if line.weighed_version is None:
        return line.gap_since or line.changed_at
    moves = found.moves.get(line.line_id, [])[: line.version - line.weighed_version]
    return moves[-1] if moves else line.changed_at


def _after_the_answer(mine: ForCustomer, given: Given) -> dict[int, datetime.date | None]:
    """Leave aside the lines for which the law has its own reminders; return when the usual ones begin again."""
    is_left = [_is_left_to_the_law(line, given.found) for line in mine.updates_due]
    owed = [given.found.owed[line.line_id] for line in compress(mine.updates_due, is_left)]
    mine.updates_due = list(compress(mine.updates_due, map(not_, is_left)))
    last_days = {owing.line_id: owing.case.clock_on or given.today for owing in owed if not owing.is_ahead}
    return {pk: max(day, given.today) + datetime.timedelta(days=1) for pk, day in last_days.items()}


def reminders_now(mine: ForCustomer, to: Addressee, given: Given, *, is_written: bool) -> Reminders:
    """Return what to remind of: a closed line of nothing, a near date not under the cap, a day that has passed (goods
    that lie ready and have not left) never.

    That nothing has changed is said on the day we promised to write, whatever the cap says, and together with it what
    would be said within the days of the cap: so that the promise is kept and the next mail is not near.
    """
    reminders = Reminders([], [], _after_the_answer(mine, given))
    last = given.found.last_word.get(to.customer_id)
    is_wanted = [to.wants_all_updates or line.expected is None or not line.open_quantity for line in mine.updates_due]
    wanted = list(compress(mine.updates_due, is_wanted))
    due = [line for line in wanted if line.line_id in given.found.due_again and line.open_quantity]
    still = [line for line in due if not _is_near(line, given)]
    if still or is_written:
        ahead = [line for line in wanted if line.line_id not in given.found.due_again and line.open_quantity]
        still += [line for line in ahead if not _is_near(line, given, within=given.policy.cap)]
    reminders.still.extend(still)
    for line in due:
        gap = [Gap(line.changed_at, line.changed_at, line.told)]
        is_free = is_written or still or not is_capped(gap, last_word_at=last, at=given.at, policy=given.policy)
        if line.expected is None or not _is_near(line, given):
            continue
        if line.approach_announced_until == line.expected.last or line.expected.last < given.today:
            reminders.next_updates[line.line_id] = next_update_on(line.expected, at=given.at, policy=given.policy)
        elif is_free:
            reminders.near.append(line)
    reminders.next_updates.update((line.line_id, None) for line in mine.updates_due if not line.open_quantity)
    for line in compress(mine.updates_due, map(not_, is_wanted)):
        if line.line_id in given.found.due_again:
            reminders.next_updates[line.line_id] = next_update_on(line.expected, at=given.at, policy=given.policy)
    return reminders


def gifts_now(mine: ForCustomer, changes: Changes, given: Given, *, is_written: bool) -> list[Gifted]:
    """Return what was given for a wait: with the letter about it; alone only if none is to come and it is at rest."""
    is_at_rest = all(gift.at <= given.at - given.policy.quiet for gift in mine.gifts)
    return mine.gifts if is_written or (is_at_rest and not changes.is_later) else []


def _is_near(line: Line, given: Given, *, within: datetime.timedelta = datetime.timedelta(0)) -> bool:
    """Whether the line's date is near, or will be within that time."""
    if line.expected is None:
        return False
    return (line.expected.first - business_day(given.at + within)).days <= given.policy.approaching_days


def offers_now(mine: ForCustomer, stated: set[int]) -> list[tuple[Line, list[Offered]]]:
    """Return the lines for which something was offered, each with what still stands; none whose date moves."""
    found = [line for line in mine.offered_for if line.is_settled or line.line_id in stated]
    offered: dict[int, list[Offered]] = defaultdict(list)
    for row in mine.offered:
        offered[row.line_id].append(row)
    return [(line, [row for row in offered[line.line_id] if _still_stands(row, line)]) for line in found]


def _still_stands(row: Offered, line: Line) -> bool:
    """Whether so many units still wait, and it comes sooner than they do."""
    if row.quantity > line.waiting:
        return False
    return line.expected is None or row.arrives.last < line.expected.last
