"""The books agree: every stored result recomputed from what it rests on, and every difference named in a sentence."""

import datetime
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.db import connection, transaction

from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.outcome import Outcome, outcome
from backorders.allocation.replanning import replan
from backorders.allocation.situation import Situation, read
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet
from backorders.orders.models import OrderLine


class Difference(NamedTuple):
    """One thing that does not agree: the number of the invariant it breaks, and a sentence that says what is where."""

    invariant: int
    sentence: str


# Each finds what breaks an invariant, one row a thing; the columns fill the sentence. Sums run in the database.
_SUMS: list[tuple[int, str, str]] = [
    (
        1,
        "order line {0}: ordered {1}, but allocated + waiting + shipped + cancelled is {2}",
        """
            SELECT id, quantity, allocated + waiting + shipped + cancelled
            FROM orders_orderline
            WHERE quantity <> allocated + waiting + shipped + cancelled
            ORDER BY id
        """,
    ),
    (
        1,
        "order line {0}: {1} units allocated, but its allocations on hand are {2}",
        """
            SELECT l.id, l.allocated, coalesce(a.units, 0)
            FROM orders_orderline l
            LEFT JOIN (SELECT line_id, sum(quantity) AS units
            FROM allocation_allocation
            WHERE stock_level_id IS NOT NULL
            GROUP BY line_id) a ON a.line_id = l.id
            WHERE l.allocated <> coalesce(a.units, 0)
            ORDER BY l.id
        """,
    ),
    (
        1,
        "order line {0}: {1} units shipped, but its parcels hold {2}",
        """
            SELECT l.id, l.shipped, coalesce(s.units, 0)
            FROM orders_orderline l
            LEFT JOIN (SELECT line_id, sum(quantity) AS units
            FROM orders_shipmentline
            GROUP BY line_id) s ON s.line_id = l.id
            WHERE l.shipped <> coalesce(s.units, 0)
            ORDER BY l.id
        """,
    ),
    (
        1,
        "order line {0}: {1} units cancelled, but its cancellations are {2}",
        """
            SELECT l.id, l.cancelled, coalesce(c.units, 0)
            FROM orders_orderline l
            LEFT JOIN (SELECT line_id, sum(quantity) AS units
            FROM orders_cancellation
            GROUP BY line_id) c ON c.line_id = l.id
            WHERE l.cancelled <> coalesce(c.units, 0)
            ORDER BY l.id
        """,
    ),
    (
        2,
        "stock level {0}: {1} on hand, but its movements sum up to {2}",
        """
            SELECT k.id, k.on_hand, coalesce(m.units, 0)
            FROM supply_stocklevel k
            LEFT JOIN (SELECT stock_level_id, sum(quantity) AS units
            FROM supply_stockmovement
            GROUP BY stock_level_id) m ON m.stock_level_id = k.id
            WHERE k.on_hand <> coalesce(m.units, 0)
            ORDER BY k.id
        """,
    ),
    (
        2,
        "stock level {0}: {1} allocated, but its allocations sum up to {2}",
        """
            SELECT k.id, k.allocated, coalesce(a.units, 0)
            FROM supply_stocklevel k
            LEFT JOIN (SELECT stock_level_id, sum(quantity) AS units
            FROM allocation_allocation
            GROUP BY stock_level_id) a ON a.stock_level_id = k.id
            WHERE k.allocated <> coalesce(a.units, 0)
            ORDER BY k.id
        """,
    ),
    (
        2,
        "purchase line {0}: {1} pegged, but its pegs sum up to {2}",
        """
            SELECT p.id, p.pegged, coalesce(a.units, 0)
            FROM supply_purchaseline p
            LEFT JOIN (SELECT purchase_line_id, sum(quantity) AS units
            FROM allocation_allocation
            GROUP BY purchase_line_id) a ON a.purchase_line_id = p.id
            WHERE p.pegged <> coalesce(a.units, 0)
            ORDER BY p.id
        """,
    ),
    (
        5,
        "order line {0} is closed but holds {1} units",
        """
            SELECT l.id, sum(a.quantity)
            FROM orders_orderline l
            JOIN allocation_allocation a ON a.line_id = l.id
            WHERE l.allocated + l.waiting = 0
            GROUP BY l.id
            ORDER BY l.id
        """,
    ),
    (
        5,
        "product {0}: {1} units left in parcels, but {2} left its stock",
        """
            SELECT p.id, coalesce(s.units, 0), coalesce(m.units, 0)
            FROM catalog_product p
            LEFT JOIN (SELECT l.product_id, sum(s.quantity) AS units
            FROM orders_shipmentline s
            JOIN orders_orderline l ON l.id = s.line_id
            GROUP BY l.product_id) s ON s.product_id = p.id
            LEFT JOIN (SELECT k.product_id, -sum(m.quantity) AS units
            FROM supply_stockmovement m
            JOIN supply_stocklevel k ON k.id = m.stock_level_id
            WHERE m.kind = 'shipment'
            GROUP BY k.product_id) m ON m.product_id = p.id
            WHERE coalesce(s.units, 0) <> coalesce(m.units, 0)
            ORDER BY p.id
        """,
    ),
    (
        6,
        "purchase line {0}: its ETA is not where its last revision left it",
        """
            SELECT p.id
            FROM supply_purchaseline p
            JOIN supply_etarevision r ON r.id = (SELECT x.id
            FROM supply_etarevision x
            WHERE x.purchase_line_id = p.id
            ORDER BY x.at DESC, x.id DESC LIMIT 1)
            WHERE p.quantity > p.received + p.cancelled
            AND (p.eta_on IS DISTINCT FROM r.new_on
            OR p.eta_until IS DISTINCT FROM r.new_until
            OR p.confidence <> r.new_confidence)
            ORDER BY p.id
        """,
    ),
    (
        8,
        "order line {0} is open but has no promise",
        """
            SELECT l.id
            FROM orders_orderline l
            LEFT JOIN allocation_promise p ON p.line_id = l.id
            WHERE l.allocated + l.waiting > 0
            AND p.line_id IS NULL
            ORDER BY l.id
        """,
    ),
    (
        8,
        "order line {0}: what is expected was not announced, and it is not on the work list",
        """
            SELECT l.id
            FROM orders_orderline l
            JOIN allocation_promise p ON p.line_id = l.id
            WHERE l.allocated + l.waiting > 0
            AND p.announced_at IS NOT NULL
            AND p.gap_since IS NULL
            AND (p.expected_from IS DISTINCT FROM p.announced_from
            OR p.expected_until IS DISTINCT FROM p.announced_until)
            ORDER BY l.id
        """,
    ),
    (
        8,
        "order line {0}: nothing was announced, and its order is not to be confirmed either",
        """
            SELECT l.id
            FROM orders_orderline l
            JOIN allocation_promise p ON p.line_id = l.id
            JOIN orders_order o ON o.id = l.order_id
            WHERE l.allocated + l.waiting > 0
            AND p.announced_at IS NULL
            AND o.is_confirmed
            ORDER BY l.id
        """,
    ),
]


def differences(*, at: datetime.datetime) -> Iterator[Difference]:
    """Yield everything that does not agree as of `at`: first the sums, then the plan of every product, one by one."""
    for invariant, sentence, sql in _SUMS:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            yield from (Difference(invariant, sentence.format(*row)) for row in cursor.fetchall())
    for product_id in planned_products():
        yield from plan_differences(product_id, at=at)


def planned_products() -> list[int]:
    """Return the products with an open line: the plan of the others is empty."""
    return list(OrderLine.objects.open().order_by("product").values_list("product", flat=True).distinct())


def plan_differences(product_id: int, *, at: datetime.datetime) -> Iterator[Difference]:
    """Yield where what is written for a product differs from what its plan says now (invariants 3, 4 and 8)."""
    situation = read([product_id])
    result = outcome(situation, today=business_day(at))
    yield from _misallocated(situation, result)
    for after in result.after:
        line = after.line
        if line.allocated != after.allocated:
            kind, verb = (3, "lie free for it") if line.allocated < after.allocated else (4, "should go before it")
            units = abs(after.allocated - line.allocated)
            yield Difference(kind, f"order line {line.line_id}: {units} of the units on hand {verb}")
        if after.is_moved or after.is_restated:
            written = (line.expected_from, line.expected_until)
            yield Difference(8, f"order line {line.line_id}: promised {written}, but the plan says {after.expected}")


def repair(*, change_set: ChangeSet, at: datetime.datetime) -> None:
    """Rebuild counters, allocations and promises, product by product, each in a transaction of its own.

    What people and parcels did (orders, shipments, movements, revisions) is evidence and never repaired.
    """
    for product_id in Product.objects.order_by("id").values_list("id", flat=True):
        with transaction.atomic():
            lock_whole_orders(lock_products([product_id]))
            _recount(product_id)
            replan([product_id], change_set=change_set, at=at)


def _misallocated(situation: Situation, result: Outcome) -> Iterable[Difference]:
    written = {(held.line_id, held.is_stock, held.supply_id): held.quantity for held in situation.held}
    for key in sorted(written.keys() | result.allocations.keys()):
        has, should = written.get(key, 0), result.allocations.get(key, 0)
        if has != should:
            supply = f"{'stock level' if key[1] else 'purchase line'} {key[2]}"
            yield Difference(4, f"order line {key[0]} holds {has} of {supply}; by its rank it is {should}")


def _recount(product_id: int) -> None:
    """Let every line's units wait, and nothing be held: the plan then writes it all again."""
    with connection.cursor() as cursor:
        for sql in (
            "DELETE FROM allocation_allocation "
            "WHERE line_id IN (SELECT id FROM orders_orderline WHERE product_id = %s)",
            "UPDATE supply_stocklevel SET allocated = 0 WHERE product_id = %s",
            "UPDATE supply_purchaseline SET pegged = 0 WHERE product_id = %s",
            "UPDATE orders_orderline SET allocated = 0, waiting = quantity - shipped - cancelled WHERE product_id = %s",
        ):
            cursor.execute(sql, [product_id])
