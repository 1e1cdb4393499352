"""Bringing it in: step by step, each step one transaction that is done once, so that a killed import goes on.

What is recorded as it happened: orders, lines, splits into backorders, picks (as parcels), purchase orders, receipts,
adjustments. What is decided here, and why, stands in docs/data.md.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import F

from backorders import rows
from backorders.actions import clock
from backorders.allocation.models import Promise
from backorders.allocation.ranking import score
from backorders.allocation.replanning import replan
from backorders.backoffice.wwi import reading
from backorders.backoffice.wwi.reading import Head, Line, Purchase, a_date, or_none, table
from backorders.catalog.models import Category, Product
from backorders.changes.models import ChangeSet, Source
from backorders.changes.recording import done_before, open_change
from backorders.orders.models import Carrier, Customer, Order, OrderLine, Shipment, ShipmentLine
from backorders.supply.models import (
    EtaRevision,
    PurchaseLine,
    PurchaseOrder,
    Receipt,
    StockLevel,
    StockMovement,
    Supplier,
    Warehouse,
)

ORDERS_AT_ONCE = 1000
PURCHASES_AT_ONCE = 2000
SHOP = "wwi"
EVENING = datetime.time(18)  # late enough for the last pick, early enough to be the same date in the business's zone
T = TypeVar("T")


class Import:
    """The import of one folder as of the end of a day. `steps` yields what was just done, for a progress bar."""

    def __init__(self, folder: Path, *, as_of: datetime.date) -> None:
        self.folder = folder
        self.at = datetime.datetime.combine(as_of, EVENING, tzinfo=reading.ZONE)
        self.as_of = as_of

    def steps(self) -> Iterator[str]:
        """Do every step that was not done before. A broken file is refused before the first row is written."""
        split = reading.roots(self.folder)
        lines = reading.lines_by_root(self.folder, split)
        orders = list(reading.heads(self.folder, split))
        outers = dict(table(self.folder, "stock_items", StockItemID=int, QuantityPerOuter=int))
        bought = list(reading.purchases(self.folder, outers))
        yield from self._once("masters", self._masters)
        self._know()
        for number, chunk in enumerate(_chunks(bought, PURCHASES_AT_ONCE)):
            yield from self._once(f"purchases {number}", self._purchases, chunk)
        for number, heads in enumerate(_chunks(orders, ORDERS_AT_ONCE)):
            mine = [line for head in heads for line in lines.pop(head.id, ())]
            yield from self._once(f"orders {number}", self._orders, heads, mine)
        yield from self._once("stock", self._stock)
        clock.learn_lateness()
        for product_id in OrderLine.objects.open().order_by("product").values_list("product", flat=True).distinct():
            yield from self._once(f"plan {product_id}", self._plan, product_id)

    def _once(self, step: str, work: Callable[..., None], *args: Any) -> Iterator[str]:
        key = f"wwi {self.as_of} {step}"
        with transaction.atomic():
            if not done_before(key):
                work(open_change("import_wwi", key=key, source=Source.IMPORT, by=None, at=self.at), *args)
        yield step

    # -- who and what

    def _masters(self, change: ChangeSet) -> None:
        category = Category.objects.create(name="Wide World Importers", usual_early_days=0, usual_late_days=7)
        house = Warehouse.objects.create(code="WWI", name="Wide World Importers")
        Carrier.objects.create(name="WWI delivery", transit_days=1)
        people = dict(table(self.folder, "people", PersonID=int, FullName=str))
        Supplier.objects.bulk_create(
            Supplier(name=name, contact_name=people.get(contact, ""), phone=phone)
            for name, contact, phone in table(
                self.folder, "suppliers", SupplierName=str, PrimaryContactPersonID=int, PhoneNumber=str
            )
        )
        cost = dict(table(self.folder, "stock_item_reorder_levels", StockItemID=int, LastCostPrice=Decimal))
        products = Product.objects.bulk_create(
            Product(
                sku=f"WWI-{item:03d}", name=name, category=category, price=price, cost=cost.get(item, 0), currency="USD"
            )
            for item, name, price in table(
                self.folder, "stock_items", StockItemID=int, StockItemName=str, UnitPrice=Decimal
            )
        )
        StockLevel.objects.bulk_create(StockLevel(product=product, warehouse=house) for product in products)
        Customer.objects.bulk_create(
            Customer(
                name=name,
                # Nobody of the sample can be written to: the address is ours, in a domain that does not exist.
                email=f"customer{pk}@wwi.example",
                phone=phone,
                is_business=True,
                jurisdiction="US",
                time_zone="America/New_York",
                external_id=f"wwi-{pk}",
            )
            for pk, name, phone in table(self.folder, "customers", CustomerID=int, CustomerName=str, PhoneNumber=str)
        )

    def _know(self) -> None:
        """Read back which of our rows stand for which of theirs."""
        self.products = {int(sku[4:]): pk for sku, pk in Product.objects.values_list("sku", "id") if sku[:4] == "WWI-"}
        self.customers = {
            int(ref[4:]): pk for ref, pk in Customer.objects.values_list("external_id", "id") if ref[:4] == "wwi-"
        }
        self.house = Warehouse.objects.get(code="WWI")
        self.carrier = Carrier.objects.get(name="WWI delivery")

    # -- supply

    def _purchases(self, change: ChangeSet, lines: Sequence[Purchase]) -> None:
        suppliers = dict(table(self.folder, "suppliers", SupplierID=int, SupplierName=str))
        ids = dict(Supplier.objects.values_list("name", "id"))
        heads = {
            pk: (ids[suppliers[supplier]], ordered_on, expected_on)
            for pk, supplier, ordered_on, expected_on in table(
                self.folder,
                "purchase_orders",
                PurchaseOrderID=int,
                SupplierID=int,
                OrderDate=a_date,
                ExpectedDeliveryDate=or_none(a_date),
            )
        }
        wanted = sorted({line.order for line in lines})
        PurchaseOrder.objects.bulk_create(
            (PurchaseOrder(number=f"WWI-{pk}", supplier_id=heads[pk][0], ordered_on=heads[pk][1]) for pk in wanted),
            ignore_conflicts=True,
        )
        orders = dict(
            PurchaseOrder.objects.filter(number__in=[f"WWI-{pk}" for pk in wanted]).values_list("number", "id")
        )
        made = PurchaseLine.objects.bulk_create(
            [self._purchase_line(line, orders[f"WWI-{line.order}"], heads[line.order][2]) for line in lines]
        )
        rows.insert(
            EtaRevision,
            _REVISION.split(),
            [
                (
                    new.pk,
                    change.pk,
                    self.at,
                    "unconfirmed",
                    new.eta_on,
                    new.eta_until,
                    "estimate",
                    "confirmation",
                    "",
                    "import",
                )
                for new in made
            ],
        )
        rows.insert(
            Receipt,
            "purchase_line change_set at on quantity over damaged late_days note".split(),
            [
                (
                    new.pk,
                    change.pk,
                    _start_of(on),
                    on,
                    new.quantity,
                    0,
                    0,
                    new.eta_until and (on - new.eta_until).days,
                    "",
                )
                for new, line in zip(made, lines, strict=True)
                if new.received and (on := line.received_on)
            ],
        )

    def _purchase_line(self, line: Purchase, order_id: int, eta: datetime.date | None) -> PurchaseLine:
        is_received = line.received_on is not None and line.received_on <= self.as_of
        return PurchaseLine(
            purchase_order_id=order_id,
            product_id=self.products[line.item],
            warehouse=self.house,
            quantity=line.quantity,
            received=line.quantity if is_received else 0,
            eta_on=eta,
            eta_until=eta,
            first_eta_on=eta,
        )

    # -- orders

    def _orders(self, change: ChangeSet, heads: Sequence[Head], lines: Sequence[Line]) -> None:
        made = Order.objects.bulk_create(
            [
                Order(
                    number=f"WWI-{head.id}",
                    shop=SHOP,
                    external_id=str(head.id),
                    customer_id=self.customers[head.customer],
                    carrier=self.carrier,
                    placed_at=_start_of(head.ordered_on),
                    currency="USD",
                    is_confirmed=True,
                )
                for head in heads
            ]
        )
        orders = {head.id: (order, head) for head, order in zip(heads, made, strict=True)}
        written = OrderLine.objects.bulk_create([self._line(line, *orders[line.root]) for line in lines])
        self._picks(change, list(zip(lines, written, strict=True)))
        rows.insert(
            Promise,
            "line product customer version changed_at announced_at is_estimate uncovered".split(),
            [
                (
                    line.pk,
                    line.product_id,
                    line.order.customer_id,
                    1,
                    line.placed_at,
                    line.placed_at,
                    False,
                    line.waiting,
                )
                for line in written
            ],
        )

    def _line(self, line: Line, order: Order, head: Head) -> OrderLine:
        shipped = line.quantity if self._is_picked(line) else 0
        return OrderLine(
            order=order,
            product_id=self.products[line.item],
            quantity=line.quantity,
            shipped=shipped,
            waiting=line.quantity - shipped,
            price=line.price,
            placed_at=order.placed_at,
            cause=OrderLine.Cause.SUPPLY if line.is_backordered else "",
            first_from=head.expected_on,
            first_until=head.expected_on,
            score=score(tier=0, value=line.quantity * line.price, placed_on=head.ordered_on),
        )

    def _picks(self, change: ChangeSet, pairs: Sequence[tuple[Line, OrderLine]]) -> None:
        """One parcel for each moment at which lines of an order were picked."""
        picked = [
            (line, written, line.picked_at)
            for line, written in pairs
            if line.picked_at is not None and self._is_picked(line)
        ]
        parcels = {(written.order_id, at): written.order for _, written, at in picked}
        shipments = Shipment.objects.bulk_create(
            [
                Shipment(order=order, carrier=self.carrier, change_set=change, shipped_at=at, is_announced=True)
                for (_, at), order in parcels.items()
            ]
        )
        made = dict(zip(parcels, shipments, strict=True))
        rows.insert(
            ShipmentLine,
            ["shipment", "line", "quantity", "returned"],
            [(made[written.order_id, at].pk, written.pk, line.quantity, 0) for line, written, at in picked],
        )

    def _is_picked(self, line: Line) -> bool:
        return line.picked_at is not None and line.picked_at.date() <= self.as_of

    # -- stock

    def _stock(self, change: ChangeSet) -> None:
        """Write the ledger from receipts, picks and adjustments; open it just high enough to stay above nothing."""
        adjusted = table(
            self.folder,
            "stock_item_transactions",
            StockItemID=int,
            TransactionTypeID=int,
            TransactionOccurredWhen=reading.moment,
            Quantity=Decimal,
        )
        levels = dict(StockLevel.objects.filter(warehouse=self.house).values_list("product", "id"))
        rows.insert(
            StockMovement,
            "stock_level change_set kind quantity at note".split(),
            [
                (levels[self.products[item]], change.pk, "count", int(units), at, "adjustment")
                for item, kind, at, units in adjusted
                if kind == 12 and units and at <= self.at
            ],
        )
        for statement in (_RECEIPTS, _PICKS, _OPENINGS):
            _run(statement, change.pk)
        _run(_COUNTS, change.pk, self.at)
        _run(_ON_HAND)

    # -- the plan

    def _plan(self, change: ChangeSet, product_id: int) -> None:
        """Plan what is open. History is not mailed: what is expected now counts as announced."""
        replan([product_id], change_set=change, at=self.at)
        Promise.objects.filter(product=product_id).update(
            announced_from=F("expected_from"), announced_until=F("expected_until"), gap_since=None
        )


_REVISION = "purchase_line change_set at old_confidence new_on new_until new_confidence reason_code note source"
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
# The smallest opening balance with which the running sum of the ledger never falls below nothing.
_OPENINGS = """
    INSERT INTO supply_stockmovement (stock_level_id, change_set_id, kind, quantity, at, note)
    SELECT stock_level_id, %s, 'opening', -min(running), min(at), 'what the picks of the first days prove was there'
    FROM (
        SELECT stock_level_id, at, sum(quantity) OVER (PARTITION BY stock_level_id ORDER BY at, kind, id) AS running
        FROM supply_stockmovement
    ) ledger
    GROUP BY stock_level_id HAVING min(running) < 0
    ORDER BY stock_level_id
"""
# WWI did not pick these lines although its own ledger says that there was more than enough: the ledger is wrong.
_COUNTS = """
    INSERT INTO supply_stockmovement (stock_level_id, change_set_id, kind, quantity, at, note)
    SELECT k.id, %s, 'count', -sum(m.quantity), %s, 'what could not be picked proves that nothing was there'
    FROM supply_stocklevel k JOIN supply_stockmovement m ON m.stock_level_id = k.id
    WHERE k.product_id IN (SELECT product_id FROM orders_orderline WHERE waiting > 0)
    GROUP BY k.id HAVING sum(m.quantity) <> 0
    ORDER BY k.id
"""
_ON_HAND = """
    UPDATE supply_stocklevel SET on_hand = coalesce(
        (SELECT sum(m.quantity) FROM supply_stockmovement m WHERE m.stock_level_id = supply_stocklevel.id), 0)
"""


def _run(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def _start_of(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.min, tzinfo=reading.ZONE)


def _chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(values)
    while chunk := list(islice(remaining, size)):
        yield chunk
