"""Bringing in Wide World Importers: facts as recorded, in one go or after a kill, or not at all."""

import datetime
import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models

from backorders.actions import clock, etas, revising
from backorders.actions.bookkeeping import check_books
from backorders.allocation.models import Allocation, Promise
from backorders.backoffice.wwi import bringing
from backorders.backoffice.wwi.bringing import Import, WrongDatabase
from backorders.backoffice.wwi.reading import BrokenFile
from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet
from backorders.notifications.announcing import announce_due, promise_next_updates
from backorders.notifications.models import CallTask, Message
from backorders.orders.models import Order, OrderLine, Shipment, ShipmentLine
from backorders.supply.models import EtaRevision, PurchaseLine, Receipt, StockLevel, StockMovement, SupplierProduct
from tests.factories import a_product

pytestmark = pytest.mark.django_db(transaction=True)

AS_OF = datetime.date(2015, 12, 31)
SLICE = Path(__file__).parent / "slice"
AT = datetime.datetime(2015, 12, 31, 12, tzinfo=datetime.UTC)

# A shop small enough to work out by hand: order 1 was split twice (into 2, then 3), order 4 was never picked.
FILES = {
    "people": "PersonID,FullName\n1,Contact\n",
    "suppliers": "SupplierID,SupplierName,PrimaryContactPersonID,PhoneNumber\n7,Supplier,1,555\n",
    "stock_items": (
        "StockItemID,StockItemName,SupplierID,UnitPrice,TypicalWeightPerUnit,LeadTimeDays,QuantityPerOuter\n"
        "10,Mug,7,2.50,0.3,14,12\n11,Tape,7,3.00,0.05,7,1\n"
    ),
    "stock_item_reorder_levels": "StockItemID,LastCostPrice\n10,1.00\n",
    "customers": "CustomerID,CustomerName,PhoneNumber\n5,Tailspin Toys,555\n",
    "purchase_orders": "PurchaseOrderID,SupplierID,OrderDate,ExpectedDeliveryDate\n1,7,2015-11-01,2015-12-28\n",
    "purchase_order_lines": (
        "PurchaseOrderID,PurchaseOrderLineID,StockItemID,OrderedOuters,LastReceiptDate\n"
        "1,1,10,2,2015-11-03\n1,2,11,9,2016-01-02\n"
    ),
    "orders": (
        "OrderID,CustomerID,BackorderOrderID,OrderDate,ExpectedDeliveryDate\n"
        "1,5,2,2015-11-02,2015-11-04\n2,5,3,2015-11-02,2015-11-04\n3,5,,2015-11-02,2015-11-04\n4,5,,2015-12-01,2015-12-03\n"
    ),
    "order_lines": (
        "OrderID,OrderLineID,StockItemID,Quantity,UnitPrice,PickingCompletedWhen\n"
        "1,1,10,5,2.50,2015-11-02 11:00:00\n2,2,10,20,2.50,2015-11-05 11:00:00\n"
        "3,3,11,4,3.00,\n4,4,11,2,3.00,2016-02-01 11:00:00\n"
    ),
    "stock_item_transactions": (
        "StockItemID,TransactionTypeID,TransactionOccurredWhen,Quantity\n"
        "10,12,2015-12-01 10:00:00,-1\n10,10,2015-11-02 11:00:00,-5\n"
    ),
}


# What the files say of themselves, in the form of the figures that travel with the sample.
FIGURES = {
    "as_of": "2015-12-31",
    "period": ["2015-11-01", "2015-12-31"],
    "backordered_lines_later_picked": 1,
    "wait_days_picked_backordered": {"mean": 3, "median": 3, "p25": 3, "p75": 3, "p90": 3, "max": 3},
    "rows": {"order_lines": 4, "purchase_order_lines": 2},
    "customer_orders_excluding_backorder_orders": 2,
    "total_units": 31,
    "total_value": 80.5,
    "customer_orders_split": 1,
    "backordered_lines": 2,
    "backordered_units": 24,
    "backordered_value": 62.0,
    "top_backordered_items": {"10": 1, "11": 1},
    "lines_picked_on_order_date": 1,
    "open_lines_as_of": 2,
    "open_units_as_of": 6,
    "open_customers_as_of": 1,
    "open_items_as_of": 1,
    "open_value_as_of": 18.0,
    "open_orders_as_of": 3,
    "open_age_days_as_of": {"mean": 44.5, "median": 44.5, "max": 59, "over_30": 1, "over_90": 0},
    "lines_by_month": {"2015-11": 3, "2015-12": 1},
    "backordered_lines_by_month": {"2015-11": 2, "2015-12": 0},
    "backordered_lines_by_year": {"2015": 2},
    "open_lines_month_end": {"2015-11-30": 1, "2015-12-31": 2},
    "purchasing": {"promised_days": {"mean": 57}, "receipts_later_than_expected": 0},
    "stock_transactions": {"11": {"n": 1, "qty": 24}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def bring(folder: Path) -> list[str]:
    return list(Import(folder, as_of=AS_OF).steps())


def test_the_facts_come_in_as_recorded(folder: Path) -> None:
    bring(folder)
    assert list(Order.objects.order_by("id").values_list("external_id", flat=True)) == ["1", "4"]
    lines = list(OrderLine.objects.order_by("id").values_list("quantity", "shipped", "waiting", "cause"))
    assert lines == [(5, 5, 0, ""), (20, 20, 0, "supply"), (4, 0, 4, "supply"), (2, 0, 2, "")]
    assert list(Shipment.objects.order_by("shipped_at").values_list("shipped_at__day", flat=True)) == [2, 5]
    mug, tape = StockLevel.objects.order_by("product__sku")
    ledger = list(mug.movements.order_by("at", "kind").values_list("kind", "quantity"))
    assert ledger == [("opening", 5), ("shipment", -5), ("receipt", 24), ("shipment", -20), ("count", -1)]
    assert (mug.on_hand, tape.on_hand) == (3, 0)
    assert list(check_books(at=AT)) == []


def test_what_could_not_be_picked_is_promised_no_date(folder: Path) -> None:
    bring(folder)
    coming = PurchaseLine.objects.get(received=0)
    assert (coming.confidence, coming.pegged) == ("unconfirmed", 6)
    assert {promise.expected_until for promise in Promise.objects.filter(line__waiting__gt=0)} == {None}


def test_nothing_counts_as_told_before_the_evening_of_the_import(folder: Path) -> None:
    bring(folder)
    told = list(Promise.objects.order_by("line__waiting", "line").values_list("told_at", flat=True))
    assert told[:2] == [None, None]
    assert {at.date() for at in told[2:]} == {AS_OF}


def test_history_is_not_mailed(folder: Path) -> None:
    bring(folder)
    assert not Promise.objects.untold().exists()
    clock.start_day(at=AT.replace(year=2026))
    assert announce_due(at=AT.replace(year=2026)).messages == 0


def test_nobody_of_the_sample_is_ever_written_to_or_called(folder: Path) -> None:
    bring(folder)
    assert promise_next_updates(at=AT) == 0
    coming = PurchaseLine.objects.get(received=0)
    revising.revise_eta(
        [etas.EtaChange(coming.pk, [etas.EtaPart(AS_OF + datetime.timedelta(days=9))])],
        reason_code="other",
        by=None,
        at=AT,
    )
    assert Promise.objects.untold().count() == 2
    for days in (1, 20, 60):
        at = AT + datetime.timedelta(days=days)
        clock.start_day(at=at)
        assert announce_due(at=at) == (0, 0)
    assert not Message.objects.exists()
    assert not CallTask.objects.exists()


def picture() -> dict[str, list[Any]]:
    """All that was brought in, by what it says instead of by its ids."""

    def rows(model: type[models.Model], *fields: str) -> list[Any]:
        return sorted(model._default_manager.order_by().values_list(*fields), key=str)

    line = ("line__order__number", "line__product__sku", "line__quantity")
    return {
        "products": rows(Product, "sku", "name", "price", "cost"),
        "orders": rows(Order, "number", "external_id", "customer__external_id", "placed_at", "is_confirmed"),
        "lines": rows(OrderLine, "order__number", "product__sku", "quantity", "waiting", "shipped", "score", "cause"),
        "parcels": rows(ShipmentLine, *line, "shipment__shipped_at", "quantity"),
        "purchases": rows(PurchaseLine, "purchase_order__number", "product__sku", "quantity", "received", "pegged"),
        "revisions": rows(EtaRevision, "purchase_line__purchase_order__number", "new_on", "new_confidence", "at"),
        "receipts": rows(Receipt, "purchase_line__purchase_order__number", "on", "quantity"),
        "movements": rows(StockMovement, "stock_level__product__sku", "kind", "quantity", "at"),
        "levels": rows(StockLevel, "product__sku", "on_hand", "allocated"),
        "allocations": rows(Allocation, *line, "purchase_line__purchase_order__number", "quantity"),
        "promises": rows(Promise, *line, "expected_until", "announced_at", "told_at", "gap_since", "version"),
        "steps": rows(ChangeSet, "act", "at"),
    }


def test_a_killed_import_goes_on_to_the_same_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bringing, "ORDERS_AT_ONCE", 1)
    monkeypatch.setattr(bringing, "PURCHASES_AT_ONCE", 1)
    steps = bring(folder)
    clean = picture()
    assert [name for name, found in clean.items() if not found] == []
    call_command("flush", interactive=False, verbosity=0)
    for cut in range(len(steps)):
        list(islice(Import(folder, as_of=AS_OF).steps(), cut))
    bring(folder)
    bring(folder)
    assert picture() == clean
    assert list(check_books(at=AT)) == []


def test_an_import_killed_within_a_step_leaves_nothing_of_that_step(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **how: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bringing, "write_ledger", broken)
    with pytest.raises(KeyboardInterrupt):
        bring(folder)
    assert not StockMovement.objects.exists()
    monkeypatch.undo()
    bring(folder)
    assert StockMovement.objects.count() == 5
    assert list(check_books(at=AT)) == []


def test_only_what_was_ordered_by_the_day_comes_in(folder: Path) -> None:
    list(Import(folder, as_of=datetime.date(2015, 11, 2)).steps())
    assert list(Order.objects.values_list("external_id", flat=True)) == ["1"]
    lines = list(OrderLine.objects.order_by("id").values_list("shipped", "waiting"))
    assert lines == [(5, 0), (0, 20), (0, 4)]
    assert list(check_books(at=AT.replace(month=11, day=2))) == []


def test_products_know_their_source(folder: Path) -> None:
    bring(folder)
    source = SupplierProduct.objects.get(product__sku="WWI-010")
    assert (source.supplier.name, source.lead_time_days, source.product.weight_grams) == ("Supplier", 14, 300)


def test_a_database_with_other_goods_is_refused(folder: Path) -> None:
    a_product()
    with pytest.raises(WrongDatabase, match="a database of its own"):
        bring(folder)
    assert not Order.objects.exists()


def test_an_import_does_not_go_on_with_other_files(folder: Path) -> None:
    list(islice(Import(folder, as_of=AS_OF).steps(), 3))
    (folder / "people.csv").write_text("PersonID,FullName\n1,Somebody else\n")
    with pytest.raises(WrongDatabase, match="other files"):
        bring(folder)


def test_our_counts_are_shown_beside_the_files_own(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    figures.write_text(json.dumps(FIGURES))
    call_command("import_wwi", folder, compare=figures)
    out = capsys.readouterr().out
    assert "DIFFERENT open orders" in out
    assert "here its lines stay on the customer's" in out
    assert "35 of 36 figures are equal." in out
    figures.write_text(json.dumps({**FIGURES, "total_units": 32}))
    with pytest.raises(CommandError, match="No reason is known why these differ: units"):
        call_command("import_wwi", folder, compare=figures)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "no figures by name"),
        ("{}", "lacks a figure: 'period'"),
    ],
)
def test_figures_that_cannot_be_compared_with_are_refused(folder: Path, text: str, sentence: str) -> None:
    (folder / "figures.json").write_text(text)
    with pytest.raises(CommandError, match=sentence):
        call_command("import_wwi", folder, compare=folder / "figures.json")


@pytest.mark.parametrize(
    ("as_of", "different"),
    [("2015-12-31", {"backordered lines later picked", "days they waited", "open orders"}), ("2016-05-31", set())],
)
def test_a_slice_of_the_real_rows_agrees_with_its_own_figures(
    as_of: str, different: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    day = datetime.date.fromisoformat(as_of)
    call_command("import_wwi", SLICE, as_of=day, compare=SLICE / "figures.json")
    rows = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    figures = {(verdict, figure.split("  ")[0].split(",")[0]) for verdict, figure in rows}
    assert {name for verdict, name in figures if verdict == "DIFFERENT"} == different
    names = {name for verdict, name in figures if verdict == "equal"}
    assert {"order lines", "backordered units", "open lines at the end of the month"} <= names
    assert list(check_books(at=datetime.datetime.combine(day, datetime.time(12), tzinfo=datetime.UTC))) == []


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("orders", None, "has no orders.csv"),
        ("orders", "OrderID,CustomerID\n", "has no column OrderDate, ExpectedDeliveryDate, BackorderOrderID"),
        ("order_lines", FILES["order_lines"] + "4,5,10,many,2.50,\n", "order_lines.csv row 6: Quantity is 'many'"),
        ("order_lines", FILES["order_lines"] + "4,5,10\n", "order_lines.csv row 6: Quantity is nothing"),
        (
            "purchase_order_lines",
            FILES["purchase_order_lines"] + "1,3,10,2,yesterday\n",
            "LastReceiptDate is 'yesterday'",
        ),
        ("order_lines", FILES["order_lines"] + "9,5,10,1,2.50,\n", "row 6: OrderID is '9', which is not in orders"),
        ("order_lines", FILES["order_lines"] + "4,5,10,0,2.50,\n", "row 6: Quantity is '0', which is no quantity"),
        ("order_lines", FILES["order_lines"] + "4,4,10,1,2.50,\n", "OrderLineID is '4', which stands there twice"),
        ("order_lines", FILES["order_lines"] + "4,5,10,1,-2,\n", "UnitPrice is '-2', which is no price"),
        ("orders", FILES["orders"].replace("4,5,,", "4,6,,"), "row 5: CustomerID is '6', which is not in customers"),
        ("orders", FILES["orders"].replace("3,5,,", "3,5,1,"), "order 2 was split from itself"),
        ("stock_items", FILES["stock_items"].replace("Mug", "M" * 201), "which is longer than 200 characters"),
        (
            "suppliers",
            FILES["suppliers"] + "8,Supplier,1,555\n",
            "SupplierName is 'Supplier', which stands there twice",
        ),
        (
            "orders",
            FILES["orders"].replace("3,5,,", "3,5,9,"),
            "row 4: BackorderOrderID is '9', which is not in orders",
        ),
        ("orders", FILES["orders"].replace("4,5,,", "4,5,3,"), "BackorderOrderID is '3', which stands there twice"),
        ("orders", FILES["orders"].replace("4,5,,", f"{'9' * 60},5,,"), "which is no number of a row"),
        ("orders", FILES["orders"].replace("2015-12-01", "0001-01-01"), "is no date of a living business"),
        ("stock_items", FILES["stock_items"].replace("Mug", "M\0g"), "which holds a zero byte"),
        ("stock_items", FILES["stock_items"].replace("2.50", "NaN"), "UnitPrice is 'NaN', which cannot be read"),
        ("stock_items", FILES["stock_items"].replace("0.3", "9999999"), "which is no weight"),
        ("stock_items", FILES["stock_items"].replace(",14,", ",99999,"), "which is no number of days"),
        ("purchase_order_lines", FILES["purchase_order_lines"] + "1,3,10,2000000000,\n", "asks for 24000000000 units"),
        (
            "stock_item_transactions",
            FILES["stock_item_transactions"] + "10,12,2015-12-01 10:00:00,Infinity\n",
            "Quantity is 'Infinity', which is no number of units",
        ),
        (
            "stock_item_transactions",
            FILES["stock_item_transactions"] + "10,12,2015-12-01 10:00:00,1.5\n",
            "Quantity is '1.5', which is no number of units",
        ),
        (
            "stock_item_transactions",
            FILES["stock_item_transactions"] + "99,12,2015-12-01 10:00:00,1\n",
            "StockItemID is '99', which is not in stock_items",
        ),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_written(
    folder: Path, name: str, text: str | None, sentence: str
) -> None:
    path = folder / f"{name}.csv"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(BrokenFile, match=sentence):
        bring(folder)
    assert not ChangeSet.objects.exists()
    with pytest.raises(CommandError, match=sentence):
        call_command("import_wwi", folder)


def test_a_torn_archive_is_named(folder: Path) -> None:
    (folder / "orders.csv").unlink()
    whole = gzip.compress(FILES["orders"].encode())
    (folder / "orders.csv.gz").write_bytes(whole[:-12])
    with pytest.raises(BrokenFile, match=r"orders\.csv\.gz cannot be read after row"):
        bring(folder)
    assert not ChangeSet.objects.exists()
