"""One order for all locks: with a single try, verbs over each other's products and whole orders never collide."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from backorders.actions import queueing, selling, shipping, undoing
from backorders.allocation.books import differences
from backorders.changes import acting
from backorders.orders.models import OrderLine
from backorders.refusal import Busy, Refused
from tests.factories import (
    AT,
    a_carrier,
    a_customer,
    a_product,
    a_purchase,
    a_warehouse,
    an_order,
    count,
    receive,
    revise,
)
from tests.races.crowd import an_order_of, at_once, threads_here

pytestmark = pytest.mark.django_db(transaction=True)


def jobs_over_whole_orders(chance: random.Random, rounds: int) -> list[Callable[[], Any]]:
    """Verbs of every kind over orders that ship complete, each of two or three of the same three products."""
    products = [a_product(stock=30) for _ in range(3)]
    lots = [a_purchase(product, 300, eta=10) for product in products]
    who, how = a_customer(), a_carrier()
    for _ in range(12):
        basket = [(product, chance.randint(1, 6)) for product in chance.sample(products, chance.randint(2, 3))]
        an_order(*basket, customer=who, carrier=how, is_ship_complete=True)
    parcels = []
    for product in products:
        line = an_order((product, 3), (products[0], 1), customer=who, carrier=how, is_ship_complete=True).lines.first()
        units = [(each.pk, each.open_quantity) for each in line.order.lines.all()]
        count(product, 200)
        if all(each.waiting == 0 for each in line.order.lines.all()):
            parcels.append(shipping.ship(line.order, units=units, by=None, at=AT).made.lines.first())
    lines = list(OrderLine.objects.open())
    house, fresh = a_warehouse(), OrderLine.objects.select_related("order")
    said = {"reason": "x", "by": None, "at": AT}

    def of_all_kinds(i: int) -> list[Callable[[], Any]]:
        pk, lot, product, parcel = chance.choice(lines).pk, chance.choice(lots), products[i % 3], chance.choice(parcels)
        basket = [(each, chance.randint(1, 4)) for each in chance.sample(products, 2)]
        more, fewer, units = chance.randint(6, 9), chance.randint(1, 3), chance.randint(0, 40)
        return [
            lambda: queueing.expedite(fresh.get(pk=pk), **said),
            lambda: queueing.hold(fresh.get(pk=pk), **said),
            lambda: queueing.release(fresh.get(pk=pk), **said),
            lambda: selling.change_quantity(fresh.get(pk=pk), quantity=more, **said),
            lambda: selling.change_quantity(fresh.get(pk=pk), quantity=fewer, **said),
            lambda: undoing.undo(selling.cancel_line(fresh.get(pk=pk), quantity=1, **said).change_set, by=None, at=AT),
            lambda: receive(lot, 1),
            lambda: revise(lot, (20, None)),
            lambda: count(product, units),
            lambda: shipping.return_to_stock(parcel, quantity=1, warehouse=house, **said),
            an_order_of(f"L{i}", who, how, *basket),
        ]

    made = [job for i in range(rounds) for job in of_all_kinds(i)]
    chance.shuffle(made)
    return made


def in_a_circle(error: BaseException) -> bool:
    """Whether the database found acts that waited for each other."""
    return isinstance(error, Busy) and "deadlock" in str(error.__cause__)


@pytest.mark.parametrize("rounds", [6, pytest.param(100, marks=pytest.mark.faults)])
def test_verbs_over_whole_orders_never_wait_for_each_other_in_a_circle(
    monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    jobs = jobs_over_whole_orders(random.Random(5), rounds)
    monkeypatch.setattr(acting, "TRIES", 1)
    errors = at_once(threads_here(16), jobs)
    assert [error for error in errors if in_a_circle(error) or not isinstance(error, Refused)] == []
    assert list(differences(at=AT)) == []
