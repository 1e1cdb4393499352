"""Twenty thousand rows: checked in bounded memory, in statements that do not grow with the rows of a chunk."""

import resource

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.catalog.models import Category, Product
from backorders.importing.models import Import
from backorders.importing.working import CHUNK, counts
from backorders.supply.models import PurchaseLine, PurchaseOrder
from tests.factories import TODAY, a_supplier, a_warehouse, day
from tests.importing.desk import opened

pytestmark = [pytest.mark.django_db, pytest.mark.long]
KILOBYTES = 2**10  # of which a megabyte has so many


def purchase_lines(count: int, *, start: int = 0, eta: int = 40) -> str:
    """So many purchase lines, a hundred to an order, and the list that moves each of them by a month."""
    category = Category.objects.get_or_create(name="Kitchen")[0]
    products = [
        Product(sku=f"S-{start}-{number}", name="x", price=1, category=category) for number in range(min(count, 500))
    ]
    Product.objects.bulk_create(products)
    supplier, warehouse = a_supplier("Delta"), a_warehouse()
    orders = PurchaseOrder.objects.bulk_create(
        PurchaseOrder(number=f"PO-{start}-{number}", supplier=supplier, ordered_on=TODAY)
        for number in range(-(-count // 100))
    )
    lines = PurchaseLine.objects.bulk_create(
        PurchaseLine(
            purchase_order=orders[number // 100],
            product=products[number % len(products)],
            warehouse=warehouse,
            quantity=5,
            eta_on=day(10),
            eta_until=day(10),
            confidence="confirmed",
        )
        for number in range(count)
    )
    with connection.cursor() as cursor:  # so many at once, and nobody has counted them yet
        cursor.execute("ANALYZE supply_purchaseline")
    rows = "\n".join(f"{line.purchase_order.number};{line.product.sku};5;{day(eta):%d.%m.%Y}" for line in lines)
    return f"PO;SKU;Qty;ETA\n{rows}\n"


def checked(text: str) -> tuple[Import, int]:
    with CaptureQueriesContext(connection) as queries:
        mine = opened(text)
    return mine, len(queries)


def test_statements_do_not_grow_with_the_rows_of_a_chunk() -> None:
    _, few = checked(purchase_lines(50))
    _, many = checked(purchase_lines(CHUNK - 100, start=1))
    assert many <= few + 2


def test_twenty_thousand_rows_are_checked_in_bounded_memory() -> None:
    text = purchase_lines(20_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mine, statements = checked(text)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    found = counts(mine)
    assert (found["all"], found["ready"]) == (20_000, 20_000)
    assert grown < 200 * KILOBYTES
    assert statements < 40 * (20_000 // CHUNK)
