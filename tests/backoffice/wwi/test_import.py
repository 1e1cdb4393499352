"""Bringing in Wide World Importers: facts as recorded, in one go or after a kill, or not at all."""

import datetime
from itertools import islice
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from backorders.allocation.books import differences
from backorders.allocation.models import Promise
from backorders.backoffice.wwi import bringing
from backorders.backoffice.wwi.bringing import Import
from backorders.backoffice.wwi.reading import BrokenFile, roots
from backorders.notifications.announcing import announce_due
from backorders.orders.models import Order, OrderLine, Shipment
from backorders.supply.models import PurchaseLine, StockLevel, StockMovement

pytestmark = pytest.mark.django_db(transaction=True)

AS_OF = datetime.date(2015, 12, 31)
AT = datetime.datetime(2015, 12, 31, 12, tzinfo=datetime.UTC)

# A shop small enough to work out by hand: order 1 was split twice (into 2, then 3), order 4 was never picked.
FILES = {
    "people": "PersonID,FullName\n1,Contact\n",
    "suppliers": "SupplierID,SupplierName,PrimaryContactPersonID,PhoneNumber\n7,Supplier,1,555\n",
    "stock_items": "StockItemID,StockItemName,UnitPrice,QuantityPerOuter\n10,Mug,2.50,12\n11,Tape,3.00,1\n",
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def bring(folder: Path) -> list[str]:
    return list(Import(folder, as_of=AS_OF).steps())


def test_chains_of_splits_lead_back_to_the_customers_order(folder: Path) -> None:
    assert roots(folder) == {2: 1, 3: 1}


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
    assert list(differences(at=AT)) == []


def test_what_was_still_coming_dates_what_still_waits(folder: Path) -> None:
    bring(folder)
    assert PurchaseLine.objects.get(received=0).pegged == 6
    assert {promise.expected_until is None for promise in Promise.objects.filter(line__waiting__gt=0)} == {False}


def test_history_is_not_mailed(folder: Path) -> None:
    bring(folder)
    assert not Promise.objects.untold().exists()
    assert announce_due(at=AT).messages == 0


def test_a_killed_import_goes_on_to_the_same_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bringing, "ORDERS_AT_ONCE", 1)
    for cut in range(1, 7):
        list(islice(Import(folder, as_of=AS_OF).steps(), cut))
    bring(folder)
    bring(folder)
    assert (Order.objects.count(), OrderLine.objects.count(), StockMovement.objects.count()) == (2, 4, 5)
    assert list(differences(at=AT)) == []


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("orders", None, "has no orders.csv"),
        ("orders", "OrderID,CustomerID\n", "has no column BackorderOrderID"),
        ("order_lines", FILES["order_lines"] + "4,5,10,many,2.50,\n", "order_lines.csv row 6: Quantity is 'many'"),
        ("order_lines", FILES["order_lines"] + "4,5,10\n", "order_lines.csv row 6: Quantity is nothing"),
        (
            "purchase_order_lines",
            FILES["purchase_order_lines"] + "1,3,10,2,yesterday\n",
            "LastReceiptDate is 'yesterday'",
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
    assert not Order.objects.exists()
    assert not StockLevel.objects.exists()
    with pytest.raises(CommandError, match=sentence):
        call_command("import_wwi", folder)
