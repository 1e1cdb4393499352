"""Joining the queue at its tail: a new order takes only what nobody holds, without planning the others again."""

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet

from backorders import rows
from backorders.allocation.outcome import arrivals, outcome
from backorders.allocation.planning import Demand, Piece, Supply, in_order_of_use, plan
from backorders.allocation.reading import read
from backorders.allocation.situation import OpenLine, Situation, youngest
from backorders.allocation.windows import Window
from backorders.orders.models import OrderLine


class Newcomer(NamedTuple):
    """A new line that wants `quantity` units of a product; `transit_days` is its carrier's."""

    product_id: int
    quantity: int
    score: int
    transit_days: int


class Joined(NamedTuple):
    """What a newcomer gets: its pieces as (is stock, supply, units), what is left uncovered, and its window."""

    pieces: Sequence[tuple[bool, int, int]]
    uncovered: int
    own: Window | None
    is_estimate: bool

    @property
    def allocated(self) -> int:
        """Units that lie ready now."""
        return sum(quantity for is_stock, _, quantity in self.pieces if is_stock)


def join(free: Situation, newcomers: Sequence[Newcomer], *, today: datetime.date) -> list[Joined]:
    """Give the newcomers, in rank order, what is free (`reading.read_free`), as the plan does for the last lines.

    Of one order's lines of the same product the one with the higher score comes first, then the first named.
    """
    joined: dict[int, Joined] = {}
    for product_id, found in free.supplies(free.products, today=today).items():
        supplies = in_order_of_use(found)
        mine = [(index, new) for index, new in enumerate(newcomers) if new.product_id == product_id]
        mine.sort(key=lambda numbered: -numbered[1].score)
        demands = [Demand(index, new.quantity, transit_days=new.transit_days) for index, new in mine]
        pieces = plan(supplies, demands)
        joined.update((demand.line_id, _joined(demand, supplies, pieces)) for demand in demands)
    return [joined[index] for index in range(len(newcomers))]


def join_alone(supplies: Sequence[Supply], *, quantity: int, transit_days: int) -> Joined:
    """Return what one newcomer would get of free supplies (in order of use) if nobody else came."""
    alone = Demand(0, quantity, transit_days=transit_days)
    return _joined(alone, supplies, plan(supplies, [alone]))


def join_by_plan(newcomers: Sequence[Newcomer], *, at: datetime.datetime, today: datetime.date) -> list[Joined]:
    """Return what the newcomers would get by planning their products again: when they do not belong at the tail."""
    situation = read({new.product_id for new in newcomers})
    lines = [_as_last(youngest(index), new, at) for index, new in enumerate(newcomers)]
    situation.lines.update((line.line_id, line) for line in lines)
    result = outcome(situation, today=today)
    after = {a.line.line_id: a for a in result.after}
    return [
        Joined(
            pieces=[(is_stock, pk, n) for (of, is_stock, pk), n in result.allocations.items() if of == line.line_id],
            uncovered=after[line.line_id].uncovered,
            own=after[line.line_id].own,
            is_estimate=after[line.line_id].is_estimate,
        )
        for line in lines
    ]


def _joined(demand: Demand, supplies: Sequence[Supply], pieces: Sequence[Piece]) -> Joined:
    """What one of the demands got."""
    own_pieces = [piece for piece in pieces if piece.line_id == demand.line_id]
    uncovered = demand.quantity - sum(piece.quantity for piece in own_pieces)
    own = None if uncovered else arrivals(supplies, own_pieces, transit_days=demand.transit_days)
    return Joined(
        pieces=[(supplies[p.supply].is_stock, supplies[p.supply].id, p.quantity) for p in own_pieces],
        uncovered=uncovered,
        own=own,
        is_estimate=own is not None and any(supplies[p.supply].is_estimate for p in own_pieces),
    )


def _as_last(line_id: int, new: Newcomer, at: datetime.datetime) -> OpenLine:
    """The open line that a newcomer would be; nothing is promised to it yet."""
    return OpenLine(
        line_id=line_id,
        product_id=new.product_id,
        order_id=line_id,
        customer_id=0,
        allocated=0,
        waiting=new.quantity,
        is_expedited=False,
        promise_number=None,
        is_held=False,
        overtaken=0,
        score=new.score,
        placed_at=at,
        is_whole=False,
        transit_days=new.transit_days,
        own_from=None,
        own_until=None,
        expected_from=None,
        expected_until=None,
        is_estimate=False,
        uncovered=new.quantity,
        told_from=None,
        told_until=None,
    )


def belongs_at_tail(newcomers: Sequence[Newcomer]) -> bool:
    """Whether what is free is all that these newcomers get by the plan; else their products must be planned again.

    Whoever holds units stands before them, so the one thing to look for is a ship-complete line that was told a date
    and keeps stock only because nobody behind it wanted that.
    """
    return not newcomers or not rows.select(_spare, sorted({new.product_id for new in newcomers}))


def _spare(product_ids: Sequence[int]) -> QuerySet[OrderLine, Any]:
    half_served = OrderLine.objects.filter(product__in=product_ids, waiting__gt=0, allocated__gt=0)
    told = half_served.filter(order__is_ship_complete=True, promise__told_until__isnull=False, is_held=False)
    return told.order_by("id").values_list("id")[:1]
