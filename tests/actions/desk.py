"""A small world in which every verb has something to do, and a picture of everything that is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from backorders.actions import hearing, queueing, shipping
from backorders.allocation.models import Promise
from backorders.catalog.models import Product, Substitute
from backorders.changes.models import ChangeSet
from backorders.orders.models import Customer, Order, OrderLine, Question, Shipment, ShipmentLine
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, Supplier, Warehouse
from tests.factories import (
    AT,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_supplier,
    a_warehouse,
    an_order,
    count,
    day,
)


@dataclass
class World:
    """Two products in two warehouses; lines that are served, half served, waiting, uncovered, held and shipped."""

    product: Product
    other: Product
    house: Warehouse
    second: Warehouse
    supplier: Supplier
    customer: Customer
    purchase: PurchaseLine
    undated: PurchaseLine
    served: OrderLine
    half: OrderLine
    waiting: OrderLine
    uncovered: OrderLine
    on_hold: OrderLine
    whole: Order
    shipped: OrderLine
    parcel: Shipment
    parcel_line: ShipmentLine
    rushed: OrderLine
    asked: Question


def a_world() -> World:
    house, second = a_warehouse(), a_warehouse("SECOND", rank=2)
    rushed = a_line(a_product(stock=1), 3)
    Substitute.objects.create(product=rushed.product, substitute=a_product(stock=9))
    queueing.expedite(rushed, reason="a birthday", by=None, at=AT)
    product, other = a_product(stock=8), a_product(stock=1)
    count(product, 3, where=second)
    shipped = a_line(product, 2)
    parcel = shipping.ship(shipped.order, units=[(shipped.pk, 2)], by=None, at=AT).made
    purchase = a_purchase(product, 9, eta=10)
    undated = a_purchase(other, 4, eta=None)
    served, half = a_line(product, 6), a_line(product, 5)
    waiting = a_line(product, 4)
    whole = an_order((product, 2), (other, 2), is_ship_complete=True)
    uncovered = a_line(other, 9, customer=a_customer(tier=2))
    on_hold = a_line(product, 1)
    queueing.hold(on_hold, reason="payment", by=None, at=AT)
    Substitute.objects.create(product=product, substitute=other)
    world = World(
        product=product,
        other=other,
        house=house,
        second=second,
        supplier=a_supplier(),
        customer=a_customer(),
        purchase=purchase,
        undated=undated,
        served=served,
        half=half,
        waiting=waiting,
        uncovered=uncovered,
        on_hold=on_hold,
        whole=whole,
        shipped=shipped,
        parcel=parcel,
        parcel_line=parcel.lines.get(),
        rushed=rushed,
        asked=hearing.ask_question(half.order, text="When?", by=None, at=AT).made,
    )
    for row in vars(world).values():
        row.refresh_from_db()
    assert (served.waiting, half.allocated > 0, half.waiting > 0, waiting.allocated) == (0, True, True, 0)
    assert Promise.objects.get(line=uncovered).uncovered > 0
    return world


def stored() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours, as the database has it."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("backorders.")]
    return {model._meta.label: rows_of(model) for model in ours}


def rows_of(model: type[models.Model]) -> list[dict[str, Any]]:
    return list(model._default_manager.order_by("pk").values())


def told(line: OrderLine, *, first: int, last: int) -> None:
    """Let the line's customer have been told a window, in days after today."""
    Promise.objects.filter(line=line).update(told_from=day(first), told_until=day(last), told_at=AT)


def last_change() -> ChangeSet:
    return ChangeSet.objects.order_by("-id")[0]


@dataclass(frozen=True)
class Bad:
    """Something that is refused: after what has happened, by which name and in which sentence."""

    attempt: Callable[[World], Any]
    refusal: type[Refused]
    sentence: str
    after: Callable[[World], Any] = lambda _: None


def refused_without_a_trace(bad: Bad) -> None:
    """The attempt is refused as it should be, and nothing that is stored differs."""
    world = a_world()
    bad.after(world)
    before = stored()
    with pytest.raises(bad.refusal, match=bad.sentence) as refused:
        bad.attempt(world)
    assert str(refused.value).endswith((".", "?"))
    assert stored() == before
