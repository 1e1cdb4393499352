"""What is to be done with goods that were received: put away by product, picked by order, as things stand now."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Sum

from backorders.allocation.models import Allocation
from backorders.changes.models import ChangeSet
from backorders.orders.models import Order, OrderLine
from backorders.supply.models import StockLevel

MOST = 1_000  # lines of a list; more is picked from the list that comes after it


class PutAway(NamedTuple):
    """Units that came of a product to a warehouse, and what its stock there is held for now."""

    level: StockLevel
    good: int
    damaged: int


class Pick(NamedTuple):
    """An order and what lies ready for it; one that leaves as a whole may still wait for other lines."""

    order: Order
    allocations: list[Allocation]
    is_incomplete: bool


class Lists(NamedTuple):
    """Both lists of a receipt; `is_cut` if more lines are held than are listed."""

    put_away: list[PutAway]
    picks: list[Pick]
    is_cut: bool


def lists_of(receipt: ChangeSet) -> Lists:
    """Return what came by a receipt, and the orders for which stock of that is held now. Three statements."""
    sums = (
        receipt.receipts.order_by()
        .values_list("purchase_line__product", "purchase_line__warehouse")
        .annotate(good=Sum("quantity") + Sum("over"), damaged=Sum("damaged"))
    )
    units = {(product, warehouse): counts for product, warehouse, *counts in sums}
    levels = _levels(units)
    put_away = [PutAway(level, *units[level.product_id, level.warehouse_id]) for level in levels]
    waits = OrderLine.objects.filter(order=OuterRef("line__order"), waiting__gt=0)
    held = Allocation.objects.filter(stock_level__in=[level.pk for level in levels])
    held = held.select_related("line__order__customer", "line__product", "stock_level__warehouse")
    held = held.annotate(order_waits=Exists(waits)).order_by("line__order__placed_at", "line__order", "line")
    found = list(held[: MOST + 1])
    return Lists(put_away, list(_picks(found[:MOST])), len(found) > MOST)


def _levels(pairs: Iterable[tuple[int, int]]) -> list[StockLevel]:
    wanted = set(pairs)
    levels = StockLevel.objects.filter(
        product__in={product for product, _ in wanted}, warehouse__in={warehouse for _, warehouse in wanted}
    )
    found = levels.select_related("product", "warehouse").order_by("product__sku", "warehouse")
    return [level for level in found if (level.product_id, level.warehouse_id) in wanted]


def _picks(held: Sequence[Allocation]) -> Iterable[Pick]:
    for order, allocations in groupby(held, key=lambda each: each.line.order):
        mine = list(allocations)
        yield Pick(order, mine, order.is_ship_complete and mine[0].order_waits)  # type: ignore[attr-defined]
