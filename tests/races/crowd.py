"""Many at once: threads that all start together, and what the locks are without their lock."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from backorders.actions import placing
from backorders.catalog.models import Product
from tests.factories import AT

Jobs = list[Callable[[], Any]]


def at_once(threads: int, jobs: Jobs) -> list[BaseException]:
    """Run the jobs from so many threads, all starting together; return what went wrong."""
    start, errors = threading.Barrier(threads), []
    lots = [jobs[i::threads] for i in range(threads)]

    def work(mine: Jobs) -> None:
        start.wait()
        for job in mine:
            try:
                job()
            except Exception as error:
                errors.append(error)
        connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, lots))
    return errors


def an_order_of(number: str, customer: Any, carrier: Any, *lines: tuple[Product, int]) -> Callable[[], Any]:
    wanted = [placing.NewLine(product, quantity) for product, quantity in lines]
    return lambda: placing.place_order(placing.NewOrder(number, customer, carrier, wanted), by=None, at=AT)


def locked_otherwise(monkeypatch: pytest.MonkeyPatch, instead: Callable[..., Any]) -> None:
    """Put another function in the place of the product lock, in every room that imported it."""
    for name in ("lock_products", "ask_for_lock"):
        rooms = [room for path, room in sys.modules.items() if path.startswith("backorders.") and hasattr(room, name)]
        assert len(rooms) > 1
        for room in rooms:
            monkeypatch.setattr(room, name, instead)


def lock_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the products instead of locking them, wherever a verb locks."""

    def unlocked(ids: Any) -> list[int]:
        return list(Product.objects.filter(id__in=set(ids)).order_by("id").values_list("id", flat=True))

    locked_otherwise(monkeypatch, unlocked)


def threads_here(postgres: int) -> int:
    """How many threads make a crowd for this database."""
    return postgres if connection.vendor == "postgresql" else 8
