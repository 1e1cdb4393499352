"""J4: what a desk asks of a large shop, as whole requests: a page of those who wait, searches, whom a date moves.

Floors: the page's own rows in one indexed statement; what any answer about those whom a date moves must read.
"""

import datetime
import re
from collections.abc import Callable, Iterator

from django.test import Client
from django.urls import reverse

from backorders.supply.models import PurchaseLine
from bench import world
from bench.measuring import Figure, analyze, asked

PRODUCTS = 100
MOVED = (500, 5_000)  # lines that wait for one purchase line each
PART = {"HX-Request": "true"}


def show(n: int) -> Iterator[Figure]:
    """J4 with `n` waiting lines, and those whom two dates move."""
    world.empty()
    *many, few, more = world.shop(PRODUCTS + len(MOVED), customers=max(n // 20, 100))
    for product in many:
        lot = world.purchase(product, n, pegged=n // PRODUCTS)
        world.waiting(product, n // PRODUCTS, on=lot)
    lots = []
    for product, lines in zip((few, more), MOVED, strict=True):
        lots.append(world.purchase(product, lines, pegged=lines))
        world.waiting(product, lines, on=lots[-1])
    world.sql(
        "UPDATE allocation_promise SET told_from = expected_from - 40, told_until = expected_until - 40 WHERE mod(line_id, 10) = 0"
    )
    analyze()
    desk = world.desk()
    url = reverse("admin:waiting_lines")
    number = f"B{many[-1].pk}-7"
    for name, query in {
        "page of all": {"view": "all"},
        "page of late": {"view": "late"},
        "page by harm": {},
        "search an order": {"view": "all", "q": number},
        "search an address": {"view": "all", "q": "customer77@"},
    }.items():
        yield _asked(name, n, lambda query=query: desk.get(url, query), _page)  # type: ignore[misc]
    for name, term in {"box: an order": number, "box: an address": "customer77@"}.items():
        yield _asked(name, n, lambda term=term: desk.get(reverse("admin:search"), {"q": term}, headers=PART), _found)  # type: ignore[misc]
    for lot, lines in zip(lots, MOVED, strict=True):
        yield _asked(f"a date moves {lines:,}", n, _moves(desk, lot, lines), lambda lot=lot: _read(lot))  # type: ignore[misc]


def _asked(name: str, n: int, ask: Callable[[], object], floor: Callable[[], None]) -> Figure:
    def ours() -> None:
        if ask().status_code != 200:  # type: ignore[attr-defined]
            raise RuntimeError(f"{name} failed")

    return asked("J4", name, n, ours=ours, floor=floor)


def _moves(desk: Client, lot: PurchaseLine, lines: int) -> Callable[[], object]:
    """The preview of a date, as the form asks for it."""
    url = reverse("admin:purchase_line_eta", args=[lot.pk])
    seen = dict(re.findall(r'name="(seen|key)" value="([^"]+)"', desk.get(url).content.decode()))
    later = (world.TODAY + datetime.timedelta(days=60)).isoformat()
    dates = {**seen, "how": "date", "eta_on": later, "confidence": "confirmed", "preview": "1"}
    shown = desk.post(url, dates, headers=PART).content.decode()
    if f"{lines:,}" not in shown and str(lines) not in shown:
        raise RuntimeError("the preview does not count everybody")
    return lambda: desk.post(url, dates, headers=PART)


def _page() -> None:
    world.sql(
        "SELECT l.id, o.number, c.name, p.expected_until FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id "
        "JOIN orders_customer c ON c.id = o.customer_id JOIN allocation_promise p ON p.line_id = l.id "
        "WHERE l.waiting > 0 ORDER BY l.placed_at DESC, l.id DESC LIMIT 50"
    )


def _found() -> None:
    world.sql("SELECT id, name FROM orders_customer WHERE email LIKE 'customer77@%%' LIMIT 5")


def _read(lot: PurchaseLine) -> None:
    world.sql(
        "SELECT c.name, c.email, c.language, o.number, l.waiting, p.expected_from, p.expected_until, p.told_from, p.told_until "
        "FROM allocation_allocation a JOIN orders_orderline l ON l.id = a.line_id JOIN allocation_promise p ON p.line_id = l.id "
        "JOIN orders_order o ON o.id = l.order_id JOIN orders_customer c ON c.id = o.customer_id WHERE a.purchase_line_id = %s",
        lot.pk,
    )
