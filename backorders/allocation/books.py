"""The books agree: every stored result recomputed from what it rests on, and every difference named in a sentence."""

import dataclasses
import datetime
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from django.db import connection, transaction

from backorders.allocation.gaps import open_missing_gaps
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.models import Promise
from backorders.allocation.outcome import NO_WINDOW, Outcome, outcome
from backorders.allocation.reading import read
from backorders.allocation.replanning import replan
from backorders.allocation.situation import Situation
from backorders.allocation.sums import CHECKS, NOT_LOST, STANDING, Difference, Invariant, found
from backorders.allocation.windows import Window, business_day
from backorders.catalog.models import Product
from backorders.changes.appending import unguarded
from backorders.changes.models import ChangeSet
from backorders.orders.models import OrderLine

Earlier = Callable[[Sequence[int]], Iterable[Mapping[int, Window | None]]]

LEDGERS = (
    *("supply_etarevision", "supply_receipt", "supply_stockmovement", "allocation_promisechange"),
    "orders_decision",
)


def differences(*, earlier: Earlier = lambda _ids: (), at: datetime.datetime) -> Iterator[Difference]:
    """Yield everything that does not agree as of `at`: first the sums, then the plan of every product, one by one.

    `earlier`: what lines (ids) had been told before they heard the newest, each time for all of them.
    """
    yield from found(CHECKS)
    for trigger in unguarded(f"{table}_no_update" for table in LEDGERS):
        yield Difference(
            Invariant.HISTORY_STANDS, f"the trigger {trigger} is gone: the rows of that ledger could be rewritten"
        )
    for product_id in planned_products():
        yield from plan_differences(product_id, earlier=earlier, at=at)


def planned_products() -> list[int]:
    """Return the products with an open line: the plan of the others is empty."""
    return list(OrderLine.objects.open().order_by("product").values_list("product", flat=True).distinct())


def plan_differences(
    product_id: int, *, earlier: Earlier = lambda _ids: (), at: datetime.datetime
) -> Iterator[Difference]:
    """Yield where what is written for a product differs from what its plan says now (invariants 3, 4 and 8).

    Mails are told, and come back, outside the product's lock. What ship-complete lines know since the product was
    planned, the next plan takes up; until then the plan from before stands, whichever of `earlier` words it rests on.
    """
    situation = read([product_id])
    found_now = list(_plan_differences(situation, at))
    if not found_now or all(list(_plan_differences(before, at)) for before in _before(situation, earlier)):
        yield from found_now


def _before(situation: Situation, earlier: Earlier) -> Iterator[Situation]:
    """The situation as it was before ship-complete lines heard what they know now; and as if they knew nothing."""
    whole = [pk for pk, line in situation.lines.items() if line.is_whole]
    for words in itertools.chain([{}], earlier(whole)) if whole else ():
        lines = dict(situation.lines)
        for pk in whole:
            told = words.get(pk) or NO_WINDOW
            lines[pk] = lines[pk]._replace(told_from=told[0], told_until=told[1])
        yield dataclasses.replace(situation, lines=lines)


def _plan_differences(situation: Situation, at: datetime.datetime) -> Iterator[Difference]:
    result = outcome(situation, today=business_day(at))
    yield from _misallocated(situation, result)
    for after in result.after:
        line = after.line
        if line.allocated != after.allocated:
            is_idle = line.allocated < after.allocated
            broken = Invariant.NOTHING_LIES_IDLE if is_idle else Invariant.RANK_DECIDES
            verb = "lie free for it" if is_idle else "should go before it"
            units = abs(after.allocated - line.allocated)
            yield Difference(broken, f"order line {line.line_id}: {units} of the units on hand {verb}")
        if after.is_moved or after.is_restated:
            written, planned = _said(line.expected_from, line.expected_until), _said(*(after.expected or NO_WINDOW))
            yield Difference(
                Invariant.NOBODY_IS_FORGOTTEN,
                f"order line {line.line_id}: promised is {written}, but the plan says {planned}",
            )


def _misallocated(situation: Situation, result: Outcome) -> Iterable[Difference]:
    written = {(held.line_id, held.is_stock, held.supply_id): held.quantity for held in situation.held}
    for key in sorted(written.keys() | result.allocations.keys()):
        has, should = written.get(key, 0), result.allocations.get(key, 0)
        if has != should:
            supply = f"{'stock level' if key[1] else 'purchase line'} {key[2]}"
            yield Difference(
                Invariant.RANK_DECIDES, f"order line {key[0]} holds {has} of {supply}; by its rank it is {should}"
            )


def repair(*, change_set: ChangeSet, at: datetime.datetime) -> None:
    """Rebuild counters, allocations and promises, product by product, each in a transaction of its own.

    What people and parcels did (orders, parcels, cancellations, receipts, movements, revisions) is evidence and never
    repaired; where it contradicts itself, a counter stays as it is and the books go on saying so.
    """
    for product_id in Product.objects.order_by("id").values_list("id", flat=True):
        with transaction.atomic():
            lock_whole_orders(lock_products([product_id]))
            for statement in _RECOUNT:
                _run(statement, product_id)
            _promise_anew(product_id, at)
            _run(_OPEN, product_id)
            replan([product_id], change_set=change_set, at=at)
            open_missing_gaps(product_id)


# Counters from the rows they sum, where those rows allow it; then nothing is held and all that is open waits, so that
# the plan writes it all again.
_RECOUNT = (
    "DELETE FROM allocation_allocation WHERE line_id IN (SELECT id FROM orders_orderline WHERE product_id = %s)",
    "UPDATE supply_stocklevel SET allocated = 0 WHERE product_id = %s",
    "UPDATE supply_purchaseline SET pegged = 0 WHERE product_id = %s",
    """
        UPDATE supply_stocklevel AS k SET on_hand = e.units
        FROM (
            SELECT x.id, coalesce(
                (SELECT sum(m.quantity) FROM supply_stockmovement m WHERE m.stock_level_id = x.id), 0) AS units
            FROM supply_stocklevel x WHERE x.product_id = %s
        ) e
        WHERE e.id = k.id AND e.units >= 0
    """,
    f"""
        UPDATE supply_purchaseline AS p SET received = e.units
        FROM (
            SELECT x.id, coalesce((
                SELECT sum(quantity + damaged) FROM supply_receipt WHERE purchase_line_id = x.id AND {STANDING}
            ), 0) AS units
            FROM supply_purchaseline x WHERE x.product_id = %s
        ) e
        WHERE e.id = p.id AND e.units <= p.quantity - p.cancelled
    """,  # noqa: S608 a condition of the sums
    f"""
        UPDATE orders_orderline AS l
        SET shipped = e.shipped, cancelled = e.cancelled, allocated = 0, waiting = l.quantity - e.shipped - e.cancelled
        FROM (
            SELECT x.id,
                coalesce((
                    SELECT sum(s.quantity) FROM orders_shipmentline s WHERE s.line_id = x.id AND s.{NOT_LOST}
                ), 0) AS shipped,
                coalesce((SELECT sum(c.quantity) FROM orders_cancellation c WHERE c.line_id = x.id), 0) AS cancelled
            FROM orders_orderline x WHERE x.product_id = %s
        ) e
        WHERE e.id = l.id AND e.shipped + e.cancelled <= l.quantity
    """,  # noqa: S608 a condition of the sums
)


def _promise_anew(product_id: int, at: datetime.datetime) -> None:
    """Give open lines without a promise an empty one for the plan to fill.

    A customer who has a confirmation counts as having heard of no date; a date is then a gap to tell.
    """
    bare = OrderLine.objects.open().filter(product=product_id, promise=None).select_related("order").order_by("id")
    Promise.objects.bulk_create(
        Promise(
            line=line,
            product_id=product_id,
            customer_id=line.order.customer_id,
            score=line.score,
            changed_at=at,
            announced_at=at if line.order.is_confirmed else None,
            told_at=at if line.order.is_confirmed else None,
        )
        for line in bare
    )


# A promise is open as long as its line is.
_OPEN = """
    UPDATE allocation_promise AS t SET is_open = (l.allocated + l.waiting > 0), score = l.score
    FROM orders_orderline l
    WHERE l.product_id = %s AND l.id = t.line_id AND (t.is_open <> (l.allocated + l.waiting > 0) OR t.score <> l.score)
"""


def _run(sql: str, product_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [product_id])


def _said(first: datetime.date | None, last: datetime.date | None) -> str:
    return f"{first} … {last}" if first else "no date"
