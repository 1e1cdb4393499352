"""Replanning writes what planning says: under the products' locks, set-based, and only what differs."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from backorders import rows
from backorders.allocation.gaps import gap_since
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.models import Allocation, Promise, PromiseChange
from backorders.allocation.outcome import NO_WINDOW, After, Outcome, outcome
from backorders.allocation.reading import read
from backorders.allocation.situation import Situation
from backorders.allocation.windows import business_day
from backorders.changes.models import ChangeSet
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine, StockLevel


def preview(product_ids: Iterable[int], change: Callable[[Situation], None], *, at: datetime.datetime) -> Impact:
    """Return what `change` (of the situation, in memory) would do. Writes nothing, takes no lock."""
    situation = read(product_ids)
    change(situation)
    return outcome(situation, today=business_day(at)).impact()


def replan(product_ids: Iterable[int], *, change_set: ChangeSet, at: datetime.datetime) -> Impact:
    """Plan these products again and write what differs; return who was moved. Call it last in an act.

    The number of statements does not depend on the number of lines.
    """
    ids = lock_products(product_ids)
    lock_whole_orders(ids)
    situation = read(ids)
    result = outcome(situation, today=business_day(at))
    _write_allocations(situation, result)
    _write_lines(result)
    _write_promises(result, change_set=change_set, at=at)
    return result.impact()


def _write_allocations(situation: Situation, result: Outcome) -> None:
    written = {(held.line_id, held.is_stock, held.supply_id): held for held in situation.held}
    gone = [held.id for key, held in written.items() if key not in result.allocations]
    changed = [
        (written[key].id, quantity)
        for key, quantity in result.allocations.items()
        if key in written and written[key].quantity != quantity
    ]
    new = [
        (line, supply if is_stock else None, None if is_stock else supply, quantity)
        for (line, is_stock, supply), quantity in result.allocations.items()
        if (line, is_stock, supply) not in written
    ]
    rows.delete(Allocation, gone)
    rows.update(Allocation, ["id", "quantity"], changed)
    rows.insert(Allocation, ["line", "stock_level", "purchase_line", "quantity"], new)
    if gone or changed or new:
        _write_counters(situation, result)


def _write_counters(situation: Situation, result: Outcome) -> None:
    allocated: Counter[int] = Counter()
    pegged: Counter[int] = Counter()
    for (_, is_stock, supply), quantity in result.allocations.items():
        (allocated if is_stock else pegged)[supply] += quantity
    rows.update(StockLevel, ["id", "allocated"], [(pk, allocated[pk]) for pk in situation.stocks])
    rows.update(PurchaseLine, ["id", "pegged"], [(pk, pegged[pk]) for pk in situation.lots])


def _write_lines(result: Outcome) -> None:
    changed = [
        (a.line.line_id, a.allocated, a.line.quantity - a.allocated, a.promise_number, a.overtaken)
        for a in result.after
        if a.is_served_or_lifted
    ]
    rows.update(OrderLine, ["id", "allocated", "waiting", "promise_number", "overtaken"], changed)


_STATED = ["line", "own_from", "own_until", "expected_from", "expected_until", "is_estimate", "uncovered"]

# The old window is read where it stands, so this comes before the promises move.
_REMEMBER = """
    INSERT INTO allocation_promisechange (line_id, change_set_id, at, old_from, old_until, new_from, new_until)
    SELECT t.line_id, {1}, {2}, t.expected_from, t.expected_until, {3}, {4}
    FROM {source} JOIN allocation_promise t ON t.line_id = {0}
"""

_MOVE = f"""
    UPDATE allocation_promise AS t
    SET own_from = {{1}}, own_until = {{2}}, expected_from = {{3}}, expected_until = {{4}}, is_estimate = {{5}},
        uncovered = {{6}}, version = version + 1, changed_at = %s,
        gap_since = {gap_since(("{3}", "{4}"), none_if="announced_at IS NULL")}
    FROM {{source}} WHERE t.line_id = {{0}}
"""  # noqa: S608 columns


def _write_promises(result: Outcome, *, change_set: ChangeSet, at: datetime.datetime) -> None:
    moved = [a for a in result.after if a.is_moved]
    rows.run(
        _REMEMBER,
        PromiseChange,
        ["line", "change_set", "at", "new_from", "new_until"],
        [(a.line.line_id, change_set.pk, at, *(a.expected or NO_WINDOW)) for a in moved],
    )
    rows.run(_MOVE, Promise, _STATED, [_stated(a) for a in moved], at, at)
    rows.update(Promise, _STATED, [_stated(a) for a in result.after if a.is_restated and not a.is_moved])


def _stated(after: After) -> tuple[Any, ...]:
    own, expected = after.own or NO_WINDOW, after.expected or NO_WINDOW
    return (after.line.line_id, *own, *expected, after.is_estimate, after.uncovered)
