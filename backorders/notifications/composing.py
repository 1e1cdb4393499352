"""What one customer hears now: every rule of telling applied to what was found; pure."""

import dataclasses
import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from backorders.allocation.windows import business_day, slip_days
from backorders.delays import ending
from backorders.notifications import noticing
from backorders.notifications.letters import (
    Addressee,
    Alternative,
    Claim,
    Gift,
    Item,
    Kind,
    Letter,
    Option,
    OrderPart,
    Owed,
    Parcel,
    Part,
    Split,
    in_parts,
)
from backorders.notifications.policy import TellingPolicy
from backorders.notifications.reading import CalledOff, Found, Gifted, Line, Offered, Shipped
from backorders.notifications.weighing import Gap, is_capped, is_quiet, is_sorry, next_update_on, worth_telling


class Composed(NamedTuple):
    """What comes of the asked customers: letters, gaps that deserve none, lines whose next update is off or moved.

    `later` are customers who are to hear of a change, but not now.
    """

    letters: list[Letter]
    too_small: list[Line]
    next_updates: dict[int, datetime.date | None]
    later: set[int]


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


def compose(
    found: Found, *, held: frozenset[int] = frozenset(), at: datetime.datetime, policy: TellingPolicy
) -> Composed:
    """Return the letters to write now, one per customer; those of `held` customers are to be held."""
    given = Given(found, at, policy)
    composed = Composed([], [], {}, set())
    by_customer = _by_customer(found)
    for customer_id, addressee in found.addressees.items():
        mine = by_customer.get(customer_id, ForCustomer())
        notices = _notices(mine, given)
        changes = _changes(mine, addressee, given, is_written=bool(notices))
        reminders = _reminders(mine, addressee, given, is_written=bool(changes.now or notices))
        is_held = customer_id in held and not notices  # the law does not wait for us
        letter = _letter(addressee, mine, notices, changes, reminders, given, is_held=is_held)
        if letter is not None:
            composed.letters.append(letter)
        composed.too_small.extend(changes.too_small)
        composed.next_updates.update(reminders.next_updates)
        if changes.is_later:
            composed.later.add(customer_id)
    return composed


class ForCustomer:
    """What was found for one customer."""

    def __init__(self) -> None:
        self.gaps: list[Line] = []
        self.unconfirmed: list[Line] = []
        self.empty_orders: list[int] = []
        self.silent: list[Line] = []
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
    "silent",
    "shipped",
    "arrived",
    "beside",
    "offered",
    "offered_for",
    "cancelled",
    "gifts",
    "noticed",
)


def _by_customer(found: Found) -> dict[int, ForCustomer]:
    mine: dict[int, ForCustomer] = {}
    for name in _FOUND:
        for row in getattr(found, name):
            getattr(mine.setdefault(row.customer_id, ForCustomer()), name).append(row)
    for order_id, customer_id in found.empty_orders:
        mine.setdefault(customer_id, ForCustomer()).empty_orders.append(order_id)
    for one in mine.values():
        one.gaps = [line for line in one.gaps if not _is_silenced(line, found)]
    return mine


def _is_silenced(line: Line, found: Found) -> bool:
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


def _letter(
    to: Addressee,
    mine: ForCustomer,
    notices: Sequence[Noticed],
    changes: Changes,
    reminders: Reminders,
    given: Given,
    *,
    is_held: bool,
) -> Letter | None:
    near = reminders.near
    # A gain too small for a mail of its own is no "nothing has changed" either.
    still = [line for line in reminders.still if line.expected == line.announced]
    changed = changes.now + [(Kind.EARLIER, line) for line in reminders.still if line not in still]
    confirmed = [line for line in mine.unconfirmed if line.open_quantity]
    stated = {line.line_id for _, line in changed}
    offers = _offers(mine, stated)
    arrived = {row.shipment_id for row in mine.arrived}
    leaving = [row for row in mine.shipped if row.shipment_id not in arrived]
    parts = in_parts(
        [
            _cancelled(mine.cancelled, given),
            *(_noticed(option, lines, given) for option, lines in _by_option(notices)),
            *(_moved(Kind(kind), lines, given) for kind, lines in _by_kind(changed)),
            _confirmation(confirmed, given),
            _parcels(Kind.SHIPPED, leaving, mine.beside, stated, given),
            _parcels(Kind.DELIVERED, mine.arrived if to.wants_all_updates else [], mine.beside, stated, given),
            _alternatives(offers, given),
            _lines_part(Kind.HEARTBEAT, still, given),
            _lines_part(Kind.APPROACHING, near, given),
        ]
    )
    confirms = sorted({line.order_id for line in mine.unconfirmed} | set(mine.empty_orders))
    spoken = [notice.line for notice in notices] + [line for _, line in changed] + near + still + confirmed
    known = {line.line_id for line in spoken}
    spoken += [line for line, sooner in offers if sooner and line.line_id not in known]
    gifts = _gifts_now(mine, changes, given, is_written=bool(parts))
    parts = in_parts([*parts, _compensated(gifts, given)])
    claims = _claims(mine, spoken, near, notices, given) + _offer_claims(mine, [line for line, _ in offers])
    claims += [Claim(row.line_id, row.order_id, row.product_id, compensation_id=row.compensation_id) for row in gifts]
    return Letter(to, parts, claims, confirms, is_held) if parts or confirms or claims else None


# -- which lines ------------------------------------------------------------------------------------------------------


def _notices(mine: ForCustomer, given: Given) -> list[Noticed]:
    """The lines of which the law asks us to tell now. Only rest is waited for, and not when the last day is close.

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
    mine.silent = [line for line in mine.silent if line.line_id not in told]
    return found


def _is_due(line: Line, owing: noticing.Owed, offered: Option, given: Given) -> bool:
    if offered.is_reminder:
        return owing.is_reminded
    if owing.is_asked and (line.gap_since is None or not _is_silenced(line, given.found)):
        return False  # it was said already, or is no worse
    if line.gap_since is None or owing.presses:
        return True
    return is_quiet([Gap(line.gap_since, line.changed_at, line.told)], at=given.at, policy=given.policy)


def _by_option(notices: Sequence[Noticed]) -> list[tuple[Option, list[Line]]]:
    options = sorted({notice.option for notice in notices}, key=repr)
    return [(option, [notice.line for notice in notices if notice.option == option]) for option in options]


def _noticed(option: Option, lines: Sequence[Line], given: Given) -> Part:
    part = _moved(Kind.ANSWER_NEEDED, lines, given)
    return dataclasses.replace(part, option=option, is_sorry=part.is_sorry and not option.is_reminder)


def _changes(mine: ForCustomer, to: Addressee, given: Given, *, is_written: bool) -> Changes:
    """The customer's changes that are worth telling, if they have come to rest; small ones are put aside for good."""
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
    silenced = [line for line in mine.silent if _is_silenced(line, given.found)]
    mine.silent = [line for line in mine.silent if line not in silenced]
    owed = [given.found.owed[line.line_id] for line in silenced]
    last_days = {owing.line_id: owing.case.clock_on or given.today for owing in owed if not owing.is_ahead}
    return {pk: max(day, given.today) + datetime.timedelta(days=1) for pk, day in last_days.items()}


def _reminders(mine: ForCustomer, to: Addressee, given: Given, *, is_written: bool) -> Reminders:
    """What to remind of: a closed line of nothing, a near date not under the cap.

    That nothing has changed is said on the day we promised to write, whatever the cap says, and together with it what
    would be said within the days of the cap: so that the promise is kept and the next mail is not near.
    """
    reminders = Reminders([], [], _after_the_answer(mine, given))
    last = given.found.last_word.get(to.customer_id)
    silent = [line for line in mine.silent if to.wants_all_updates or line.expected is None or not line.open_quantity]
    due = [line for line in silent if line.line_id in given.found.due_again and line.open_quantity]
    still = [line for line in due if not _is_near(line, given)]
    if still or is_written:
        ahead = [line for line in silent if line.line_id not in given.found.due_again and line.open_quantity]
        still += [line for line in ahead if not _is_near(line, given, within=given.policy.cap)]
    reminders.still.extend(still)
    for line in due:
        gap = [Gap(line.changed_at, line.changed_at, line.told)]
        is_free = is_written or still or not is_capped(gap, last_word_at=last, at=given.at, policy=given.policy)
        if line.expected is None or not _is_near(line, given):
            continue
        if line.approach_announced_until == line.expected.last:
            reminders.next_updates[line.line_id] = next_update_on(line.expected, at=given.at, policy=given.policy)
        elif is_free:
            reminders.near.append(line)
    reminders.next_updates.update((line.line_id, None) for line in mine.silent if not line.open_quantity)
    unwanted = [line for line in mine.silent if line not in silent and line.line_id in given.found.due_again]
    for line in unwanted:
        reminders.next_updates[line.line_id] = next_update_on(line.expected, at=given.at, policy=given.policy)
    return reminders


def _gifts_now(mine: ForCustomer, changes: Changes, given: Given, *, is_written: bool) -> list[Gifted]:
    """What was given for a wait goes with the letter about it; alone only if none is to come and it came to rest."""
    is_at_rest = all(gift.at <= given.at - given.policy.quiet for gift in mine.gifts)
    return mine.gifts if is_written or (is_at_rest and not changes.is_later) else []


def _is_near(line: Line, given: Given, *, within: datetime.timedelta = datetime.timedelta(0)) -> bool:
    """Whether the line's date is near, or will be within that time."""
    if line.expected is None:
        return False
    return (line.expected.first - business_day(given.at + within)).days <= given.policy.approaching_days


def _offers(mine: ForCustomer, stated: set[int]) -> list[tuple[Line, list[Offered]]]:
    """Return the lines for which something was offered, each with what still comes sooner; none whose date moves."""
    found = [line for line in mine.offered_for if line.is_settled or line.line_id in stated]
    return [
        (line, [row for row in mine.offered if row.line_id == line.line_id and _comes_sooner(row, line)])
        for line in found
    ]


def _comes_sooner(row: Offered, line: Line) -> bool:
    if not line.open_quantity:
        return False
    return line.expected is None or row.arrives.last < line.expected.last


def _by_kind(changed: Sequence[tuple[str, Line]]) -> list[tuple[str, list[Line]]]:
    kinds = sorted({kind for kind, _ in changed})
    return [(kind, [line for other, line in changed if other == kind]) for kind in kinds]


# -- what is said of them ---------------------------------------------------------------------------------------------


def _moved(kind: Kind, lines: Sequence[Line], given: Given) -> Part:
    found = given.found
    reasons = {found.reasons.get(line.line_id, "") for line in lines} if kind != Kind.EARLIER else set()
    sorry = kind != Kind.EARLIER and any(
        line.order_id not in found.sorry_before
        and is_sorry(_later_by(line), is_repeated=line.order_id in found.later_before, policy=given.policy)
        for line in lines
    )
    return _lines_part(kind, lines, given, reason=reasons.pop() if len(reasons) == 1 else "", is_sorry=sorry)


def _later_by(line: Line) -> int | None:
    """Return by how many days the news is later than what was announced; None if there is no date any more."""
    return (line.expected.last - line.announced.last).days if line.expected and line.announced else None


def _lines_part(kind: Kind, lines: Sequence[Line], given: Given, *, reason: str = "", is_sorry: bool = False) -> Part:
    orders = [
        OrderPart(
            order_id=order_id,
            number=mine[0].number,
            placed_on=business_day(mine[0].placed_at),
            items=[Item(line.open_quantity, line.product, line.expected, line.announced) for line in mine],
            is_paid=mine[0].is_paid,
            alternatives=sum(given.found.alternatives.get(line.line_id, 0) for line in mine),
        )
        for order_id, mine in _by_order(lines)
    ]
    due = _next_word(lines, given) if kind == Kind.HEARTBEAT else _next_update(lines, given)
    return Part(kind, orders, given.today, reason, is_sorry, due)


def _confirmation(lines: Sequence[Line], given: Given) -> Part:
    """Each order split into what leaves now and what waits; an order that ships complete waits as a whole."""
    orders = []
    for order_id, mine in _by_order(lines):
        is_whole = mine[0].is_whole and any(line.waiting for line in mine)
        ready = [] if is_whole else [_ready(line) for line in mine if line.allocated]
        waits = [Item(line.open_quantity if is_whole else line.waiting, line.product, line.expected) for line in mine]
        orders.append(
            OrderPart(
                order_id=order_id,
                number=mine[0].number,
                placed_on=business_day(mine[0].placed_at),
                ready=ready,
                items=[item for item in waits if item.quantity],
                is_whole=is_whole,
                is_paid=mine[0].is_paid,
            )
        )
    waiting = [line for line in lines if line.waiting]
    return Part(Kind.CONFIRMATION, orders, given.today, next_update_on=_next_update(waiting, given))


def _ready(line: Line) -> Item:
    """What leaves now; the promise dates the line's last piece, so a part of a line goes without a date."""
    return Item(line.allocated, line.product, None if line.waiting else line.expected)


def _parcels(kind: Kind, found: Sequence[Shipped], beside: Sequence[Line], stated: set[int], given: Given) -> Part:
    """What left, or arrived and did not come back."""
    orders = []
    for order_id, mine in _by_order([row for row in found if row.quantity > row.returned]):
        parcels = {row.shipment_id: _parcel(row) for row in mine}
        rest = [_rest(line, stated) for line in beside if line.order_id == order_id and line.open_quantity]
        orders.append(
            OrderPart(
                order_id=order_id,
                number=mine[0].number,
                placed_on=business_day(mine[0].placed_at),
                items=[Item(row.quantity - row.returned, row.product) for row in mine],
                rest=rest,
                parcels=list(parcels.values()),
            )
        )
    return Part(kind, orders, given.today)


def _parcel(row: Shipped) -> Parcel:
    arrived = business_day(row.delivered_at) if row.delivered_at else None
    return Parcel(row.carrier, row.tracking_number, row.tracking_url, business_day(row.shipped_at), arrived)


def _rest(line: Line, stated: set[int]) -> Item:
    """What still comes, with its date unless that is still on the move."""
    if line.is_settled or line.line_id in stated:
        return Item(line.open_quantity, line.product, line.expected)
    return Item(line.open_quantity, line.product, is_unsaid=True)


def _alternatives(offers: Sequence[tuple[Line, list[Offered]]], given: Given) -> Part:
    sooner = {line.line_id: rows for line, rows in offers if rows}
    orders = [
        OrderPart(
            order_id=order_id,
            number=mine[0].number,
            placed_on=business_day(mine[0].placed_at),
            items=[
                Item(line.open_quantity, line.product, line.expected, alternatives=_choices(sooner[line.line_id]))
                for line in mine
            ],
            is_paid=mine[0].is_paid,
        )
        for order_id, mine in _by_order([line for line, rows in offers if rows])
    ]
    lines = [line for line, rows in offers if rows]
    return Part(Kind.ALTERNATIVE_OFFER, orders, given.today, next_update_on=_next_update(lines, given))


def _choices(rows: Sequence[Offered]) -> list[Alternative]:
    return [
        Alternative(row.quantity, row.product, row.arrives, row.price, row.line_price, row.currency, row.is_paid)
        for row in rows
    ]


def _cancelled(cancelled: Sequence[CalledOff], given: Given) -> Part:
    return Part(
        Kind.CANCELLED,
        [
            OrderPart(
                order_id=order_id,
                number=mine[0].number,
                placed_on=business_day(mine[0].placed_at),
                items=[Item(row.quantity, row.product) for row in mine],
                owed=_owed([row.cancellation_id for row in mine], given),
            )
            for order_id, mine in _by_order(cancelled)
        ],
        given.today,
    )


def _compensated(gifts: Sequence[Gifted], given: Given) -> Part:
    """What was given for each order: one sum for each way of giving."""
    kinds = sorted(gifts, key=lambda gift: (gift.order_id, gift.kind, gift.currency))
    grouped = [list(mine) for _, mine in groupby(kinds, key=lambda gift: (gift.order_id, gift.kind, gift.currency))]
    return Part(
        Kind.COMPENSATED,
        [
            OrderPart(
                order_id=mine[0].order_id,
                number=mine[0].number,
                placed_on=business_day(mine[0].placed_at),
                items=[Item(row.quantity, row.product) for row in mine],
                gift=Gift(mine[0].kind, sum((row.amount for row in mine), Decimal(0)), mine[0].currency),
            )
            for mine in grouped
        ],
        given.today,
    )


def _owed(cancellations: Iterable[int], given: Given) -> Owed | None:
    refunds = [given.found.refunds[pk] for pk in cancellations if pk in given.found.refunds]
    if not refunds:
        return None
    due_on = max(ending.due_on(refund) for refund in refunds)
    return Owed(sum((refund.amount for refund in refunds), start=refunds[0].amount * 0), refunds[0].currency, due_on)


def _next_update(lines: Sequence[Line], given: Given) -> datetime.date | None:
    """The day by which we write again even if nothing changes, for lines without a date; dated ones need none said."""
    if not any(line.expected is None for line in lines):
        return None
    return next_update_on(None, at=given.at, policy=given.policy)


def _next_word(lines: Sequence[Line], given: Given) -> datetime.date | None:
    """The day by which we write again of any of these lines."""
    return min((next_update_on(line.expected, at=given.at, policy=given.policy) for line in lines), default=None)


# -- what it claims ---------------------------------------------------------------------------------------------------


def _claims(
    mine: ForCustomer, lines: Sequence[Line], near: Sequence[Line], notices: Sequence[Noticed], given: Given
) -> list[Claim]:
    spoken = {line.line_id for line in lines}
    reminded = {line.line_id for line in near}
    divided = {line.line_id for line in mine.unconfirmed if not line.is_whole}
    offered = {notice.line.line_id: notice.option for notice in notices}
    also = [line for line in mine.beside if line.open_quantity and line.is_settled and line.line_id not in spoken]
    claims = [
        Claim(
            line_id=line.line_id,
            order_id=line.order_id,
            product_id=line.product_id,
            version=line.version,
            window=line.expected,
            announced_at=line.announced_at,
            next_update_on=next_update_on(line.expected, at=given.at, policy=given.policy),
            is_near=line.line_id in reminded,
            is_notice=line.line_id in offered and not offered[line.line_id].is_reminder,
            is_reminder=line.line_id in offered and offered[line.line_id].is_reminder,
            remind_next_on=given.found.owed[line.line_id].remind_next_on if line.line_id in offered else None,
            split=Split(line.allocated + line.shipped, line.waiting) if line.line_id in divided else None,
        )
        for line in (*lines, *also)
    ]
    claims += [Claim(row.line_id, row.order_id, row.product_id, shipment_id=row.shipment_id) for row in mine.shipped]
    claims += [
        Claim(row.line_id, row.order_id, row.product_id, shipment_id=row.shipment_id, is_arrival=True)
        for row in mine.arrived
    ]
    claims += [
        Claim(row.line_id, row.order_id, row.product_id, cancellation_id=row.cancellation_id) for row in mine.cancelled
    ]
    return claims


def _offer_claims(mine: ForCustomer, lines: Sequence[Line]) -> list[Claim]:
    """Every offer for these lines is dealt with: it is in the letter, or of no use any more."""
    known = {line.line_id for line in lines}
    return [
        Claim(row.line_id, row.order_id, row.product_id, offer_id=row.offer_id)
        for row in mine.offered
        if row.line_id in known
    ]


def _by_order(rows: Sequence) -> list[tuple[int, list]]:  # type: ignore[type-arg]
    key: Callable[[Line | Shipped | CalledOff], int] = lambda row: row.order_id  # noqa: E731
    return [(order_id, list(mine)) for order_id, mine in groupby(rows, key=key)]
