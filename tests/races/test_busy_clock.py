"""The clock passes by a product that somebody holds for long: the others get their new day."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from backorders.actions import clock, silencing
from backorders.allocation.locking import lock_products
from backorders.supply.models import PurchaseLine
from tests.factories import a_line, a_product, a_purchase, a_supplier, expected, later

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_where_rows_are_locked() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite one writer waits for the other, whatever they write")


def while_held(product_id: int, act: object, **given: object) -> object:
    """Run the act of the clock on a connection that waits a moment only, while another holds the product."""

    def impatiently() -> object:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20ms'")
        try:
            return act(**given)  # type: ignore[operator]
        finally:
            connections.close_all()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        lock_products([product_id])
        return pool.submit(impatiently).result()


def test_a_product_that_is_held_is_planned_later_and_the_others_now() -> None:
    lots = [a_purchase(a_product(), 5, eta=10) for _ in range(3)]
    lines = [a_line(lot.product, 1) for lot in lots]
    before = [expected(line) for line in lines]
    at = later(days=30)
    assert while_held(lots[0].product_id, clock.start_day, at=at) == 2
    assert [expected(line) == old for line, old in zip(lines, before, strict=True)] == [True, False, False]
    assert clock.start_day(at=at) == 3
    assert expected(lines[0]) == expected(lines[1])


def test_a_supplier_whose_product_is_held_is_silenced_later_and_the_others_now() -> None:
    suppliers = [a_supplier(name, email=f"{name}@example.com".lower()) for name in ("Contoso", "Fabrikam")]
    lots = [a_purchase(a_product(), 5, eta=10, supplier=supplier) for supplier in suppliers]
    assert while_held(lots[0].product_id, silencing.stop_believing, at=later(days=200)) == 1
    sure = PurchaseLine.objects.order_by("id").values_list("confidence", flat=True)
    assert list(sure) == ["confirmed", "unconfirmed"]
