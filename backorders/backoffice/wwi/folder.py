"""The folder: all its tables, read and checked against each other as a whole before the first row is written."""

import datetime
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from backorders.backoffice.wwi.reading import (
    MOST_UNITS,
    BrokenFile,
    a_date,
    days,
    difference,
    file_of,
    grams,
    key,
    moment,
    money,
    number,
    one_of,
    or_none,
    table,
    units,
    words,
)

TABLES = (
    *("customers", "order_lines", "orders", "people", "purchase_order_lines", "purchase_orders"),
    *("stock_item_reorder_levels", "stock_item_transactions", "stock_items", "suppliers"),
)
ADJUSTMENT = 12


class Supplier(NamedTuple):
    """Who is bought from."""

    id: int
    name: str
    contact: str
    phone: str


class Item(NamedTuple):
    """A stock item; purchase orders count it in outers."""

    id: int
    name: str
    supplier: int
    price: Decimal
    grams: int
    lead_days: int
    outer: int
    cost: Decimal


class Customer(NamedTuple):
    """Who ordered."""

    id: int
    name: str
    phone: str


class Bought(NamedTuple):
    """The head of a purchase order."""

    id: int
    supplier: int
    ordered_on: datetime.date
    expected_on: datetime.date | None


class Purchase(NamedTuple):
    """A line of a purchase order, in units."""

    order: int
    item: int
    quantity: int
    received_on: datetime.date | None


class Head(NamedTuple):
    """An order, and the backorder order that its unpicked lines were moved to, if any."""

    id: int
    customer: int
    ordered_on: datetime.date
    expected_on: datetime.date
    split_into: int | None


class Line(NamedTuple):
    """An order line as WWI has it, on the customer order it was first placed in (`root`)."""

    root: int
    item: int
    quantity: int
    price: Decimal
    picked_at: datetime.datetime | None
    is_backordered: bool


class Adjustment(NamedTuple):
    """A correction of stock that somebody booked."""

    item: int
    at: datetime.datetime
    quantity: int


class Folder:
    """What the files hold up to the end of a day, with backorder orders merged back into what they were split from.

    Raises `BrokenFile` if one is missing, has another header, or a row that cannot be read or fits no other table.
    """

    def __init__(self, path: Path, *, as_of: datetime.date) -> None:
        self.path = path
        self.as_of = as_of
        people = dict(table(path, "people", PersonID=key(), FullName=words))
        self.suppliers = {
            pk: Supplier(pk, name, people.get(contact, ""), phone[:40])
            for pk, name, contact, phone in table(
                path,
                "suppliers",
                SupplierID=key(),
                SupplierName=key(words),
                PrimaryContactPersonID=int,
                PhoneNumber=words,
            )
        }
        self.items = {item.id: item for item in self._items()}
        self.customers = {
            pk: Customer(pk, name, phone[:40])
            for pk, name, phone in table(path, "customers", CustomerID=key(), CustomerName=words, PhoneNumber=words)
        }
        self.bought = {head.id: head for head in self._bought()}
        self.purchases = list(self._purchases())
        orders = list(self._orders())
        self._split = self._roots({order.id: order.split_into for order in orders if order.split_into is not None})
        # A backorder order is a part of the customer's order and not an order of its own.
        self.heads = [o for o in orders if o.id not in self._split and o.ordered_on <= as_of]
        self.lines = self._lines({order.id for order in orders})
        self.adjustments = list(self._adjustments())

    def fingerprint(self) -> str:
        """Return what tells these files from others, so that a killed import does not go on with different ones."""
        digest = hashlib.sha256()
        for name in TABLES:
            with file_of(self.path, name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def _items(self) -> Iterator[Item]:
        costs = dict(table(self.path, "stock_item_reorder_levels", StockItemID=key(), LastCostPrice=money))
        rows = table(
            self.path,
            "stock_items",
            StockItemID=key(),
            StockItemName=words,
            SupplierID=one_of(self.suppliers, "suppliers"),
            UnitPrice=money,
            TypicalWeightPerUnit=grams,
            LeadTimeDays=days,
            QuantityPerOuter=units,
        )
        for row in rows:
            yield Item._make((*row, costs.get(row[0], Decimal(0))))

    # -- supply

    def _bought(self) -> Iterator[Bought]:
        rows = table(
            self.path,
            "purchase_orders",
            PurchaseOrderID=key(),
            SupplierID=one_of(self.suppliers, "suppliers"),
            OrderDate=a_date,
            ExpectedDeliveryDate=or_none(a_date),
        )
        return (Bought(*row) for row in rows)

    def _purchases(self) -> Iterator[Purchase]:
        rows = table(
            self.path,
            "purchase_order_lines",
            PurchaseOrderID=one_of(self.bought, "purchase_orders"),
            PurchaseOrderLineID=key(),
            StockItemID=one_of(self.items, "stock_items"),
            OrderedOuters=units,
            LastReceiptDate=or_none(a_date),
        )
        for order, _, item, outers, received_on in rows:
            quantity = outers * self.items[item].outer
            if quantity > MOST_UNITS:
                raise BrokenFile(f"purchase_order_lines: order {order} asks for {quantity} units, too many to keep.")
            if self.bought[order].ordered_on <= self.as_of:
                yield Purchase(order, item, quantity, received_on)

    def _adjustments(self) -> Iterator[Adjustment]:
        rows = table(
            self.path,
            "stock_item_transactions",
            StockItemID=one_of(self.items, "stock_items"),
            TransactionTypeID=int,
            TransactionOccurredWhen=moment,
            Quantity=difference,
        )
        for item, kind, at, quantity in rows:
            if kind == ADJUSTMENT and quantity and at.date() <= self.as_of:
                yield Adjustment(item, at, quantity)

    # -- orders

    def _orders(self) -> Iterator[Head]:
        known = {order for (order,) in table(self.path, "orders", OrderID=number)}
        rows = table(
            self.path,
            "orders",
            OrderID=key(),
            CustomerID=one_of(self.customers, "customers"),
            OrderDate=a_date,
            ExpectedDeliveryDate=a_date,
            BackorderOrderID=or_none(key(one_of(known, "orders"))),
        )
        return (Head(*row) for row in rows)

    def _roots(self, split_into: dict[int, int]) -> dict[int, int]:
        """Return, for every backorder order, the customer order it was split from, through chains of splits.

        WWI writes on the *original* order which backorder order its unpicked lines were moved to.
        """
        parent = {backorder: original for original, backorder in split_into.items()}
        found = {}
        for backorder, original in parent.items():
            seen = {backorder}
            while original in parent:
                if original in seen:
                    raise BrokenFile(f"{file_of(self.path, 'orders').name}: order {original} was split from itself.")
                seen.add(original)
                original = parent[original]
            found[backorder] = original
        return found

    def _lines(self, orders: set[int]) -> dict[int, list[Line]]:
        """Return every order line, by the customer order it was first placed in."""
        rows = table(
            self.path,
            "order_lines",
            OrderID=one_of(orders, "orders"),
            OrderLineID=key(),
            StockItemID=one_of(self.items, "stock_items"),
            Quantity=units,
            UnitPrice=money,
            PickingCompletedWhen=or_none(moment),
        )
        wanted = {head.id for head in self.heads}
        found: dict[int, list[Line]] = defaultdict(list)
        for order, _, item, quantity, price, picked_at in rows:
            root = self._split.get(order, order)
            if root in wanted:
                found[root].append(Line(root, item, quantity, price, picked_at, order in self._split))
        return found
