"""Reading the files: typed rows, and a sentence with file and row for what cannot be read."""

import csv
import datetime
import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from backorders.refusal import Refused

ZONE = ZoneInfo("UTC")  # the data has no zone; its own clock is taken as it stands


Columns = dict[str, Callable[[str], Any]]


class BrokenFile(Refused):
    """A file is missing, has another header, or a row that cannot be read."""


class Line(NamedTuple):
    """An order line as WWI has it, on the customer order it was first placed in (`root`)."""

    root: int
    id: int
    item: int
    quantity: int
    price: Decimal
    picked_at: datetime.datetime | None
    is_backordered: bool


class Head(NamedTuple):
    """A customer's order, as it was placed."""

    id: int
    customer: int
    ordered_on: datetime.date
    expected_on: datetime.date


class Purchase(NamedTuple):
    """A line of a purchase order, in units."""

    order: int
    id: int
    item: int
    quantity: int
    received_on: datetime.date | None


def moment(text: str) -> datetime.datetime:
    """A date and time of the files."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZONE)


def a_date(text: str) -> datetime.date:
    """A date of the files."""
    return datetime.date.fromisoformat(text[:10])


def or_none(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Read a value that may be empty."""
    return lambda text: read(text) if text else None


def table(folder: Path, name: str, **columns: Callable[[str], Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the named columns of a file (gzipped or not) as tuples. Raises `BrokenFile` with file, row and column."""
    path = next((path for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz") if path.exists()), None)
    if path is None:
        raise BrokenFile(f"{folder} has no {name}.csv and no {name}.csv.gz.")
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if missing := [column for column in columns if column not in header]:
            raise BrokenFile(
                f"{path.name} has no column {', '.join(missing)}; it has {', '.join(header) or 'nothing'}."
            )
        places = [(header.index(column), column, read) for column, read in columns.items()]
        for number, row in enumerate(rows, start=2):
            yield tuple(_cell(path, number, row, *place) for place in places)


def _cell(path: Path, number: int, row: list[str], index: int, column: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(row[index])
    except (ValueError, IndexError, InvalidOperation) as error:
        found = repr(row[index]) if index < len(row) else "nothing"
        raise BrokenFile(f"{path.name} row {number}: {column} is {found}, which cannot be read.") from error


def roots(folder: Path) -> dict[int, int]:
    """Return, for every backorder order, the customer order it was split from, through chains of splits.

    WWI writes on the *original* order which backorder order its unpicked lines were moved to.
    """
    parent = {
        backorder: original
        for original, backorder in table(folder, "orders", OrderID=int, BackorderOrderID=or_none(int))
        if backorder is not None
    }
    found = {}
    for backorder, original in parent.items():
        while original in parent:
            original = parent[original]
        found[backorder] = original
    return found


def heads(folder: Path, split: dict[int, int]) -> Iterator[Head]:
    """Yield the customers' orders; backorder orders are parts of them and left out."""
    columns: Columns = {"OrderID": int, "CustomerID": int, "OrderDate": a_date, "ExpectedDeliveryDate": a_date}
    for row in table(folder, "orders", **columns):
        head = Head(*row)
        if head.id not in split:
            yield head


def lines_by_root(folder: Path, split: dict[int, int]) -> dict[int, list[Line]]:
    """Return every order line, by the customer order it was first placed in."""
    found: dict[int, list[Line]] = defaultdict(list)
    columns: Columns = {
        "OrderID": int,
        "OrderLineID": int,
        "StockItemID": int,
        "Quantity": int,
        "UnitPrice": Decimal,
        "PickingCompletedWhen": or_none(moment),
    }
    for order, line, item, quantity, price, picked_at in table(folder, "order_lines", **columns):
        root = split.get(order, order)
        found[root].append(Line(root, line, item, quantity, price, picked_at, order in split))
    return found


def purchases(folder: Path, outers: dict[int, int]) -> Iterator[Purchase]:
    """Yield the lines of purchase orders in units: outers ordered × units in an outer."""
    columns: Columns = {
        "PurchaseOrderID": int,
        "PurchaseOrderLineID": int,
        "StockItemID": int,
        "OrderedOuters": int,
        "LastReceiptDate": or_none(a_date),
    }
    for order, line, item, ordered, received_on in table(folder, "purchase_order_lines", **columns):
        yield Purchase(order, line, item, ordered * outers[item], received_on)
