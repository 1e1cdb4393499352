"""What a letter says of the lines that it is about, part by part; pure."""

import dataclasses
import datetime
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import groupby

from backorders.allocation.windows import Window, business_day, slip_days
from backorders.delays import ending
from backorders.notifications.found import CalledOff, Gifted, Line, Offered, Shipped
from backorders.notifications.letters import Alternative, Gift, Item, Kind, Option, OrderPart, Owed, Parcel, Part
from backorders.notifications.selecting import Given, Noticed
from backorders.notifications.weighing import is_sorry, next_update_on


def by_option(notices: Sequence[Noticed]) -> list[tuple[Option, list[Line]]]:
    """Return the lines of each offer of the law."""
    options = sorted({notice.option for notice in notices}, key=repr)
    return [(option, [notice.line for notice in notices if notice.option == option]) for option in options]


def notice_part(option: Option, lines: Sequence[Line], given: Given) -> Part:
    """Return what the law asks us to say of these lines, with what it offers."""
    part = moved_part(Kind.ANSWER_NEEDED, lines, given)
    return dataclasses.replace(part, option=option, is_sorry=part.is_sorry and not option.is_reminder)


def by_kind(changed: Sequence[tuple[str, Line]]) -> list[tuple[str, list[Line]]]:
    """Return the lines of each kind of change."""
    kinds = sorted({kind for kind, _ in changed})
    return [(kind, [line for other, line in changed if other == kind]) for kind in kinds]


def moved_part(kind: Kind, lines: Sequence[Line], given: Given) -> Part:
    """Return what is said of dates that moved: the reason if they have one in common, and sorry where it is due."""
    found = given.found
    reasons = {found.reasons.get(line.line_id, "") for line in lines} if kind != Kind.EARLIER else set()
    sorry = kind != Kind.EARLIER and any(
        line.order_id not in found.sorry_before
        and is_sorry(
            slip_days(line.expected_until, line.announced_until),
            is_repeated=line.order_id in found.later_before,
            policy=given.policy,
        )
        for line in lines
    )
    return lines_part(kind, lines, given, reason=reasons.pop() if len(reasons) == 1 else "", is_sorry=sorry)


def lines_part(kind: Kind, lines: Sequence[Line], given: Given, *, reason: str = "", is_sorry: bool = False) -> Part:
    """Return what is said of lines and their dates, and when we write again."""
    orders = [
        OrderPart(
            order_id=order_id,
            number=mine[0].number,
            placed_on=business_day(mine[0].placed_at),
            items=[Item(line.open_quantity, line.product, line.expected, _before(line)) for line in mine],
            is_part=bool(given.found.dates.get(order_id, set()) - {line.expected for line in mine}),
            is_paid=mine[0].is_paid,
            alternatives=sum(given.found.alternatives.get(line.line_id, 0) for line in mine),
        )
        for order_id, mine in _by_order(lines)
    ]
    due = _next_word(lines, given) if kind == Kind.HEARTBEAT else _next_update(lines, given)
    return Part(kind, orders, given.today, reason, is_sorry, due)


def _before(line: Line) -> Window | None:
    """What was announced, unless it is what we say again."""
    return line.announced if line.announced != line.expected else None


def confirmation_part(lines: Sequence[Line], given: Given) -> Part:
    """Return each order split into what leaves now and what waits; an order that ships complete waits as a whole."""
    orders = []
    for order_id, mine in _by_order(lines):
        is_whole = mine[0].is_whole and any(line.waiting for line in mine)
        ready = [] if is_whole else [_ready(line, given) for line in mine if line.allocated]
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


def _ready(line: Line, given: Given) -> Item:
    """What leaves now; the promise dates the line's last piece, so a part of a line goes without a date, like what
    should have arrived before."""
    return Item(line.allocated, line.product, None if line.waiting or is_over(line, given) else line.expected)


def is_over(line: Line, given: Given) -> bool:
    """Whether the day we believe in has passed: no letter names it."""
    return line.expected is not None and line.expected.is_over(given.today)


def parcels_part(kind: Kind, found: Sequence[Shipped], beside: Sequence[Line], stated: set[int], given: Given) -> Part:
    """Return what left, or arrived and did not come back."""
    orders = []
    for order_id, mine in _by_order([row for row in found if row.quantity > row.returned]):
        parcels = {row.shipment_id: _parcel(row) for row in mine}
        rest = [_rest(line, stated, given) for line in beside if line.order_id == order_id and line.open_quantity]
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


def _rest(line: Line, stated: set[int], given: Given) -> Item:
    """What still comes, with its date unless that is still on the move, or has passed."""
    if (line.is_settled or line.line_id in stated) and not is_over(line, given):
        return Item(line.open_quantity, line.product, line.expected)
    return Item(line.open_quantity, line.product, is_unsaid=True)


def alternatives_part(offers: Sequence[tuple[Line, list[Offered]]], given: Given) -> Part:
    """Return what else would come sooner, for each line for which something does."""
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
        Alternative(
            *(row.quantity, row.product, row.arrives, row.price, row.back, row.line_price, row.currency, row.less)
        )
        for row in rows
    ]


def cancelled_part(cancelled: Sequence[CalledOff], given: Given) -> Part:
    """Return what was cancelled of each order, and the money that is owed for it."""
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


def compensation_part(gifts: Sequence[Gifted], given: Given) -> Part:
    """Return what was given for each order: one sum for each way of giving."""
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


def _by_order(rows: Sequence) -> list[tuple[int, list]]:  # type: ignore[type-arg]
    key: Callable[[Line | Shipped | CalledOff], int] = lambda row: row.order_id  # noqa: E731
    return [(order_id, list(mine)) for order_id, mine in groupby(rows, key=key)]
