"""Joining the queue at its tail: a new order takes only what nobody holds, without planning the others again."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q

from backorders.allocation.models import Promise
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
    """Give each newcomer, in order, what is free (`situation.read_free`); the same rule as the plan for a last line."""
    joined: dict[int, Joined] = {}
    for product_id in free.products:
        supplies = in_order_of_use(free.supplies(product_id, today=today))
        mine = [(index, new) for index, new in enumerate(newcomers) if new.product_id == product_id]
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
    """Whether no newcomer outranks a line that holds or counts on units; else the product must be planned again.

    Newcomers stand behind every line that was promised a date. Of the others only those with a lower score, or with
    the fairness bound still far, could be passed; they matter only if they hold something.
    """
    if not newcomers:
        return True
    passed = Q()
    for new in newcomers:
        passed |= Q(product=new.product_id, score__lt=new.score)
    behind = OrderLine.objects.waiting().filter(passed, promise_number=None, is_held=False, is_expedited=False)
    holds = Promise.objects.filter(line=OuterRef("pk"), uncovered__lt=OuterRef("allocated") + OuterRef("waiting"))
    return not behind.filter(Exists(holds)).exists()
