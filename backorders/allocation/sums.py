"""The sums behind the books: each check finds, in one statement, the records that break an invariant."""

import enum
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.db import connection


class Invariant(enum.IntEnum):
    """What always holds, with the numbers under which docs/invariants.md explains it."""

    LINES_ADD_UP = 1
    STOCK_ADDS_UP = 2
    NOTHING_LIES_IDLE = 3
    RANK_DECIDES = 4
    GOODS_ARE_ACCOUNTED_FOR = 5
    HISTORY_STANDS = 6
    ONCE_IS_ONCE = 7
    NOBODY_IS_FORGOTTEN = 8


class Difference(NamedTuple):
    """One thing that does not agree: the invariant it breaks, and a sentence that says what is where."""

    invariant: Invariant
    sentence: str


class Check(NamedTuple):
    """A statement whose every row breaks an invariant; its columns fill the sentence."""

    invariant: Invariant
    sentence: str
    sql: str


def found(checks: Sequence[Check]) -> Iterator[Difference]:
    """Yield what the checks find, check by check."""
    for invariant, sentence, sql in checks:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            yield from (Difference(invariant, sentence.format(*row)) for row in cursor.fetchall())


def counter(table: str, name: str, rows: str, *, where: str = "1 = 1", units: str = "quantity") -> str:
    """Return the statement that finds where a counter of `table` is not the sum of `units` over `rows`.

    `rows` names the other table and its column that leads back: `table.column`. The columns are id, counter and sum.
    """
    other, key = rows.split(".")
    return f"""
        SELECT t.id, t.{name}, coalesce(s.units, 0)
        FROM {table} t
        LEFT JOIN (SELECT {key} AS id, sum({units}) AS units FROM {other} WHERE {where} GROUP BY {key}) s ON s.id = t.id
        WHERE t.{name} <> coalesce(s.units, 0)
        ORDER BY t.id
    """  # noqa: S608 tables and columns are written below


def ledger(kind: str, rows: str, units: str, *, where: str = "true") -> str:
    """Return the statement that finds where a product's movements of a kind are not the sum of `units` over `rows`.

    `rows` is what stands behind FROM and has the product in `l`; `where` is of movements `m`. The columns are product
    id, units, ledger.
    """
    return f"""
        SELECT p.id, coalesce(s.units, 0), coalesce(m.units, 0)
        FROM catalog_product p
        LEFT JOIN (SELECT l.product_id, sum({units}) AS units FROM {rows} GROUP BY l.product_id) s
            ON s.product_id = p.id
        LEFT JOIN (
            SELECT k.product_id, sum(m.quantity) AS units
            FROM supply_stockmovement m JOIN supply_stocklevel k ON k.id = m.stock_level_id
            WHERE m.kind = '{kind}' AND {where} GROUP BY k.product_id
        ) m ON m.product_id = p.id
        WHERE coalesce(s.units, 0) <> coalesce(m.units, 0)
        ORDER BY p.id
    """  # noqa: S608 tables and columns are written below


# A receipt stays in its ledger when it is undone; its units are outstanding again.
UNDONE = "SELECT 1 FROM changes_changeset c WHERE c.undoes_id"
STANDING = f"NOT EXISTS ({UNDONE} = supply_receipt.change_set_id)"
PARCELS = "orders_shipmentline s JOIN orders_orderline l ON l.id = s.line_id"
# The units of a parcel that was given up wait again, or were cancelled.
NOT_LOST = "shipment_id NOT IN (SELECT id FROM orders_shipment WHERE lost_at IS NOT NULL)"

CHECKS = [
    Check(
        Invariant.LINES_ADD_UP,
        "order line {0}: ordered {1}, but allocated + waiting + shipped + cancelled is {2}",
        """
            SELECT id, quantity, allocated + waiting + shipped + cancelled FROM orders_orderline
            WHERE quantity <> allocated + waiting + shipped + cancelled ORDER BY id
        """,
    ),
    Check(
        Invariant.LINES_ADD_UP,
        "order line {0}: {1} units allocated, but its allocations on hand are {2}",
        counter("orders_orderline", "allocated", "allocation_allocation.line_id", where="stock_level_id IS NOT NULL"),
    ),
    Check(
        Invariant.LINES_ADD_UP,
        "order line {0}: {1} units shipped, but its parcels hold {2}",
        counter("orders_orderline", "shipped", "orders_shipmentline.line_id", where=NOT_LOST),
    ),
    Check(
        Invariant.LINES_ADD_UP,
        "order line {0}: {1} units cancelled, but its cancellations are {2}",
        counter("orders_orderline", "cancelled", "orders_cancellation.line_id"),
    ),
    Check(
        Invariant.STOCK_ADDS_UP,
        "stock level {0}: {1} on hand, but its movements sum up to {2}",
        counter("supply_stocklevel", "on_hand", "supply_stockmovement.stock_level_id"),
    ),
    Check(
        Invariant.STOCK_ADDS_UP,
        "stock level {0}: {1} allocated, but its allocations sum up to {2}",
        counter("supply_stocklevel", "allocated", "allocation_allocation.stock_level_id"),
    ),
    Check(
        Invariant.STOCK_ADDS_UP,
        "purchase line {0}: {1} pegged, but its pegs sum up to {2}",
        counter("supply_purchaseline", "pegged", "allocation_allocation.purchase_line_id"),
    ),
    Check(
        Invariant.STOCK_ADDS_UP,
        "purchase line {0}: {1} received, but its receipts are {2}",
        counter(
            "supply_purchaseline",
            "received",
            "supply_receipt.purchase_line_id",
            where=STANDING,
            units="quantity + damaged",
        ),
    ),
    Check(
        Invariant.GOODS_ARE_ACCOUNTED_FOR,
        "order line {0} is closed but holds {1} units",
        """
            SELECT l.id, sum(a.quantity) FROM orders_orderline l JOIN allocation_allocation a ON a.line_id = l.id
            WHERE l.allocated + l.waiting = 0 GROUP BY l.id ORDER BY l.id
        """,
    ),
    Check(
        Invariant.GOODS_ARE_ACCOUNTED_FOR,
        "product {0}: {1} units left in parcels, but {2} left its stock",
        ledger("shipment", PARCELS, "s.quantity").replace("sum(m.quantity)", "-sum(m.quantity)"),
    ),
    Check(
        Invariant.GOODS_ARE_ACCOUNTED_FOR,
        "product {0}: {1} units came back from customers, but {2} came back into its stock",
        ledger("return", PARCELS, "s.returned", where=f"NOT EXISTS ({UNDONE} = m.change_set_id)"),
    ),
    Check(
        Invariant.GOODS_ARE_ACCOUNTED_FOR,
        "product {0}: {1} good units were received, but {2} came into its stock",
        ledger(
            "receipt",
            "supply_receipt r JOIN supply_purchaseline l ON l.id = r.purchase_line_id",
            "r.quantity + r.over",
        ),
    ),
    Check(
        Invariant.HISTORY_STANDS,
        "purchase line {0}: its ETA is not where its last revision left it",
        """
            SELECT p.id FROM supply_purchaseline p
            LEFT JOIN supply_etarevision r ON r.id = (
                SELECT x.id FROM supply_etarevision x
                WHERE x.purchase_line_id = p.id ORDER BY x.id DESC LIMIT 1
            )
            WHERE p.quantity > p.received + p.cancelled
                AND (p.eta_on IS DISTINCT FROM r.new_on OR p.eta_until IS DISTINCT FROM r.new_until
                    OR p.confidence IS DISTINCT FROM r.new_confidence)
            ORDER BY p.id
        """,
    ),
    Check(
        Invariant.ONCE_IS_ONCE,
        "orders {0} and {1} are the same order of the shop {2!r}",
        """
            SELECT min(id), max(id), shop FROM orders_order WHERE external_id <> ''
            GROUP BY shop, external_id HAVING count(*) > 1 ORDER BY 1
        """,
    ),
    Check(
        Invariant.NOBODY_IS_FORGOTTEN,
        "order line {0} is open but has no promise",
        """
            SELECT l.id FROM orders_orderline l LEFT JOIN allocation_promise p ON p.line_id = l.id
            WHERE l.allocated + l.waiting > 0 AND p.line_id IS NULL ORDER BY l.id
        """,
    ),
    Check(
        Invariant.NOBODY_IS_FORGOTTEN,
        "order line {0} and its promise do not agree on whether it is open, or on its score",
        """
            SELECT l.id FROM orders_orderline l JOIN allocation_promise p ON p.line_id = l.id
            WHERE p.is_open <> (l.allocated + l.waiting > 0) OR p.score <> l.score ORDER BY l.id
        """,
    ),
    Check(
        Invariant.NOBODY_IS_FORGOTTEN,
        "order line {0}: what is expected was not announced, and it is not on the work list",
        """
            SELECT l.id FROM orders_orderline l JOIN allocation_promise p ON p.line_id = l.id
            WHERE l.allocated + l.waiting > 0 AND p.announced_at IS NOT NULL AND p.gap_since IS NULL
                AND (p.expected_from IS DISTINCT FROM p.announced_from
                    OR p.expected_until IS DISTINCT FROM p.announced_until)
            ORDER BY l.id
        """,
    ),
    Check(
        Invariant.NOBODY_IS_FORGOTTEN,
        "order line {0}: nothing was announced, and its order is not to be confirmed either",
        """
            SELECT l.id FROM orders_orderline l JOIN allocation_promise p ON p.line_id = l.id
            JOIN orders_order o ON o.id = l.order_id
            WHERE l.allocated + l.waiting > 0 AND p.announced_at IS NULL AND o.is_confirmed ORDER BY l.id
        """,
    ),
]
