"""Replanning writes what planning says: under the products' locks, set-based, and only what differs."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from backorders import rows
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.models import Allocation, Promise, PromiseChange
from backorders.allocation.outcome import After, Outcome, outcome
from backorders.allocation.situation import OpenLine, Situation, read
from backorders.allocation.windows import Window, business_day
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
        (a.line.line_id, a.allocated, a.line.quantity - a.allocated, a.is_promised, a.overtaken)
        for a in result.after
        if (a.allocated, a.is_promised, a.overtaken) != (a.line.allocated, a.line.is_promised, a.line.overtaken)
    ]
    rows.update(OrderLine, ["id", "allocated", "waiting", "is_promised", "overtaken"], changed)


_PROMISE = (
    "line own_from own_until expected_from expected_until is_estimate uncovered version changed_at gap_since"
).split()


def _write_promises(result: Outcome, *, change_set: ChangeSet, at: datetime.datetime) -> None:
    moved = [a for a in result.after if a.expected != a.before]
    rest = [a for a in result.after if a.expected == a.before and _differs(a)]
    rows.update(Promise, _PROMISE, [_promise(a, at) for a in moved])
    rows.update(
        Promise,
        ["line", "own_from", "own_until", "is_estimate", "uncovered"],
        [(a.line.line_id, *_ends(a.own), a.is_estimate, a.uncovered) for a in rest],
    )
    rows.insert(
        PromiseChange,
        ["line", "change_set", "at", "old_from", "old_until", "new_from", "new_until"],
        [(a.line.line_id, change_set.pk, at, *_ends(a.before), *_ends(a.expected)) for a in moved],
    )


def _promise(after: After, at: datetime.datetime) -> tuple[Any, ...]:
    line = after.line
    return (
        line.line_id,
        *_ends(after.own),
        *_ends(after.expected),
        after.is_estimate,
        after.uncovered,
        line.version + 1,
        at,
        gap_since(line, after.expected, at=at),
    )


def gap_since(line: OpenLine, expected: Window | None, *, at: datetime.datetime) -> datetime.datetime | None:
    """Return since when the expected window differs from the announced one; None if it does not, or nothing was said yet."""
    if line.announced_at is None or _ends(expected) == (line.announced_from, line.announced_until):
        return None
    return line.gap_since or at


def _differs(after: After) -> bool:
    line = after.line
    written = (line.own_from, line.own_until, line.is_estimate, line.uncovered)
    return written != (*_ends(after.own), after.is_estimate, after.uncovered)


def _ends(window: Window | None) -> tuple[datetime.date | None, datetime.date | None]:
    return (window.first, window.last) if window else (None, None)
