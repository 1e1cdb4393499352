"""Plain functions that make what tests need; what is not said is ordinary."""

import datetime
import itertools
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from backorders.access.table import MANAGER, Role
from backorders.actions import buying, counting, etas, placing, receiving, revising
from backorders.allocation.windows import business_day
from backorders.catalog.models import Category, Product
from backorders.orders.models import Carrier, Customer, Order, OrderLine
from backorders.supply.models import PurchaseLine, Supplier, Warehouse

AT = datetime.datetime(2026, 6, 1, 9, 0, tzinfo=datetime.UTC)  # a Monday
TODAY = business_day(AT)
_numbers = itertools.count(1)


def day(offset: int) -> datetime.date:
    """The date `offset` days after today."""
    return TODAY + datetime.timedelta(days=offset)


def later(**delta: float) -> datetime.datetime:
    """The moment `delta` after now."""
    return AT + datetime.timedelta(**delta)


def a_user(*roles: Role, **fields: Any) -> Any:
    """Somebody with these roles; a manager if none is said, since managers may do every verb of the day."""
    user = get_user_model().objects.create_user(f"user{next(_numbers)}", **fields)
    user.groups.set(Group.objects.get_or_create(name=role.group)[0] for role in roles or [MANAGER] if role)
    return user


def a_product(sku: str = "", *, stock: int = 0, **fields: Any) -> Product:
    """A product with `stock` units in the first warehouse."""
    sku = sku or f"SKU-{next(_numbers)}"
    category = fields.pop("category", None) or Category.objects.get_or_create(name="Kitchen")[0]
    product = Product.objects.create(
        **{"sku": sku, "name": f"Product {sku}", "price": Decimal(10), "category": category, **fields}
    )
    if stock:
        count(product, stock)
    return product


def a_warehouse(code: str = "MAIN", **fields: Any) -> Warehouse:
    return Warehouse.objects.get_or_create(code=code, defaults={"name": code, **fields})[0]


def a_supplier(name: str = "Contoso", **fields: Any) -> Supplier:
    return Supplier.objects.get_or_create(name=name, defaults={"early_days": 0, "late_days": 0, **fields})[0]


def a_customer(name: str = "Ada Example", **fields: Any) -> Customer:
    return Customer.objects.create(**{"name": name, "email": f"customer{next(_numbers)}@example.com", **fields})


def a_carrier(name: str = "Parcel", **fields: Any) -> Carrier:
    return Carrier.objects.get_or_create(name=name, defaults={"transit_days": 2, **fields})[0]


def count(product: Product, units: int, *, at: datetime.datetime = AT, where: Warehouse | None = None) -> None:
    """Let `units` be counted in a warehouse."""
    counting.adjust_stock(product, warehouse=where or a_warehouse(), counted=units, reason="count", by=None, at=at)


def an_order(*wanted: tuple[Product, int], at: datetime.datetime = AT, **fields: Any) -> Order:
    """A placed order for (product, quantity) pairs."""
    new = {
        "number": f"A-{next(_numbers)}",
        "customer": fields.pop("customer", None) or a_customer(),
        "carrier": fields.pop("carrier", None) or a_carrier(),
        "lines": [placing.NewLine(product, quantity) for product, quantity in wanted],
        **fields,
    }
    return placing.place_order(placing.NewOrder(**new), by=None, at=at).made


def a_line(product: Product, quantity: int, **fields: Any) -> OrderLine:
    """The only line of a placed order."""
    return an_order((product, quantity), **fields).lines.get()


def a_purchase(
    product: Product,
    quantity: int,
    *,
    eta: int | None = 10,
    at: datetime.datetime = AT,
    supplier: Supplier | None = None,
    where: Warehouse | None = None,
    confidence: str = "confirmed",
) -> PurchaseLine:
    """A purchase line that comes `eta` days after today, or on no date."""
    goods = buying.OrderedGoods(
        product, where or a_warehouse(), quantity, eta_on=None if eta is None else day(eta), confidence=confidence
    )
    done = buying.order_goods(f"PO-{next(_numbers)}", supplier=supplier or a_supplier(), lines=[goods], by=None, at=at)
    return done.made.lines.get()


def revise(line: PurchaseLine, *parts: tuple[int | None, int | None], at: datetime.datetime = AT, **how: Any) -> Any:
    """Revise an ETA; parts are (days after today or None, units or None)."""
    said = [etas.EtaPart(None if eta is None else day(eta), quantity=units) for eta, units in parts]
    confidence, seen = how.pop("confidence", "confirmed"), how.pop("seen_version", None)
    change = etas.EtaChange(line.pk, said, confidence=confidence, seen_version=seen)
    return revising.revise_eta([change], **{"reason_code": "production", "by": None, "at": at, **how})


def receive(line: PurchaseLine, quantity: int, *, at: datetime.datetime = AT, **how: Any) -> Any:
    """Receive units of a purchase line."""
    return receiving.receive([receiving.Arrival(line.pk, quantity, **how)], by=None, at=at)


def state(line: OrderLine) -> tuple[int, int, int, int]:
    """A line's (allocated, waiting, shipped, cancelled) as the database has them."""
    line.refresh_from_db()
    return (line.allocated, line.waiting, line.shipped, line.cancelled)


def expected(line: OrderLine) -> tuple[datetime.date, datetime.date] | None:
    """A line's expected window as the database has it."""
    promise = type(line).objects.get(pk=line.pk).promise
    return (promise.expected_from, promise.expected_until) if promise.expected_from else None
