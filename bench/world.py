"""Worlds to measure in, made by the database itself in a few statements, whatever their size."""

import datetime

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from backorders.catalog.models import Category, Product
from backorders.orders.models import Carrier, Customer
from backorders.supply.models import PurchaseLine, PurchaseOrder, Supplier, Warehouse

AT = timezone.now().replace(microsecond=0)
TODAY = AT.date()


def sql(statement: str, *params: object) -> None:
    """Run one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def empty() -> None:
    """Forget everything."""
    sql(
        "TRUNCATE changes_changeset, catalog_category, supply_supplier, supply_warehouse, orders_customer, orders_carrier "
        "CASCADE"
    )


def desk() -> Client:
    """Somebody of the staff who may do everything, at the desk."""
    user, _ = get_user_model().objects.get_or_create(
        username="bench", defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    return client


def shop(products: int, *, customers: int = 1000) -> list[Product]:
    """A shop with one warehouse, one supplier, `products` products without stock, and its customers."""
    category = Category.objects.create(name="bench")
    Warehouse.objects.create(code="W", name="W")
    Supplier.objects.create(name="S", early_days=0, late_days=5)
    Carrier.objects.create(name="C")
    sql(
        "INSERT INTO orders_customer (name, email, phone, language, time_zone, tier, jurisdiction, is_business, "
        "address_version, external_id) SELECT 'Customer ' || n, 'customer' || n || '@example.com', '', "
        "CASE mod(n, 2) WHEN 0 THEN 'en' ELSE 'tr' END, 'Europe/Istanbul', 0, '', false, 1, '' "
        "FROM generate_series(1, %s) n",
        customers,
    )
    return Product.objects.bulk_create(
        Product(sku=f"SKU-{n}", name=f"Product {n}", category=category, price=10) for n in range(products)
    )


def stock(product: Product, quantity: int) -> None:
    """Units on hand of a product."""
    sql(
        "INSERT INTO supply_stocklevel (product_id, warehouse_id, on_hand, allocated) SELECT %s, id, %s, 0 FROM supply_warehouse",
        product.pk,
        quantity,
    )


def purchase(product: Product, quantity: int, *, in_days: int = 20, pegged: int = 0) -> PurchaseLine:
    """A purchase line of a product."""
    eta = TODAY + datetime.timedelta(days=in_days)
    order = PurchaseOrder.objects.create(
        number=f"PO-{product.pk}-{in_days}-{quantity}", supplier=Supplier.objects.get(), ordered_on=TODAY
    )
    return PurchaseLine.objects.create(
        purchase_order=order,
        product=product,
        warehouse=Warehouse.objects.get(),
        quantity=quantity,
        pegged=pegged,
        eta_on=eta,
        eta_until=eta,
        first_eta_on=eta,
        confidence="confirmed",
    )


def waiting(product: Product, lines: int, *, on: PurchaseLine | None) -> None:
    """`lines` orders of one unit each that wait for the product, pegged to `on` (or uncovered), dated and told."""
    first = Customer.objects.order_by("id").values_list("id", flat=True)[0]
    customers = Customer.objects.count()
    sql(
        "INSERT INTO orders_order (number, shop, external_id, customer_id, carrier_id, placed_at, currency, is_paid, "
        "is_ship_complete, is_date_essential, is_confirmed, version) "
        "SELECT 'B' || %s || '-' || n, '', '', %s + mod(n, %s), (SELECT id FROM orders_carrier), %s::timestamptz - n * interval '1 minute', "
        "'EUR', true, false, false, true, 1 FROM generate_series(1, %s) n",
        product.pk,
        first,
        customers,
        AT,
        lines,
    )
    window = (TODAY + datetime.timedelta(days=25), TODAY + datetime.timedelta(days=32)) if on else (None, None)
    sql(
        "INSERT INTO orders_orderline (order_id, product_id, quantity, allocated, waiting, shipped, cancelled, price, placed_at, "
        "cause, first_from, first_until, promise_number, is_expedited, is_held, score, overtaken) "
        "SELECT id, %s, 1, 0, 1, 0, 0, 10, placed_at, '', %s::date, %s::date, %s, false, false, "
        "-(placed_at::date - '0001-01-01'::date + 1), 0 FROM orders_order WHERE number LIKE %s",
        product.pk,
        *window,
        1 if on else None,
        f"B{product.pk}-%",
    )
    sql(
        "INSERT INTO allocation_promise (line_id, product_id, customer_id, own_from, own_until, expected_from, expected_until, "
        "announced_from, announced_until, told_from, told_until, announced_at, told_at, is_estimate, uncovered, version, changed_at, score) "
        "SELECT l.id, l.product_id, o.customer_id, first_from, first_until, first_from, first_until, first_from, first_until, "
        "first_from, first_until, o.placed_at, o.placed_at, false, %s, 1, o.placed_at, l.score "
        "FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id WHERE l.product_id = %s",
        0 if on else 1,
        product.pk,
    )
    if on:
        sql(
            "INSERT INTO allocation_allocation (line_id, purchase_line_id, quantity) SELECT id, %s, 1 FROM orders_orderline "
            "WHERE product_id = %s",
            on.pk,
            product.pk,
        )


def mailed(each: int) -> None:
    """Mails of a week ago about the lines that wait, `each` of them about each line: an outbox that is in use."""
    then = AT - datetime.timedelta(days=7)
    sql(
        "INSERT INTO notifications_message (kind, customer_id, dedupe_key, address_version, recipient, language, subject, text, "
        "html, headers, content_hash, has_apology, state, priority, not_before, attempts, lease_owner, provider_id, accepted_at, "
        "delivery, last_error, created_at) "
        "SELECT 'message', customer_id, 'before ' || line_id || '-' || n, 1, '', 'en', 'Subject', repeat('text ', 100), "
        "repeat('html ', 600), '{}', md5(line_id::text), false, 'accepted', 3, %s, 1, '', 'before ' || line_id || '-' || n, %s, "
        "0, '', %s FROM allocation_promise, generate_series(1, %s) n",
        *[then] * 3,
        each,
    )
    sql(
        "INSERT INTO notifications_messageline (message_id, line_id, order_id, promise_version, is_arrival) "
        "SELECT m.id, l.id, l.order_id, 1, false FROM notifications_message m "
        "JOIN orders_orderline l ON l.id = substring(m.dedupe_key FROM '[0-9]+')::int"
    )
    sql(
        "INSERT INTO notifications_attempt (message_id, number, started_at, ended_at, outcome, error) "
        "SELECT id, 1, created_at, created_at, 'accepted', '' FROM notifications_message"
    )
