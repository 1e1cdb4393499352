"""The ledger of stock, written from what people did: receipts, picks, adjustments, and two decisions of ours.

The opening balance of a product is the smallest with which its ledger never falls below nothing. A product with lines
that could not be picked had fewer units than the smallest of them asks for; how many nobody knows, so none are counted.
"""

import datetime

from django.db import connection

# One product lies in one warehouse here, so a product's level is the level.
_RECEIPTS = """
    INSERT INTO supply_stockmovement (stock_level_id, change_set_id, kind, quantity, at, note)
    SELECT k.id, %s, 'receipt', r.quantity, r.at, '' FROM supply_receipt r
    JOIN supply_purchaseline p ON p.id = r.purchase_line_id
    JOIN supply_stocklevel k ON k.product_id = p.product_id AND k.warehouse_id = p.warehouse_id
    ORDER BY r.id
"""
_PICKS = """
    INSERT INTO supply_stockmovement (stock_level_id, change_set_id, kind, quantity, at, note)
    SELECT k.id, %s, 'shipment', -s.quantity, h.shipped_at, '' FROM orders_shipmentline s
    JOIN orders_shipment h ON h.id = s.shipment_id JOIN orders_orderline l ON l.id = s.line_id
    JOIN supply_stocklevel k ON k.product_id = l.product_id
    ORDER BY s.id
"""
_OPENINGS = """
    INSERT INTO supply_stockmovement (stock_level_id, change_set_id, kind, quantity, at, note)
    SELECT stock_level_id, %s, 'opening', -min(running), min(at), 'the least with which every pick was possible'
    FROM (
        SELECT stock_level_id, at, sum(quantity) OVER (PARTITION BY stock_level_id ORDER BY at, kind, id) AS running
        FROM supply_stockmovement
    ) ledger
    GROUP BY stock_level_id HAVING min(running) < 0
    ORDER BY stock_level_id
"""
_COUNTS = """
    INSERT INTO supply_stockmovement (stock_level_id, change_set_id, kind, quantity, at, note)
    SELECT k.id, %s, 'count', -sum(m.quantity), %s, 'lines that could not be picked show that this was not there'
    FROM supply_stocklevel k JOIN supply_stockmovement m ON m.stock_level_id = k.id
    WHERE k.product_id IN (SELECT product_id FROM orders_orderline WHERE waiting > 0)
    GROUP BY k.id HAVING sum(m.quantity) <> 0
    ORDER BY k.id
"""
_ON_HAND = """
    UPDATE supply_stocklevel SET on_hand = coalesce(
        (SELECT sum(m.quantity) FROM supply_stockmovement m WHERE m.stock_level_id = supply_stocklevel.id), 0)
"""


def write_ledger(change_set_id: int, *, at: datetime.datetime) -> None:
    """Write the movements behind all receipts and parcels of the database, then what is on hand at the moment `at`."""
    with connection.cursor() as cursor:
        for statement in (_RECEIPTS, _PICKS, _OPENINGS):
            cursor.execute(statement, [change_set_id])
        cursor.execute(_COUNTS, [change_set_id, connection.ops.adapt_datetimefield_value(at)])
        cursor.execute(_ON_HAND)
