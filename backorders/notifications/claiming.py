"""What a letter claims of each line, and with that holds as announced once it is queued; pure."""

from collections.abc import Sequence

from backorders.notifications.found import Line
from backorders.notifications.letters import Claim, Split
from backorders.notifications.selecting import ForCustomer, Given, Noticed
from backorders.notifications.stating import is_over
from backorders.notifications.weighing import next_update_on


def claims_of(
    mine: ForCustomer, lines: Sequence[Line], near: Sequence[Line], notices: Sequence[Noticed], given: Given
) -> list[Claim]:
    """Return what the letter says of these lines, of what left and arrived, and of what was cancelled."""
    spoken = {line.line_id for line in lines}
    reminded = {line.line_id for line in near}
    divided = {line.line_id for line in mine.unconfirmed if not line.is_whole}
    offered = {notice.line.line_id: notice.option for notice in notices}
    also = [
        line
        for line in mine.beside
        if line.open_quantity and line.is_settled and line.line_id not in spoken and not is_over(line, given)
    ]
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
            over_at=given.found.owed[line.line_id].over_at if line.line_id in offered else None,
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


def offer_claims(mine: ForCustomer, lines: Sequence[Line]) -> list[Claim]:
    """Return a claim of every offer for these lines: it is in the letter, or of no use any more."""
    known = {line.line_id for line in lines}
    return [
        Claim(row.line_id, row.order_id, row.product_id, offer_id=row.offer_id)
        for row in mine.offered
        if row.line_id in known
    ]
