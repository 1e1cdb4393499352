"""An act is all or nothing, is run again when it collided, and says so when it collided too often."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, connections, transaction

from backorders.access.checking import NotAllowed
from backorders.access.table import PURCHASING, WAREHOUSE
from backorders.actions import counting
from backorders.catalog.models import Category
from backorders.changes.acting import TRIES, act
from backorders.changes.models import ChangeSet
from backorders.refusal import Busy, Refused
from backorders.supply.models import StockLevel
from tests.factories import AT, a_product, a_user, a_warehouse, count


def collision() -> DatabaseError:
    """What the database says when two acts collide."""
    if connection.vendor == "sqlite":
        return OperationalError("database is locked")

    class Deadlock(Exception):
        sqlstate = "40P01"

    error = OperationalError("deadlock detected")
    error.__cause__ = Deadlock()
    return error


def a_category(name: str) -> Category:
    return Category.objects.create(name=name)


@pytest.mark.django_db
def test_an_act_that_collides_is_run_again_from_the_start() -> None:
    runs: list[int] = []

    @act
    def name_it() -> str:
        runs.append(Category.objects.count())
        a_category("kept")
        if len(runs) < TRIES:
            raise collision()
        return "done"

    assert name_it() == "done"
    assert runs == [0] * TRIES
    assert Category.objects.get().name == "kept"


@pytest.mark.django_db
def test_after_the_last_try_it_is_busy_and_nothing_is_saved() -> None:
    runs: list[int] = []

    @act
    def never() -> None:
        runs.append(1)
        a_category("lost")
        raise collision()

    with pytest.raises(Busy, match="Nothing was saved; try again"):
        never()
    assert len(runs) == TRIES
    assert not Category.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("error", [ValueError("a bug"), Refused("No."), DatabaseError("the disk is full")])
def test_what_is_no_collision_is_not_run_again_and_leaves_nothing(error: Exception) -> None:
    runs: list[int] = []

    @act
    def fails() -> None:
        runs.append(1)
        a_category("lost")
        raise error

    with pytest.raises(type(error)):
        fails()
    assert runs == [1]
    assert not Category.objects.exists()


@pytest.mark.django_db
def test_somebody_elses_row_with_the_same_key_makes_it_look_again() -> None:
    a_category("taken")

    @act
    def name_it() -> str:
        if looked:
            return Category.objects.get(name="taken").name
        looked.append(1)
        return a_category("taken").name

    looked: list[int] = []
    assert name_it() == "taken"
    assert looked == [1]


@pytest.mark.django_db
def test_a_broken_rule_of_the_database_is_a_bug_and_is_not_hidden() -> None:
    product = a_product(stock=1)

    @act
    def break_it() -> None:
        StockLevel.objects.filter(product=product).update(allocated=2)

    with pytest.raises(IntegrityError):
        break_it()


@pytest.mark.django_db(transaction=True)
def test_only_the_outermost_act_is_run_again() -> None:
    runs: list[str] = []

    @act
    def inner() -> None:
        runs.append("inner")
        if runs.count("inner") < 2:
            raise collision()

    @act
    def outer() -> None:
        runs.append("outer")
        inner()

    outer()
    assert runs == ["outer", "inner", "outer", "inner"]


@pytest.mark.django_db(transaction=True)
def test_within_a_foreign_transaction_a_collision_is_its_owners() -> None:
    @act
    def collides() -> None:
        raise collision()

    with pytest.raises(OperationalError), transaction.atomic():
        collides()


@pytest.fixture
def somebody_holds_the_product() -> Iterator[Any]:
    """Another connection that keeps the product's row (on SQLite: the database) locked until it is told to go."""
    holding, leave = threading.Event(), threading.Event()
    product = a_product(stock=1)

    def hold() -> None:
        with transaction.atomic():
            type(product).objects.select_for_update().get(pk=product.pk)
            holding.set()
            leave.wait(30)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(10)
    yield product, leave
    leave.set()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_an_act_waits_for_whoever_holds_its_product(somebody_holds_the_product: Any) -> None:
    product, leave = somebody_holds_the_product
    threading.Timer(0.2, leave.set).start()
    count(product, 5)
    assert leave.is_set()
    assert StockLevel.objects.get().on_hand == 5


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_three_times_is_told_so(somebody_holds_the_product: Any) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite waits twenty seconds")
    product, _ = somebody_holds_the_product
    changes = ChangeSet.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    try:
        with pytest.raises(Busy):
            counting.adjust_stock(product, warehouse=a_warehouse(), counted=9, reason="x", by=None, at=AT)
    finally:
        connection.close()
    assert ChangeSet.objects.count() == changes
    assert StockLevel.objects.get().on_hand == 1


@pytest.mark.django_db
def test_a_step_of_another_act_asks_for_that_ones_role_and_is_run_again_as_well() -> None:
    runs: list[int] = []

    def step(*, by: Any) -> None:
        runs.append(1)
        if len(runs) < TRIES:
            raise collision()

    stepping = act(step, capability="revising.revise_eta")
    with pytest.raises(NotAllowed):
        stepping(by=a_user(WAREHOUSE))
    assert runs == []
    stepping(by=a_user(PURCHASING))
    assert len(runs) == TRIES
