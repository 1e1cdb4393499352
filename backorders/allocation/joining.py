"""Joining the queue at its tail: a new order takes only what nobody holds, without planning the others again."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from backorders.allocation.outcome import arrivals
from backorders.allocation.planning import Demand, in_order_of_use, plan
from backorders.allocation.situation import Situation
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
    """Give the newcomers, in rank order, what is free (`situation.read_free`), as the plan does for the last lines.

    Of one order's lines of the same product the one with the higher score comes first, then the first named.
    """
    joined: dict[int, Joined] = {}
    for product_id in free.products:
        supplies = in_order_of_use(free.supplies(product_id, today=today))
        mine = [(index, new) for index, new in enumerate(newcomers) if new.product_id == product_id]
        mine.sort(key=lambda numbered: -numbered[1].score)
        demands = [Demand(index, new.quantity, transit_days=new.transit_days) for index, new in mine]
        pieces = plan(supplies, demands)
        for demand in demands:
            own_pieces = [piece for piece in pieces if piece.line_id == demand.line_id]
            uncovered = demand.quantity - sum(piece.quantity for piece in own_pieces)
            own = None if uncovered else arrivals(supplies, own_pieces, transit_days=demand.transit_days)
            joined[demand.line_id] = Joined(
                pieces=[(supplies[p.supply].is_stock, supplies[p.supply].id, p.quantity) for p in own_pieces],
                uncovered=uncovered,
                own=own,
                is_estimate=own is not None and any(supplies[p.supply].is_estimate for p in own_pieces),
            )
    return [joined[index] for index in range(len(newcomers))]


def belongs_at_tail(newcomers: Sequence[Newcomer]) -> bool:
    """Whether what is free is all that these newcomers get by the plan; else their products must be planned again.

    Whoever holds units stands before them, so the one thing to look for is a ship-complete line that was told a date
    and keeps stock only because nobody behind it wanted that.
    """
    if not newcomers:
        return True
    spare = OrderLine.objects.filter(product__in={new.product_id for new in newcomers}, waiting__gt=0, allocated__gt=0)
    return not spare.filter(order__is_ship_complete=True, promise__told_until__isnull=False, is_held=False).exists()
