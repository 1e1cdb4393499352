"""Races: many buyers at once never sell a unit twice; with the lock off, they do."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from backorders.actions import placing, queueing, selling, shipping
from backorders.actions.accepting import NotAccepted
from backorders.allocation.books import differences
from backorders.orders.models import Order, OrderLine
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, StockLevel
from tests.factories import (
    AT,
    a_carrier,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_warehouse,
    count,
    receive,
    revise,
)
from tests.races.crowd import an_order_of, at_once, threads_here

pytestmark = pytest.mark.django_db(transaction=True)

FULL = pytest.mark.faults


def hot(orders: int, stock: int, *, policy: str = "never") -> list[Callable[[], Any]]:
    product = a_product("HOT", stock=stock, backorder_policy=policy)
    who, how = a_customer(), a_carrier()
    return [an_order_of(f"H{i}", who, how, (product, 1)) for i in range(orders)]


@pytest.mark.parametrize("orders", [200, pytest.param(10_000, marks=FULL)])
def test_a_hot_product_is_never_oversold(orders: int) -> None:
    stock = orders // 2
    errors = at_once(threads_here(64 if orders > 200 else 16), hot(orders, stock))
    assert {type(error) for error in errors} == {NotAccepted}
    level = StockLevel.objects.get()
    assert (level.on_hand, level.allocated, len(errors)) == (stock, stock, orders - stock)
    assert Order.objects.count() == OrderLine.objects.count() == stock
    assert list(differences(at=AT)) == []


@pytest.mark.parametrize("orders", [60, pytest.param(3_000, marks=FULL)])
def test_baskets_in_any_order_never_deadlock(orders: int) -> None:
    chance = random.Random(7)
    products = [a_product(stock=orders, price=Decimal(5)) for _ in range(12)]
    who, how = a_customer(), a_carrier()
    jobs = []
    for i in range(orders):
        basket = chance.sample(products, 5)
        jobs.append(an_order_of(f"B{i}", who, how, *((product, chance.randint(1, 3)) for product in basket)))
    assert at_once(threads_here(64 if orders > 60 else 16), jobs) == []
    assert OrderLine.objects.count() == 5 * orders
    assert list(differences(at=AT)) == []


@pytest.mark.parametrize("rounds", [8, pytest.param(150, marks=FULL)])
def test_everything_at_once_keeps_the_books(rounds: int) -> None:
    chance = random.Random(11)
    products = [a_product(stock=20) for _ in range(3)]
    lots = [a_purchase(product, 500, eta=10 + i) for i, product in enumerate(products)]
    lines = [a_line(product, 3) for product in products for _ in range(8)]
    who, how = a_customer(), a_carrier()

    def jobs(i: int) -> list[Callable[[], Any]]:
        product, lot, line = chance.choice(products), chance.choice(lots), chance.choice(lines)
        fresh = OrderLine.objects.select_related("order")
        return [
            an_order_of(f"E{i}", who, how, (product, chance.randint(1, 4)), (chance.choice(products), 1)),
            lambda: selling.cancel_line(fresh.get(pk=line.pk), quantity=1, reason="x", by=None, at=AT),
            lambda: queueing.expedite(fresh.get(pk=line.pk), reason="x", by=None, at=AT),
            lambda: receive(lot, chance.randint(1, 3)),
            lambda: revise(lot, (chance.randint(5, 50), None)),
            lambda: count(product, chance.randint(0, 30)),
            lambda: shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=AT),
            lambda: queueing.hold(fresh.get(pk=line.pk), reason="x", by=None, at=AT),
            lambda: queueing.release(fresh.get(pk=line.pk), reason="x", by=None, at=AT),
        ]

    everything = [job for i in range(rounds) for job in jobs(i)]
    chance.shuffle(everything)
    errors = at_once(threads_here(16), everything)
    assert [error for error in errors if not isinstance(error, Refused)] == []
    assert list(differences(at=AT)) == []


def test_twenty_copies_of_one_shop_order_make_one() -> None:
    product, who, how = a_product(stock=50), a_customer(), a_carrier()
    new = placing.NewOrder("W1", who, how, [placing.NewLine(product, 2)], shop="web", external_id="1")
    made: list[int] = []
    errors = at_once(8, [lambda: made.append(placing.place_order(new, by=None, at=AT).made.pk) for _ in range(20)])
    assert errors == []
    assert len(made) == 20
    assert len(set(made)) == Order.objects.count() == 1
    assert StockLevel.objects.get().allocated == 2


def test_a_receipt_and_a_cancellation_at_once_lose_nothing() -> None:
    product = a_product()
    lot = a_purchase(product, 40)
    lines = [a_line(product, 2) for _ in range(20)]
    jobs: list[Callable[[], Any]] = [lambda: receive(lot, 2) for _ in range(20)]
    jobs += [lambda line=line: selling.cancel_line(line, reason="x", by=None, at=AT) for line in lines[::2]]
    assert at_once(8, jobs) == []
    assert StockLevel.objects.get().on_hand == 40
    assert PurchaseLine.objects.get().outstanding == 0
    assert sum(OrderLine.objects.values_list("allocated", flat=True)) == 20
    assert list(differences(at=AT)) == []
    assert a_warehouse().stock_levels.get().available == 20
