"""J2 receive N units for N waiting lines; J3a an ETA change moves N waiting lines. Floors: one set-based pass in SQL."""

import datetime
from collections.abc import Iterator

from django.db import transaction

from backorders.actions import etas, receiving, revising
from backorders.allocation.replanning import replan
from backorders.changes.models import Source
from backorders.changes.recording import open_change
from backorders.supply.models import PurchaseLine
from bench import world
from bench.measuring import Figure, analyze, beside

LATER = world.TODAY + datetime.timedelta(days=40)


def receive(n: int) -> Iterator[Figure]:
    """J2."""
    line = _queue(n)

    def ours() -> None:
        receiving.receive([receiving.Arrival(line.pk, n)], by=None, at=world.AT)

    def floor() -> None:
        known = open_change("floor", by=None, at=world.AT)
        world.sql("UPDATE supply_stocklevel SET on_hand = on_hand + %s WHERE product_id = %s", n, line.product_id)
        world.sql("DELETE FROM allocation_allocation WHERE purchase_line_id = %s", line.pk)
        world.sql(
            "WITH served AS (SELECT l.id, sum(l.waiting) OVER (ORDER BY l.is_expedited DESC, l.promise_number, l.score DESC, "
            "l.placed_at, l.id) AS upto FROM orders_orderline l WHERE l.product_id = %s AND l.waiting > 0), "
            "held AS (INSERT INTO allocation_allocation (line_id, stock_level_id, quantity) SELECT s.id, k.id, 1 FROM served s, "
            "supply_stocklevel k WHERE k.product_id = %s AND s.upto <= %s RETURNING line_id), "
            "outbox AS (INSERT INTO allocation_promisechange (line_id, change_set_id, at, old_from, old_until, new_from, new_until) "
            "SELECT h.line_id, %s, %s, p.expected_from, p.expected_until, %s, %s FROM held h JOIN allocation_promise p "
            "ON p.line_id = h.line_id), "
            "status AS (UPDATE orders_orderline SET allocated = waiting, waiting = 0 WHERE id IN (SELECT line_id FROM held)) "
            "UPDATE allocation_promise SET own_from = %s, own_until = %s, expected_from = %s, expected_until = %s, "
            "version = version + 1, changed_at = %s, gap_since = %s WHERE line_id IN (SELECT line_id FROM held)",
            line.product_id,
            line.product_id,
            n,
            known.pk,
            world.AT,
            LATER,
            LATER,
            *[LATER] * 4,
            world.AT,
            world.AT,
        )

    yield beside("J2", "receive", n, ours=ours, floor=floor)


def revise(n: int) -> Iterator[Figure]:
    """J3a."""
    line = _queue(n)
    change = etas.EtaChange(line.pk, [etas.EtaPart(LATER)])

    def ours() -> None:
        revising.revise_eta([change], reason_code="production", source=Source.SYSTEM, by=None, at=world.AT)

    def floor() -> None:
        known = open_change("floor", by=None, at=world.AT)
        world.sql("UPDATE supply_purchaseline SET eta_on = %s, eta_until = %s WHERE id = %s", LATER, LATER, line.pk)
        world.sql(
            "INSERT INTO allocation_promisechange (line_id, change_set_id, at, old_from, old_until, new_from, new_until) "
            "SELECT p.line_id, %s, %s, p.expected_from, p.expected_until, %s, %s FROM allocation_promise p "
            "JOIN allocation_allocation a ON a.line_id = p.line_id WHERE a.purchase_line_id = %s",
            known.pk,
            world.AT,
            LATER,
            LATER,
            line.pk,
        )
        world.sql(
            "UPDATE allocation_promise p SET own_from = %s, own_until = %s, expected_from = %s, expected_until = %s, "
            "version = version + 1, changed_at = %s, gap_since = coalesce(gap_since, %s) FROM allocation_allocation a "
            "WHERE a.line_id = p.line_id AND a.purchase_line_id = %s",
            *[LATER] * 4,
            world.AT,
            world.AT,
            line.pk,
        )

    def preview() -> None:
        revising.preview_eta([change], at=world.AT)

    yield beside("J3a", "ETA change", n, ours=ours, floor=floor)
    yield beside("J3a", "preview of it", n, ours=preview, floor=floor)


def _queue(n: int) -> PurchaseLine:
    """N lines behind one purchase line, planned once, so that only what is measured is new."""
    world.empty()
    (product,) = world.shop(1)
    world.stock(product, 0)
    line = world.purchase(product, n, pegged=n)
    world.waiting(product, n, on=line)
    analyze()
    with transaction.atomic():
        replan([product.pk], change_set=open_change("bench", by=None, at=world.AT), at=world.AT)
    world.sql(
        "UPDATE allocation_promise SET announced_from = expected_from, announced_until = expected_until, "
        "told_from = expected_from, told_until = expected_until, gap_since = NULL"
    )
    analyze()
    return line
