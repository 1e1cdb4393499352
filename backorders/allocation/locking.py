"""The product row is the lock: whoever changes what a product's plan rests on holds it until the end of the act.

There is one order for all locks, so that no two acts wait for each other: product rows by id first, in one
statement and once an act; then the order rows that ship complete, by id; then whatever hangs on them, in any order, but
of a line its promise before its legal case: announcing, which locks no product, holds the one and writes the other.
What was read before the lock is read again after it. On SQLite the transaction itself is the lock (BEGIN IMMEDIATE).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from backorders import rows
from backorders.catalog.models import Product
from backorders.orders.models import Order, OrderLine


def lock_products(ids: Iterable[int]) -> list[int]:
    """Lock these products until the transaction ends; return the ids that exist, in order."""
    return [pk for (pk,) in ask_for_lock(ids)()]


def ask_for_lock(ids: Iterable[int]) -> Callable[[], list[rows.Row]]:
    """Ask for the lock of these products; what is asked after it (`rows.together`) is answered under it."""
    return rows.ask(_product_rows, sorted(set(ids)))


def _product_rows(ids: Sequence[int]) -> "QuerySet[Product, tuple[Any, ...]]":
    products = Product.objects.select_for_update(no_key=True, of=("self",))
    return products.filter(id__in=ids).order_by("id").values_list("id")


def lock_whole_orders(products: Iterable[int]) -> list[int]:
    """Lock the ship-complete orders with an open line of these (locked) products; return their ids, in order.

    Such an order is dated by its last line, so two products' plans may meet in it.
    """
    open_lines = OrderLine.objects.open().filter(product__in=set(products))
    orders = Order.objects.select_for_update(no_key=True, of=("self",))
    orders = orders.filter(is_ship_complete=True, id__in=open_lines.values("order")).order_by("id")
    return list(orders.values_list("id", flat=True))
