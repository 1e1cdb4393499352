"""A situation is all that the plan of some products rests on; a preview changes it in memory. Pure."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from backorders.allocation.planning import Supply
from backorders.allocation.windows import Calendar, Lateness, Window, arrival, put_off, shifted, widened
from backorders.refusal import Stale
from backorders.supply.models import Confidence, Warehouse


class Stock(NamedTuple):
    """Units of a product on hand in a warehouse."""

    id: int
    product_id: int
    warehouse_id: int
    warehouse_rank: int
    on_hand: int


class Lot(NamedTuple):
    """What is outstanding on a purchase line, and when its supplier says that it comes."""

    id: int
    product_id: int
    warehouse_id: int
    warehouse_rank: int
    outstanding: int
    eta_on: datetime.date | None
    eta_until: datetime.date | None
    confidence: str
    early_days: int | None
    late_days: int | None
    confirms_after_days: int

    def is_overdue(self, today: datetime.date) -> bool:
        """Whether the last day of its ETA has passed."""
        return self.eta_until is not None and self.eta_until < today


class OpenLine(NamedTuple):
    """An open order line and its promise as they are written now."""

    line_id: int
    product_id: int
    order_id: int
    customer_id: int
    allocated: int
    waiting: int
    is_expedited: bool
    promise_number: int | None
    is_held: bool
    overtaken: int
    score: int
    placed_at: datetime.datetime
    is_whole: bool
    transit_days: int
    own_from: datetime.date | None
    own_until: datetime.date | None
    expected_from: datetime.date | None
    expected_until: datetime.date | None
    is_estimate: bool
    uncovered: int
    told_from: datetime.date | None
    told_until: datetime.date | None

    @property
    def quantity(self) -> int:
        """Units still to be shipped."""
        return self.allocated + self.waiting


class Held(NamedTuple):
    """A written allocation: `is_stock` tells whether `supply_id` is a stock level or a purchase line."""

    id: int
    line_id: int
    is_stock: bool
    supply_id: int
    quantity: int


class Making(NamedTuple):
    """How a product's supplies become dates, and the last number its promises were given (0: not read, or none)."""

    handling_days: int
    usual_lateness: Lateness
    last_promise: int = 0


def youngest(number: int) -> int:
    """Return an id for what is not written yet, the same for the same number: as the youngest it comes after all."""
    return 2**62 + number


_LINES = 2**63  # more than there are ids


def part_of(line_id: int, number: int) -> int:
    """Return the id, while nothing is written, of the part with this number of a line that is looked at in parts."""
    return youngest(line_id + number * _LINES)


def written(line_id: int) -> int:
    """Return the id of the line as it is written: of a part, that of its line."""
    return line_id if line_id < youngest(0) else (line_id - youngest(0)) % _LINES


@dataclass
class Situation:
    """Everything the plan of `products` rests on. `siblings` are lines of other products in the same whole orders."""

    products: dict[int, Making]
    calendars: dict[int, Calendar]
    stocks: dict[int, Stock]
    lots: dict[int, Lot]
    lines: dict[int, OpenLine]
    siblings: list[OpenLine]
    held: list[Held]

    def open_line(self, line_id: int) -> OpenLine:
        """Return an open line; refuse if nothing of it is open any more: somebody was quicker than who looks ahead."""
        if line_id not in self.lines:
            raise Stale(_("What this is about was changed a moment ago. Look at it again."))
        return self.lines[line_id]

    def supplies(self, products: Iterable[int], *, today: datetime.date) -> dict[int, list[Supply]]:
        """Return the supplies of each of these products, in no order. Units that do not exist or never come are left
        out."""
        found: dict[int, list[Supply]] = {pk: [] for pk in products}
        for stock in self.stocks.values():
            if stock.product_id in found and stock.on_hand:
                found[stock.product_id].append(self._stock_supply(stock, today))
        for lot in self.lots.values():
            if lot.product_id in found and lot.outstanding:
                found[lot.product_id].append(self._lot_supply(lot, today))
        return found

    def add_stock(self, product_id: int, warehouse: Warehouse, quantity: int) -> None:
        """Put units (or, negative, take them) on hand in a warehouse."""
        place = (product_id, warehouse.pk)
        known = next((s for s in self.stocks.values() if (s.product_id, s.warehouse_id) == place), None)
        level = known or Stock(youngest(warehouse.pk), product_id, warehouse.pk, warehouse.rank, 0)
        self.stocks[level.id] = level._replace(on_hand=level.on_hand + quantity)

    def _stock_supply(self, stock: Stock, today: datetime.date) -> Supply:
        ready = self._ready(self.products[stock.product_id], stock.warehouse_id, Window(today, today))
        return Supply(True, stock.id, stock.on_hand, ready, (0, stock.warehouse_rank, 0))

    def _lot_supply(self, lot: Lot, today: datetime.date) -> Supply:
        making = self.products[lot.product_id]
        late = lateness_of(lot, usual=making.usual_lateness)
        arrives = dated_arrival(lot, late, today=today)
        return Supply(
            is_stock=False,
            id=lot.id,
            quantity=lot.outstanding,
            ready=self._still_ready(lot, arrives, today) if arrives else None,
            preference=(lot.confidence != Confidence.CONFIRMED, lot.warehouse_rank, 0),
            is_estimate=late.is_estimate or lot.confidence != Confidence.CONFIRMED,
        )

    def _still_ready(self, lot: Lot, arrives: Window, today: datetime.date) -> Window:
        making, calendar = self.products[lot.product_id], self.calendars[lot.warehouse_id]
        planned = widened(self._ready(making, lot.warehouse_id, arrives), calendar)
        earliest = calendar.add(today, making.handling_days)
        return put_off(planned, calendar, earliest=earliest, is_overdue=lot.is_overdue(today))

    def _ready(self, making: Making, warehouse_id: int, arrives: Window) -> Window:
        return shifted(arrives, self.calendars[warehouse_id], working_days=making.handling_days)


def lateness_of(lot: Lot, *, usual: Lateness) -> Lateness:
    """Return how late its supplier is by its own record; without one as late as is usual for such goods."""
    if lot.early_days is None or lot.late_days is None:
        return usual
    return Lateness(lot.early_days, lot.late_days)


def dated_arrival(lot: Lot, lateness: Lateness, *, today: datetime.date) -> Window | None:
    """Return when a lot was to arrive; None: no ETA, unconfirmed, or past due longer than its supplier is believed."""
    if lot.eta_on is None or lot.eta_until is None or lot.confidence == Confidence.UNCONFIRMED:
        return None
    if (today - lot.eta_until).days > lot.confirms_after_days:
        return None
    return arrival(Window(lot.eta_on, lot.eta_until), lateness)
