"""Serving: the queue behind goods that arrive, turn by turn, and what changing it by hand does to whom; pure."""

from collections.abc import Container
from typing import NamedTuple

from backorders.allocation.outcome import After, Outcome
from backorders.allocation.situation import written
from backorders.allocation.windows import Window, latest

BEYOND = 5  # lines shown behind the last that gets something


class Turn(NamedTuple):
    """A line in its product's queue: it waits for so many units and gets so many of them; then it has `expected`.

    Passed over means that somebody behind it gets units and it gets none. Only a promised line can be gone before.
    A part is units of the line that were put before others by hand, while nothing is written.
    """

    line_id: int
    product_id: int
    place: int
    waits: int
    gets: int
    is_promised: bool
    is_passed_over: bool
    is_part: bool
    told: Window | None
    expected: Window | None

    @property
    def keeps_word(self) -> bool | None:
        """Whether its customer has everything within what was told; None if nothing was."""
        return None if self.told is None else self.expected is not None and self.expected.last <= self.told.last


class ByHand(NamedTuple):
    """What a changed queue does to one line: units and window by rank, and by hand."""

    line_id: int
    units: int
    units_by_hand: int
    window: Window | None
    window_by_hand: Window | None

    @property
    def loses(self) -> bool:
        """Whether it gets fewer units, or all of them later."""
        if self.units != self.units_by_hand:
            return self.units_by_hand < self.units
        return self.window is not None and (self.window_by_hand is None or self.window_by_hand.last > self.window.last)


class Finished(NamedTuple):
    """What goods that arrive finish: lines and orders that have everything now, orders of which something can leave.

    Of the lines: how many have it within what was told, later than that, or were told nothing. `waiting` is how many
    units of the products are still waited for.
    """

    lines: int
    orders: int
    leaving: int
    kept: int
    broken: int
    untold: int
    waiting: int


def gaining(result: Outcome) -> set[int]:
    """Return the orders that are given units."""
    return {after.line.order_id for after in result.after if after.allocated > after.line.allocated}


def finished(result: Outcome, *, elsewhere: Container[int]) -> Finished:
    """Return what is finished; orders in `elsewhere` wait for other products, too."""
    lines: dict[int, list[After]] = {}
    for after in result.after:
        lines.setdefault(written(after.line.line_id), []).append(after)
    short = {a.line.order_id for mine in lines.values() for a in mine if a.allocated < a.line.quantity}
    done = [mine for mine in lines.values() if _is_whole(mine) and any(a.line.waiting for a in mine)]
    whole = {mine[0].line.order_id for mine in done} - short
    orders = {order for order in whole if order not in elsewhere}
    is_whole = {a.line.order_id: a.line.is_whole for a in result.after}
    leaving = {order for order in gaining(result) if order in orders or not is_whole[order]}
    told = [mine for mine in done if mine[0].line.told_until is not None]
    kept = sum(_keeps_word(mine) for mine in told)
    waiting = sum(a.line.quantity - a.allocated for a in result.after)
    return Finished(len(done), len(orders), len(leaving), kept, len(told) - kept, len(done) - len(told), waiting)


def _is_whole(parts: list[After]) -> bool:
    return all(part.allocated == part.line.quantity for part in parts)


def _keeps_word(parts: list[After]) -> bool:
    until = parts[0].line.told_until
    return all(until and part.expected and part.expected.last <= until for part in parts)


def turns(result: Outcome, products: Container[int], *, most: int) -> list[list[Turn]]:
    """Return the queue of each product, a few lines beyond the last that is served, at most so many."""
    queues: dict[int, list[After]] = {}
    for after in result.after:
        if after.line.product_id in products and not after.line.is_held:
            queues.setdefault(after.line.product_id, []).append(after)
    return [found for queue in queues.values() if (found := _turns(queue, most))]


def _turns(queue: list[After], most: int) -> list[Turn]:
    gets = [after.allocated - after.line.allocated for after in queue]
    last = max((place for place, units in enumerate(gets) if units > 0), default=-1)
    found: list[Turn] = []
    for place, (after, units) in enumerate(zip(queue, gets, strict=True)):
        if place > last + BEYOND or len(found) == most:
            break
        if after.line.waiting or units:
            found.append(_turn(after, place, units, is_passed_over=place < last and units <= 0))
    return found


def _turn(after: After, place: int, units: int, *, is_passed_over: bool) -> Turn:
    line = after.line
    told = Window.between(line.told_from, line.told_until)
    promised = line.promise_number is not None
    pk, waits, then = written(line.line_id), line.waiting, after.expected
    is_part = pk != line.line_id
    return Turn(pk, line.product_id, place + 1, waits, units, promised, is_passed_over, is_part, told, then)


def by_hand(by_rank: Outcome, changed: Outcome) -> list[ByHand]:
    """Return every line that a changed queue gives other units or another window, those who lose first.

    A line that is served in parts is one line, with the window of its last part.
    """
    ranked = {after.line.line_id: after for after in by_rank.after}
    parts: dict[int, list[After]] = {}
    for after in changed.after:
        parts.setdefault(written(after.line.line_id), []).append(after)
    found = []
    for pk, mine in parts.items():
        if pk in ranked:
            old, units = ranked[pk], sum(part.allocated for part in mine)
            given, windows = old.line.allocated, (old.expected, latest([part.expected for part in mine]))
            found.append(ByHand(pk, old.allocated - given, units - given, *windows))
    changes = [each for each in found if (each.units, each.window) != (each.units_by_hand, each.window_by_hand)]
    return sorted(changes, key=lambda each: not each.loses)
