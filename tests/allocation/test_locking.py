"""One order for all locks."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from backorders.actions import selling
from backorders.allocation.locking import lock_products, lock_whole_orders
from tests.factories import AT, a_product, an_order

pytestmark = pytest.mark.django_db


def test_products_are_locked_by_id_in_one_statement_each_once() -> None:
    products = [a_product() for _ in range(3)]
    wanted = [product.pk for product in reversed(products)]
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        assert lock_products([*wanted, wanted[0], 10**12]) == sorted(wanted)
    (statement,) = [query["sql"] for query in captured if "SELECT" in query["sql"]]
    assert "ORDER BY" in statement
    if connection.vendor == "postgresql":
        assert "FOR NO KEY UPDATE" in statement


def test_of_orders_only_those_that_ship_complete_and_are_open_are_locked() -> None:
    product, other = a_product(), a_product()
    whole = [an_order((product, 1), is_ship_complete=True) for _ in range(2)]
    an_order((product, 1))
    an_order((other, 1), is_ship_complete=True)
    done = an_order((product, 1), is_ship_complete=True)
    selling.cancel_order(done, reason="x", by=None, at=AT)
    with transaction.atomic():
        assert lock_whole_orders([product.pk]) == [order.pk for order in whole]
        assert lock_whole_orders([]) == []
