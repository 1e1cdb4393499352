"""Each race's twin with the lock off goes wrong; what stays right without it would prove nothing."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection

from backorders.actions import placing, selling, shipping
from backorders.actions.bookkeeping import check_books
from backorders.catalog.models import Product
from backorders.changes import acting
from backorders.orders.models import OrderLine
from backorders.refusal import Busy, Refused
from tests.factories import AT, a_carrier, a_customer, a_line, a_product, a_purchase, count, receive, revise
from tests.races.crowd import an_order_of, at_once, lock_off, locked_otherwise

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 16


@pytest.fixture(autouse=True)
def circles_are_found_at_once() -> Iterator[None]:
    """Only where rows are locked; and there without the second that PostgreSQL waits before it looks for circles."""
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite the transaction itself is the lock")
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {database} SET deadlock_timeout = '20ms'")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {database} RESET deadlock_timeout")


def unforeseen(errors: list[BaseException]) -> list[BaseException]:
    return [error for error in errors if not isinstance(error, Refused)]


def test_of_a_hot_product(monkeypatch: pytest.MonkeyPatch) -> None:
    lock_off(monkeypatch)
    product = a_product("HOT", stock=100, backorder_policy="never")
    who, how = a_customer(), a_carrier()
    errors = at_once(THREADS, [an_order_of(f"H{i}", who, how, (product, 1)) for i in range(200)])
    assert unforeseen(errors), "only the constraint refused what was promised twice"


def test_of_baskets_locked_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_by_one(ids: Any) -> list[int]:
        for pk in (wanted := list(dict.fromkeys(ids))):
            Product.objects.select_for_update(no_key=True).get(pk=pk)
        return wanted

    locked_otherwise(monkeypatch, one_by_one)
    monkeypatch.setattr(acting, "TRIES", 1)
    chance = random.Random(7)
    products = [a_product(stock=500) for _ in range(6)]
    who, how = a_customer(), a_carrier()
    jobs = [an_order_of(f"B{i}", who, how, *((p, 1) for p in chance.sample(products, 5))) for i in range(120)]
    errors = at_once(THREADS, jobs)
    assert any(isinstance(error, Busy) and "deadlock" in str(error.__cause__) for error in errors)


def test_of_a_receipt_and_a_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    lock_off(monkeypatch)
    product = a_product()
    lot = a_purchase(product, 40)
    lines = [a_line(product, 2) for _ in range(20)]
    jobs: list[Callable[[], Any]] = [lambda: receive(lot, 2) for _ in range(20)]
    jobs += [lambda line=line: selling.cancel_line(line, reason="x", by=None, at=AT) for line in lines[::2]]
    errors = at_once(8, jobs)
    assert unforeseen(errors) or list(check_books(at=AT)) != []


def test_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    lock_off(monkeypatch)
    chance = random.Random(11)
    product = a_product(stock=20)
    lot = a_purchase(product, 500)
    lines = [a_line(product, 3) for _ in range(12)]
    who, how = a_customer(), a_carrier()

    def jobs(i: int) -> list[Callable[[], Any]]:
        line = chance.choice(lines)
        fresh = OrderLine.objects.select_related("order")
        return [
            an_order_of(f"E{i}", who, how, (product, chance.randint(1, 4))),
            lambda: selling.cancel_line(fresh.get(pk=line.pk), quantity=1, reason="x", by=None, at=AT),
            lambda: receive(lot, chance.randint(1, 3)),
            lambda: revise(lot, (chance.randint(5, 50), None)),
            lambda: count(product, chance.randint(0, 30)),
            lambda: shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=AT),
        ]

    errors = at_once(THREADS, [job for i in range(8) for job in jobs(i)])
    assert unforeseen(errors) or list(check_books(at=AT)) != []


def test_of_copies_of_one_shop_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the lock is the unique key, and that whoever meets it looks again."""
    monkeypatch.setattr(acting, "_COLLISIONS", acting._COLLISIONS - {"23505"})
    product, who, how = a_product(stock=50), a_customer(), a_carrier()
    new = placing.NewOrder("W1", who, how, [placing.NewLine(product, 2)], shop="web", external_id="1")
    errors = at_once(8, [lambda: placing.place_order(new, by=None, at=AT) for _ in range(20)])
    assert {type(error) for error in errors} == {IntegrityError}
