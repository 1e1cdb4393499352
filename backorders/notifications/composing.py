"""What one customer hears now: every rule of telling applied to what was found, without touching the database."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from backorders.allocation.windows import business_day
from backorders.notifications.letters import (
    Addressee,
    Claim,
    Item,
    Kind,
    Letter,
    OrderPart,
    Owed,
    Parcel,
    Part,
    in_parts,
)
from backorders.notifications.policy import TellingPolicy
from backorders.notifications.reading import Called, Found, Line, Sent
from backorders.notifications.weighing import Gap, is_capped, is_quiet, is_sorry, next_update_on, worth_telling


class Composed(NamedTuple):
    """What comes of the asked customers: letters, gaps that deserve none, lines whose next update is off or moved."""

    letters: list[Letter]
    too_small: list[Line]
    next_updates: dict[int, datetime.date | None]


@dataclass(frozen=True)
class Desk:
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
    desk = Desk(found, at, policy)
    composed = Composed([], [], {})
    by_customer = _by_customer(found)
    for customer_id, addressee in found.addressees.items():
        letter = _letter(addressee, by_customer.get(customer_id, Mine()), desk, composed, is_held=customer_id in held)
        if letter is not None:
            composed.letters.append(letter)
    return composed


class Mine:
    """What was found for one customer."""

    def __init__(self) -> None:
        self.gaps: list[Line] = []
        self.unconfirmed: list[Line] = []
        self.empty_orders: list[int] = []
        self.silent: list[Line] = []
        self.sent: list[Sent] = []
        self.beside: list[Line] = []
        self.cancelled: list[Called] = []


def _by_customer(found: Found) -> dict[int, Mine]:
    mine: dict[int, Mine] = {}
    for name in ("gaps", "unconfirmed", "silent", "sent", "beside", "cancelled"):
        for row in getattr(found, name):
            getattr(mine.setdefault(row.customer_id, Mine()), name).append(row)
    for order_id, customer_id in found.empty_orders:
        mine.setdefault(customer_id, Mine()).empty_orders.append(order_id)
    return mine


def _letter(to: Addressee, mine: Mine, desk: Desk, composed: Composed, *, is_held: bool) -> Letter | None:
    changed = _changed(mine, to, desk, composed)
    near, still = _reminders(mine, to, desk, composed, is_written=bool(changed))
    confirmed = [line for line in mine.unconfirmed if line.open_quantity]
    parts = in_parts(
        [
            _cancelled(mine.cancelled, desk),
            *(_moved(Kind(kind), lines, desk) for kind, lines in _by_kind(changed)),
            _confirmation(confirmed, desk),
            _shipped(mine.sent, mine.beside, {line.line_id for _, line in changed}, desk),
            _lines_part(Kind.NO_DATE, [line for line in still if line.expected is None], desk),
            _lines_part(Kind.APPROACHING, [line for line in still if line.expected is not None], desk),
            _lines_part(Kind.APPROACHING, near, desk, is_near=True),
        ]
    )
    confirms = sorted({line.order_id for line in mine.unconfirmed} | set(mine.empty_orders))
    claims = _claims(mine, [line for _, line in changed] + near + still + confirmed, desk)
    return Letter(to, parts, claims, confirms, is_held) if parts or confirms else None


# -- which lines ------------------------------------------------------------------------------------------------------


def _changed(mine: Mine, to: Addressee, desk: Desk, composed: Composed) -> list[tuple[str, Line]]:
    """The customer's changes that are worth telling, if they have come to rest; small ones are put aside for good."""
    worthy: list[tuple[str, Line]] = []
    for line in mine.gaps:
        kind = worth_telling(line.expected, line.announced, policy=desk.policy) if line.open_quantity else None
        if kind is None:
            composed.too_small.append(line)
        else:
            worthy.append((kind, line))
    gaps = [Gap(_since(line, desk.found), line.changed_at, line.told) for _, line in worthy]
    if not gaps or not is_quiet(gaps, at=desk.at, policy=desk.policy):
        return []
    speaks_anyway = bool(mine.unconfirmed or mine.sent or mine.cancelled)
    last = desk.found.last_word.get(to.customer_id)
    if not speaks_anyway and is_capped(gaps, last_word_at=last, at=desk.at, policy=desk.policy):
        return []
    return worthy


def _since(line: Line, found: Found) -> datetime.datetime:
    """When the change to be told began: the first move after the gap was last found too small, else its opening."""
    if line.weighed_version is None:
        return line.gap_since or line.changed_at
    moves = found.moves.get(line.line_id, [])[: line.version - line.weighed_version]
    return moves[-1] if moves else line.changed_at


def _reminders(
    mine: Mine, to: Addressee, desk: Desk, composed: Composed, *, is_written: bool
) -> tuple[list[Line], list[Line]]:
    """The lines whose date is near, and those of which nothing was said for long. A closed line needs none."""
    near: list[Line] = []
    still: list[Line] = []
    last = desk.found.last_word.get(to.customer_id)
    for line in mine.silent:
        if not line.open_quantity:
            composed.next_updates[line.line_id] = None
        elif is_written or not is_capped(
            [Gap(line.changed_at, line.changed_at, line.told)], last_word_at=last, at=desk.at, policy=desk.policy
        ):
            _remind(line, desk, composed, near, still)
    return near, still


def _remind(line: Line, desk: Desk, composed: Composed, near: list[Line], still: list[Line]) -> None:
    is_near = line.expected is not None and (line.expected.first - desk.today).days <= desk.policy.approaching_days
    if not is_near:
        still.append(line)
    elif line.expected is not None and line.approach_announced_until != line.expected.last:
        near.append(line)
    else:
        composed.next_updates[line.line_id] = next_update_on(line.expected, at=desk.at, policy=desk.policy)


def _by_kind(changed: Sequence[tuple[str, Line]]) -> list[tuple[str, list[Line]]]:
    kinds = sorted({kind for kind, _ in changed})
    return [(kind, [line for other, line in changed if other == kind]) for kind in kinds]


# -- what is said of them ---------------------------------------------------------------------------------------------


def _moved(kind: Kind, lines: Sequence[Line], desk: Desk) -> Part:
    found = desk.found
    reasons = {found.reasons.get(line.line_id, "") for line in lines} if kind != Kind.EARLIER else set()
    sorry = kind != Kind.EARLIER and any(
        line.order_id not in found.sorry_before
        and is_sorry(_slip(line), is_repeated=line.order_id in found.later_before, policy=desk.policy)
        for line in lines
    )
    return _lines_part(kind, lines, desk, reason=reasons.pop() if len(reasons) == 1 else "", is_sorry=sorry)


def _slip(line: Line) -> int | None:
    return (line.expected.last - line.announced.last).days if line.expected and line.announced else None


def _lines_part(
    kind: Kind, lines: Sequence[Line], desk: Desk, *, reason: str = "", is_sorry: bool = False, is_near: bool = False
) -> Part:
    orders = [
        OrderPart(
            order_id=order_id,
            number=mine[0].number,
            placed_on=business_day(mine[0].placed_at),
            items=[Item(line.open_quantity, line.product, line.expected, line.announced) for line in mine],
        )
        for order_id, mine in _by_order(lines)
    ]
    return Part(kind, orders, desk.today, reason, is_sorry, is_near, _next_update(lines, desk))


def _confirmation(lines: Sequence[Line], desk: Desk) -> Part:
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
            )
        )
    waiting = [line for line in lines if line.waiting]
    return Part(Kind.CONFIRMATION, orders, desk.today, next_update_on=_next_update(waiting, desk))


def _ready(line: Line) -> Item:
    """What leaves now; the promise dates the line's last piece, so a part of a line goes without a date."""
    return Item(line.allocated, line.product, None if line.waiting else line.expected)


def _shipped(sent: Sequence[Sent], beside: Sequence[Line], stated: set[int], desk: Desk) -> Part:
    orders = []
    for order_id, mine in _by_order(sent):
        parcels = {
            row.shipment_id: Parcel(row.carrier, row.tracking_number, row.tracking_url, business_day(row.shipped_at))
            for row in mine
        }
        rest = [_rest(line, stated) for line in beside if line.order_id == order_id and line.open_quantity]
        orders.append(
            OrderPart(
                order_id=order_id,
                number=mine[0].number,
                placed_on=business_day(mine[0].placed_at),
                items=[Item(row.quantity, row.product) for row in mine],
                rest=rest,
                parcels=list(parcels.values()),
            )
        )
    return Part(Kind.SHIPPED, orders, desk.today)


def _rest(line: Line, stated: set[int]) -> Item:
    """What still comes, with its date unless that is still on the move."""
    if line.is_settled or line.line_id in stated:
        return Item(line.open_quantity, line.product, line.expected)
    return Item(line.open_quantity, line.product, is_unsaid=True)


def _cancelled(cancelled: Sequence[Called], desk: Desk) -> Part:
    return Part(
        Kind.CANCELLED,
        [
            OrderPart(
                order_id=order_id,
                number=mine[0].number,
                placed_on=business_day(mine[0].placed_at),
                items=[Item(row.quantity, row.product) for row in mine],
                owed=_owed([row.cancellation_id for row in mine], desk),
            )
            for order_id, mine in _by_order(cancelled)
        ],
        desk.today,
    )


def _owed(cancellations: Iterable[int], desk: Desk) -> Owed | None:
    refunds = [desk.found.refunds[pk] for pk in cancellations if pk in desk.found.refunds]
    if not refunds:
        return None
    due_on = max(business_day(refund.due_at) for refund in refunds)
    return Owed(sum((refund.amount for refund in refunds), start=refunds[0].amount * 0), refunds[0].currency, due_on)


def _next_update(lines: Sequence[Line], desk: Desk) -> datetime.date | None:
    """The day by which we write again even if nothing changes, for lines without a date; dated ones need none said."""
    if not any(line.expected is None for line in lines):
        return None
    return next_update_on(None, at=desk.at, policy=desk.policy)


# -- what it claims ---------------------------------------------------------------------------------------------------


def _claims(mine: Mine, lines: Sequence[Line], desk: Desk) -> list[Claim]:
    spoken = {line.line_id for line in lines}
    also = [line for line in mine.beside if line.open_quantity and line.is_settled and line.line_id not in spoken]
    claims = [
        Claim(
            line_id=line.line_id,
            order_id=line.order_id,
            product_id=line.product_id,
            version=line.version,
            window=line.expected,
            announced_at=line.announced_at,
            next_update_on=next_update_on(line.expected, at=desk.at, policy=desk.policy),
        )
        for line in (*lines, *also)
    ]
    claims += [Claim(row.line_id, row.order_id, row.product_id, shipment_id=row.shipment_id) for row in mine.sent]
    claims += [
        Claim(row.line_id, row.order_id, row.product_id, cancellation_id=row.cancellation_id) for row in mine.cancelled
    ]
    return claims


def _by_order(rows: Sequence) -> list[tuple[int, list]]:  # type: ignore[type-arg]
    key: Callable[[Line | Sent | Called], int] = lambda row: row.order_id  # noqa: E731
    return [(order_id, list(mine)) for order_id, mine in groupby(rows, key=key)]
