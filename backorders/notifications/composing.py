"""What one customer hears now, in one letter: every rule of telling applied to what was found; pure."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from backorders.notifications.claiming import claims_of, offer_claims
from backorders.notifications.found import Found, Line
from backorders.notifications.letters import Addressee, Claim, Kind, Letter, in_parts
from backorders.notifications.policy import TellingPolicy
from backorders.notifications.selecting import (
    Changes,
    ForCustomer,
    Given,
    Noticed,
    Reminders,
    by_customer,
    changes_now,
    gifts_now,
    notices_now,
    offers_now,
    reminders_now,
)
from backorders.notifications.stating import (
    alternatives_part,
    by_kind,
    by_option,
    cancelled_part,
    compensation_part,
    confirmation_part,
    lines_part,
    moved_part,
    notice_part,
    parcels_part,
)


class Composed(NamedTuple):
    """What comes of the asked customers: letters, gaps that deserve none, lines whose next update is off or moved.

    `later` are customers who are to hear of a change, but not now.
    """

    letters: list[Letter]
    too_small: list[Line]
    next_updates: dict[int, datetime.date | None]
    later: set[int]


def compose(
    found: Found, *, held: frozenset[int] = frozenset(), at: datetime.datetime, policy: TellingPolicy
) -> Composed:
    """Return the letters to write now, one per customer; those of `held` customers are to be held."""
    given = Given(found, at, policy)
    composed = Composed([], [], {}, set())
    found_for = by_customer(found)
    for customer_id, addressee in found.addressees.items():
        mine = found_for.get(customer_id, ForCustomer())
        notices = notices_now(mine, given)
        changes = changes_now(mine, addressee, given, is_written=bool(notices))
        reminders = reminders_now(mine, addressee, given, is_written=bool(changes.now or notices))
        is_held = customer_id in held and not notices  # the law does not wait for us
        letter = _letter(addressee, mine, notices, changes, reminders, given, is_held=is_held)
        if letter is not None:
            composed.letters.append(letter)
        composed.too_small.extend(changes.too_small)
        composed.next_updates.update(reminders.next_updates)
        if changes.is_later:
            composed.later.add(customer_id)
    return composed


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
    offers = offers_now(mine, stated)
    arrived = {row.shipment_id for row in mine.arrived}
    leaving = [row for row in mine.shipped if row.shipment_id not in arrived]
    parts = in_parts(
        [
            cancelled_part(mine.cancelled, given),
            *(notice_part(option, lines, given) for option, lines in by_option(notices)),
            *(moved_part(Kind(kind), lines, given) for kind, lines in by_kind(changed)),
            confirmation_part(confirmed, given),
            parcels_part(Kind.SHIPPED, leaving, mine.beside, stated, given),
            parcels_part(Kind.DELIVERED, mine.arrived if to.wants_all_updates else [], mine.beside, stated, given),
            alternatives_part(offers, given),
            lines_part(Kind.HEARTBEAT, still, given),
            lines_part(Kind.APPROACHING, near, given),
        ]
    )
    confirms = sorted({line.order_id for line in mine.unconfirmed} | set(mine.empty_orders))
    spoken = [notice.line for notice in notices] + [line for _, line in changed] + near + still + confirmed
    known = {line.line_id for line in spoken}
    spoken += [line for line, sooner in offers if sooner and line.line_id not in known]
    gifts = gifts_now(mine, changes, given, is_written=bool(parts))
    parts = in_parts([*parts, compensation_part(gifts, given)])
    claims = claims_of(mine, spoken, near, notices, given) + offer_claims(mine, [line for line, _ in offers])
    claims += [Claim(row.line_id, row.order_id, row.product_id, compensation_id=row.compensation_id) for row in gifts]
    return Letter(to, parts, claims, confirms, is_held) if parts or confirms or claims else None
