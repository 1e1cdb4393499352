"""Reading: the situation of some products in a number of statements that does not grow with who waits."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable

from backorders import rows
from backorders.allocation.models import Allocation
from backorders.allocation.situation import Held, Lot, Making, OpenLine, Situation, Stock
from backorders.allocation.windows import Calendar, Lateness
from backorders.catalog.models import Product
from backorders.orders.models import OrderLine
from backorders.supply.models import OUTSTANDING, Holiday, PurchaseLine, StockLevel

Supplied = TypeVar("Supplied", Stock, Lot)
_OPEN_LINE = (
    "id product_id order_id promise__customer_id allocated waiting is_expedited promise_number is_held overtaken score "
    "placed_at order__is_ship_complete order__carrier__transit_days promise__own_from promise__own_until "
    "promise__expected_from promise__expected_until promise__is_estimate promise__uncovered promise__told_from "
    "promise__told_until"
).split()

# A lot's fields in their order, each as it is reached from its purchase line; how many units are told apart above.
_LOT = (
    "id product_id warehouse_id warehouse__rank units eta_on eta_until confidence purchase_order__supplier__early_days "
    "purchase_order__supplier__late_days purchase_order__supplier__confirms_after_days"
).split()


def read(product_ids: Iterable[int]) -> Situation:
    """Read the situation of these products: seven statements, however many lines wait.

    What an act reads, its locks hold still; who only looks ahead reads it as it was at one moment.
    """
    ids = sorted(set(product_ids))
    with rows.one_moment():
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
    return lines.order_by("id").annotate(units=units).values_list(*_LOT)


def lot_of(line: PurchaseLine) -> Lot:
    """Return what is outstanding on a purchase line that was read, or is only thought of, with its supplier."""
    return Lot._make(
        line.outstanding if name == "units" else attrgetter(name.replace("__", "."))(line) for name in _LOT
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


def open_lines(line_ids: Collection[int]) -> list[OpenLine]:
    """Return these lines as a situation has them, whether or not anything of them is open. One statement."""
    return [OpenLine(*row) for row in OrderLine.objects.filter(pk__in=line_ids).order_by("id").values_list(*_OPEN_LINE)]


def _held(product_ids: Sequence[int]) -> list[Held]:
    written = Allocation.objects.filter(line__product__in=product_ids).order_by("id")
    return [
        Held(pk, line, stock is not None, stock if stock is not None else lot, quantity)
        for pk, line, stock, lot, quantity in written.values_list(
            "id", "line_id", "stock_level_id", "purchase_line_id", "quantity"
        )
    ]
