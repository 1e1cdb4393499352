"""A situation is all that the plan of some products rests on, read once; a preview changes it in memory."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable

from backorders import rows
from backorders.allocation.models import Allocation
from backorders.allocation.planning import Supply
from backorders.allocation.windows import Calendar, Lateness, Window, arrival, put_off, shifted, widened
from backorders.catalog.models import Product
from backorders.orders.models import OrderLine
from backorders.supply.models import Confidence, Holiday, PurchaseLine, StockLevel, Warehouse

OUTSTANDING = F("quantity") - F("received") - F("cancelled")


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


Supplied = TypeVar("Supplied", Stock, Lot)


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


_OPEN_LINE = (
    "id product_id order_id promise__customer_id allocated waiting is_expedited promise_number is_held overtaken score "
    "placed_at order__is_ship_complete order__carrier__transit_days promise__own_from promise__own_until "
    "promise__expected_from promise__expected_until promise__is_estimate promise__uncovered promise__told_from "
    "promise__told_until"
).split()


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

    def supplies(self, product_id: int, *, today: datetime.date) -> list[Supply]:
        """Return the product's supplies, in no order. Units that do not exist or never come are left out."""
        making = self.products[product_id]
        stocks = [
            Supply(
                True,
                stock.id,
                stock.on_hand,
                self._ready(making, stock.warehouse_id, Window(today, today)),
                (0, stock.warehouse_rank, 0),
            )
            for stock in self.stocks.values()
            if stock.product_id == product_id and stock.on_hand
        ]
        lots = [
            self._lot_supply(making, lot, today)
            for lot in self.lots.values()
            if lot.product_id == product_id and lot.outstanding
        ]
        return stocks + lots

    def add_stock(self, product_id: int, warehouse: Warehouse, quantity: int) -> None:
        """Put units (or, negative, take them) on hand in a warehouse."""
        place = (product_id, warehouse.pk)
        known = next((s for s in self.stocks.values() if (s.product_id, s.warehouse_id) == place), None)
        level = known or Stock(youngest(warehouse.pk), product_id, warehouse.pk, warehouse.rank, 0)
        self.stocks[level.id] = level._replace(on_hand=level.on_hand + quantity)

    def _lot_supply(self, making: Making, lot: Lot, today: datetime.date) -> Supply:
        own = lot.early_days is not None and lot.late_days is not None
        late = Lateness(lot.early_days, lot.late_days) if own else making.usual_lateness  # type: ignore[arg-type]
        arrives = dated_arrival(lot, late, today=today)
        return Supply(
            is_stock=False,
            id=lot.id,
            quantity=lot.outstanding,
            ready=self._still_ready(making, lot.warehouse_id, arrives, today) if arrives else None,
            preference=(lot.confidence != Confidence.CONFIRMED, lot.warehouse_rank, 0),
            is_estimate=late.is_estimate or lot.confidence != Confidence.CONFIRMED,
        )

    def _still_ready(self, making: Making, warehouse_id: int, arrives: Window, today: datetime.date) -> Window:
        calendar = self.calendars[warehouse_id]
        planned = widened(self._ready(making, warehouse_id, arrives), calendar)
        return put_off(planned, calendar, earliest=calendar.add(today, making.handling_days))

    def _ready(self, making: Making, warehouse_id: int, arrives: Window) -> Window:
        return shifted(arrives, self.calendars[warehouse_id], working_days=making.handling_days)


def dated_arrival(lot: Lot, lateness: Lateness, *, today: datetime.date) -> Window | None:
    """Return when a lot was to arrive; None: no ETA, unconfirmed, or past due longer than its supplier is believed."""
    if lot.eta_on is None or lot.eta_until is None or lot.confidence == Confidence.UNCONFIRMED:
        return None
    if (today - lot.eta_until).days > lot.confirms_after_days:
        return None
    return arrival(Window(lot.eta_on, lot.eta_until), lateness)


def read(product_ids: Iterable[int]) -> Situation:
    """Read the situation of these products: seven statements, however many lines wait."""
    ids = sorted(set(product_ids))
    lines, siblings = _lines(ids)
    return Situation(
        products=_makings(ids),
        calendars=calendars(),
        stocks=_by_id(Stock, rows.select(_on_hand, ids)),
        lots=_by_id(Lot, rows.select(_outstanding, ids)),
        lines=lines,
        siblings=siblings,
        held=_held(ids),
    )


def read_free(wanted: Mapping[int, int], *, makings: dict[int, Making]) -> Situation:
    """Read only what nobody holds yet of these products: what a newcomer at the tail of the queue may take.

    `wanted` is units by product: where stock has that many, what is still coming does not matter and is not read.
    """
    return ask_for_free(wanted, makings=makings)()


def ask_for_free(wanted: Mapping[int, int], *, makings: dict[int, Making]) -> Callable[[], Situation]:
    """Ask for what `read_free` returns; call what comes back for it."""
    ids = sorted(wanted)
    holidays, available = rows.ask(_holidays, []), rows.ask(_available, ids)

    def free() -> Situation:
        stocks = _by_id(Stock, available())
        left = dict(wanted)
        for stock in stocks.values():
            left[stock.product_id] -= stock.on_hand
        short = [pk for pk in ids if left[pk] > 0]
        lots = _by_id(Lot, rows.select(_unpegged, short)) if short else {}
        return Situation(makings, _calendars(holidays()), stocks, lots, lines={}, siblings=[], held=[])

    return free


def makings_of(products: Iterable[Product]) -> dict[int, Making]:
    """Return how the supplies of these products (read with their category) become dates."""
    return {
        product.pk: Making(
            product.handling_days,
            Lateness(product.category.usual_early_days, product.category.usual_late_days, is_estimate=True),
        )
        for product in products
    }


def calendars() -> dict[int, Calendar]:
    """Return the working calendar of every warehouse, by id; those without holidays share one."""
    return _calendars(rows.select(_holidays, []))


def _calendars(holidays: Iterable[rows.Row]) -> dict[int, Calendar]:
    days = defaultdict(set)
    for warehouse_id, on in holidays:
        days[warehouse_id].add(on)
    return defaultdict(Calendar, {pk: Calendar(frozenset(closed)) for pk, closed in days.items()})


def _makings(ids: Sequence[int]) -> dict[int, Making]:
    return {
        pk: Making(handling, Lateness(early, late, is_estimate=True), number or 0)
        for pk, handling, early, late, number in rows.select(_product_rows, ids)
    }


def _by_id(kind: type[Supplied], found: Iterable[rows.Row]) -> dict[int, Supplied]:
    return {row[0]: kind._make(row) for row in found}


# -- the statements: each depends on nothing but how many products it is for ------------------------------------------

Rows = QuerySet[Any, tuple[Any, ...]]


def _holidays(ids: Sequence[int]) -> Rows:
    return Holiday.objects.order_by("id").values_list("warehouse_id", "on")


def _product_rows(ids: Sequence[int]) -> Rows:
    promised = OrderLine.objects.open().filter(product=OuterRef("pk"), promise_number__isnull=False)
    last = Subquery(promised.order_by("-promise_number").values("promise_number")[:1])
    usual = ("category__usual_early_days", "category__usual_late_days")
    return Product.objects.filter(id__in=ids).order_by("id").values_list("id", "handling_days", *usual, last)


def _on_hand(ids: Sequence[int]) -> Rows:
    return _stock_rows(StockLevel.objects.filter(product__in=ids), F("on_hand"))


def _available(ids: Sequence[int]) -> Rows:
    levels = StockLevel.objects.filter(product__in=ids, on_hand__gt=F("allocated"))
    return _stock_rows(levels, F("on_hand") - F("allocated"))


def _stock_rows(levels: QuerySet[StockLevel], units: Combinable) -> Rows:
    return levels.order_by("id").values_list("id", "product_id", "warehouse_id", "warehouse__rank", units)


def _outstanding(ids: Sequence[int]) -> Rows:
    return _lot_rows(PurchaseLine.objects.outstanding().filter(product__in=ids), OUTSTANDING)


def _unpegged(ids: Sequence[int]) -> Rows:
    lines = PurchaseLine.objects.filter(quantity__gt=F("received") + F("cancelled") + F("pegged"), product__in=ids)
    return _lot_rows(lines, OUTSTANDING - F("pegged"))


def _lot_rows(lines: QuerySet[PurchaseLine], units: Combinable) -> Rows:
    supplier = "purchase_order__supplier"
    return lines.order_by("id").values_list(
        "id",
        "product_id",
        "warehouse_id",
        "warehouse__rank",
        units,
        "eta_on",
        "eta_until",
        "confidence",
        f"{supplier}__early_days",
        f"{supplier}__late_days",
        f"{supplier}__confirms_after_days",
    )


def _lines(product_ids: Sequence[int]) -> tuple[dict[int, OpenLine], list[OpenLine]]:
    mine = OrderLine.objects.open().filter(product__in=product_ids)
    lines = {row[0]: OpenLine._make(row) for row in mine.order_by("id").values_list(*_OPEN_LINE)}
    if not any(line.is_whole for line in lines.values()):
        return lines, []
    beside = (
        OrderLine.objects.open()
        .exclude(product__in=product_ids)
        .filter(Q(order__is_ship_complete=True), Exists(mine.filter(order=OuterRef("order"))))
    )
    return lines, [OpenLine._make(row) for row in beside.order_by("id").values_list(*_OPEN_LINE)]


def _held(product_ids: Sequence[int]) -> list[Held]:
    written = Allocation.objects.filter(line__product__in=product_ids).order_by("id")
    return [
        Held(pk, line, stock is not None, stock if stock is not None else lot, quantity)
        for pk, line, stock, lot, quantity in written.values_list(
            "id", "line_id", "stock_level_id", "purchase_line_id", "quantity"
        )
    ]
