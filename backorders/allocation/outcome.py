"""The outcome of a situation: who holds what and gets it when, after planning every product; pure."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backorders.allocation.impact import Impact, Move, Served
from backorders.allocation.planning import Piece, Supply, Wants, in_order_of_use, plan
from backorders.allocation.ranking import fairness_bound, rank_key
from backorders.allocation.situation import OpenLine, Situation
from backorders.allocation.windows import TRANSIT, Window, latest, shifted

Key = tuple[int, bool, int]  # line, is it stock, supply
Windows = dict[tuple[int, int], Window | None]  # supply, transit days


NO_WINDOW = (None, None)


class After(NamedTuple):
    """An open line as it will be: before and after in one value, so that writing and showing need nothing else."""

    line: OpenLine
    allocated: int
    uncovered: int
    own: Window | None
    expected: Window | None
    is_estimate: bool
    promise_number: int | None
    overtaken: int

    @property
    def is_moved(self) -> bool:
        """Whether the expected window differs from the written one."""
        return (self.line.expected_from, self.line.expected_until) != (self.expected or NO_WINDOW)

    @property
    def is_served_or_lifted(self) -> bool:
        """Whether the order line itself changes."""
        line = self.line
        return (self.allocated, self.promise_number, self.overtaken) != (
            line.allocated,
            line.promise_number,
            line.overtaken,
        )

    @property
    def is_restated(self) -> bool:
        """Whether anything else of the promise differs from what is written."""
        line = self.line
        written = (line.own_from, line.own_until, line.is_estimate, line.uncovered)
        return written != (*(self.own or NO_WINDOW), self.is_estimate, self.uncovered)


@dataclass(frozen=True)
class Outcome:
    """What planning a situation comes to: the allocations as they should be, and every open line after it."""

    allocations: dict[Key, int]
    after: Sequence[After]

    def impact(self) -> Impact:
        """Return who is moved, who is served and who loses stock."""
        moves: list[Move] = []
        served: list[Served] = []
        lost: list[Served] = []
        for after in self.after:
            line = after.line
            if after.is_moved:
                before = Window.between(line.expected_from, line.expected_until)
                told = Window.between(line.told_from, line.told_until)
                moves.append(Move(line.line_id, line.order_id, line.customer_id, before, after.expected, told))
            if after.allocated != line.allocated:
                change = after.allocated - line.allocated
                (served if change > 0 else lost).append(Served(line.line_id, line.order_id, abs(change)))
        return Impact(moves, served, len(self.after), sum(after.uncovered > 0 for after in self.after), lost)


def outcome(situation: Situation, *, today: datetime.date) -> Outcome:
    """Plan every product of the situation; date ship-complete orders by their last line."""
    allocations: dict[Key, int] = {}
    after: list[After] = []
    by_product: dict[int, list[OpenLine]] = {pk: [] for pk in situation.products}
    for line in situation.lines.values():
        by_product[line.product_id].append(line)
    waited_for = {product_id: lines for product_id, lines in by_product.items() if lines}
    supplies_of = situation.supplies(waited_for, today=today)
    for product_id, lines in waited_for.items():
        supplies = in_order_of_use(supplies_of[product_id])
        promised = (line.promise_number or 0 for line in lines)
        number = max(situation.products[product_id].last_promise, *promised) + 1
        after += _planned(supplies, lines, allocations, number, today)
    return Outcome(allocations, _whole_orders_dated(after, situation.siblings))


def _planned(
    supplies: Sequence[Supply],
    lines: Sequence[OpenLine],
    allocations: dict[Key, int],
    number: int,
    today: datetime.date,
) -> list[After]:
    """Plan one product until its own result changes no rank: being given units or overtaken once more may lift a line.

    Both only ever rise, so this ends; it is what makes planning twice change nothing.
    """
    bound = fairness_bound(today)
    queue = sorted((line for line in lines if not line.is_held), key=lambda line: rank_key(line, bound=bound))
    originals = {line.line_id: line for line in queue}
    while True:
        pieces = plan(supplies, queue, keeps_word=keeps_word)
        after = _after(supplies, queue, pieces, originals, number)
        lifted = [a.line._replace(promise_number=a.promise_number, overtaken=a.overtaken) for a in after if _rises(a)]
        if not lifted:
            break
        risen = {line.line_id: line for line in lifted}
        again = [risen.get(line.line_id, line) for line in queue]
        again.sort(key=lambda line: rank_key(line, bound=bound))
        if all(new.line_id == old.line_id for new, old in zip(again, queue, strict=True)):
            break
        queue = again
    for piece in pieces:
        supply = supplies[piece.supply]
        allocations[piece.line_id, supply.is_stock, supply.id] = piece.quantity
    if any(a.line is not originals[a.line.line_id] for a in after):
        after = [a._replace(line=originals[a.line.line_id]) for a in after]
    return after + [_kept(line) for line in lines if line.is_held]


def _after(
    supplies: Sequence[Supply],
    queue: Sequence[OpenLine],
    pieces: Sequence[Piece],
    originals: dict[int, OpenLine],
    number: int,
) -> list[After]:
    """Return each line of the queue as the pieces (in the queue's order) leave it; first units are a promise."""
    windows: Windows = {}
    after: list[After] = []
    start = 0
    for line in queue:
        end = start
        while end < len(pieces) and pieces[end].line_id == line.line_id:
            end += 1
        mine, start = pieces[start:end], end
        allocated, uncovered, is_estimate = 0, line.quantity, False
        for piece in mine:
            supply = supplies[piece.supply]
            uncovered -= piece.quantity
            allocated += piece.quantity if supply.is_stock else 0
            is_estimate = is_estimate or supply.is_estimate
        if uncovered:
            own = None
        elif not line.waiting and line.own_from and allocated == line.allocated:
            # It lay ready before: its date does not move with the calendar.
            own = Window.between(line.own_from, line.own_until)
        else:
            own = arrivals(supplies, mine, transit_days=line.transit_days, known=windows)
        promise = number if line.promise_number is None and mine else line.promise_number
        is_estimate = is_estimate and own is not None
        after.append(After(line, allocated, uncovered, own, own, is_estimate, promise, line.overtaken))
    return _overtaken(after, originals)


def arrivals(
    supplies: Sequence[Supply], pieces: Sequence[Piece], *, transit_days: int, known: Windows | None = None
) -> Window | None:
    """Return the window of a line made of these pieces: that of its last one; None if a piece has no date.

    `known` keeps windows already worked out, by supply and transit days.
    """
    windows = {} if known is None else known
    for piece in pieces:
        if (piece.supply, transit_days) not in windows:
            ready = supplies[piece.supply].ready
            windows[piece.supply, transit_days] = ready and shifted(ready, TRANSIT, working_days=transit_days)
    if len(pieces) == 1:
        return windows[pieces[0].supply, transit_days]
    return latest([windows[piece.supply, transit_days] for piece in pieces])


def _overtaken(after: list[After], originals: dict[int, OpenLine]) -> list[After]:
    """Count a line as overtaken once more when a later order was given stock now and the line still waits."""
    served = [a.line for a in after if a.allocated > a.line.allocated]
    if not served:
        return after
    newest = max((line.placed_at, line.line_id) for line in served)
    return [
        a._replace(overtaken=max(a.overtaken, originals[a.line.line_id].overtaken + 1))
        if a.allocated < a.line.quantity and (a.line.placed_at, a.line.line_id) < newest
        else a
        for a in after
    ]


def _rises(after: After) -> bool:
    return (after.promise_number, after.overtaken) != (after.line.promise_number, after.line.overtaken)


def _kept(line: OpenLine) -> After:
    """A line that the plan does not touch keeps the dates it had, if it has one of its own."""
    own = Window.between(line.own_from, line.own_until)
    expected = Window.between(line.expected_from, line.expected_until) if own else None
    return After(line, 0, 0, own, expected, line.is_estimate, line.promise_number, line.overtaken)


def _whole_orders_dated(after: Sequence[After], siblings: Sequence[OpenLine]) -> list[After]:
    """Give every line of a ship-complete order the window of the order's last line."""
    beside = [_kept(line)._replace(allocated=line.allocated, uncovered=line.uncovered) for line in siblings]
    own: dict[int, list[Window | None]] = {}
    for a in (*after, *beside):
        if a.line.is_whole:
            own.setdefault(a.line.order_id, []).append(a.own)
    whole = {order_id: latest(windows) for order_id, windows in own.items()}
    if not whole:
        return list(after)
    dated = [a._replace(expected=whole[a.line.order_id]) if a.line.is_whole else a for a in after]
    moved = [a._replace(expected=whole[a.line.order_id]) for a in beside if a.expected != whole[a.line.order_id]]
    return dated + moved


def keeps_word(demand: Wants, supply: Supply) -> bool:
    """Whether the lot still reaches this customer within what was told."""
    if supply.ready is None or demand.told_until is None:
        return False
    return TRANSIT.add(supply.ready.last, demand.transit_days) <= demand.told_until
