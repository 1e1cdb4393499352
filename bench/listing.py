"""J4: a page of those who wait, and a search, as whole requests. Floor: the page's own rows in one indexed statement."""

import statistics
import time
from collections.abc import Callable, Iterator

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import world
from bench.measuring import Figure, analyze

RUNS = 15
PRODUCTS = 100


def show(n: int) -> Iterator[Figure]:
    """J4 with `n` waiting lines."""
    world.empty()
    for product in world.shop(PRODUCTS, customers=max(n // 20, 100)):
        lot = world.purchase(product, n, pegged=n // PRODUCTS)
        world.waiting(product, n // PRODUCTS, on=lot)
    world.sql(
        "UPDATE allocation_promise SET told_from = expected_from - 40, told_until = expected_until - 40 WHERE mod(line_id, 10) = 0"
    )
    analyze()
    desk = Client(SERVER_NAME="127.0.0.1")
    user, _ = get_user_model().objects.get_or_create(
        username="bench", defaults={"is_staff": True, "is_superuser": True}
    )
    desk.force_login(user)
    url = reverse("admin:waiting_lines")
    number = f"B{world.Product.objects.order_by('-id')[0].pk}-7"
    for name, query in {
        "page of all": {"view": "all"},
        "page of late": {"view": "late"},
        "page by harm": {},
        "search an order": {"view": "all", "q": number},
        "search an address": {"view": "all", "q": "customer77@"},
    }.items():
        yield _request(name, n, desk, url, query)


def _request(name: str, n: int, desk: Client, url: str, query: dict[str, str]) -> Figure:
    def ours() -> None:
        if desk.get(url, query).status_code != 200:
            raise RuntimeError(f"{name} failed")

    ours()
    with CaptureQueriesContext(connection) as captured:
        ours()
    statements = len(captured)  # counted now: the next request starts a new log
    return Figure("J4", name, n, _median(ours), _median(_floor), statements)


def _floor() -> None:
    world.sql(
        "SELECT l.id, o.number, c.name, p.expected_until FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id "
        "JOIN orders_customer c ON c.id = o.customer_id JOIN allocation_promise p ON p.line_id = l.id "
        "WHERE l.waiting > 0 ORDER BY l.placed_at DESC, l.id DESC LIMIT 50"
    )


def _median(work: Callable[[], None]) -> float:
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
