"""What other rules of serving would come to: the same plan with the queue in another order, counted in promises."""

import datetime
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from backorders.allocation.outcome import arrivals, keeps_word
from backorders.allocation.planning import Piece, in_order_of_use, plan
from backorders.allocation.ranking import fairness_bound, rank_key
from backorders.allocation.situation import OpenLine, Situation

Key = Callable[[OpenLine], Any]


class Comparison(NamedTuple):
    """What serving by one rule comes to: lines given stock, lines covered in full, told windows kept and broken."""

    rule: str
    served: int
    complete: int
    kept: int
    broken: int


def compare_rules(situation: Situation, *, today: datetime.date) -> list[Comparison]:
    """Return what each rule comes to, ours first. Pure: only the order of the queue differs."""
    bound = fairness_bound(today)
    rules: dict[str, Key] = {
        "rank": lambda line: rank_key(line, bound=bound),
        "first_come": lambda line: (line.placed_at, line.line_id),
        "oldest_promise": lambda line: (line.told_until or datetime.date.max, line.placed_at, line.line_id),
        "smallest": lambda line: (line.quantity, line.placed_at, line.line_id),
    }
    return [_compared(rule, key, situation, today) for rule, key in rules.items()]


def _compared(rule: str, key: Key, situation: Situation, today: datetime.date) -> Comparison:
    counts = [0, 0, 0, 0]
    for product_id in situation.products:
        queue = [line for line in situation.lines.values() if line.product_id == product_id and not line.is_held]
        for number, each in enumerate(_counted(sorted(queue, key=key), situation, product_id, today)):
            counts[number] += each
    return Comparison(rule, *counts)


def _counted(
    queue: Sequence[OpenLine], situation: Situation, product_id: int, today: datetime.date
) -> tuple[int, int, int, int]:
    supplies = in_order_of_use(situation.supplies([product_id], today=today)[product_id])
    pieces: dict[int, list[Piece]] = {line.line_id: [] for line in queue}
    for piece in plan(supplies, queue, keeps_word=keeps_word):
        pieces[piece.line_id].append(piece)
    served = complete = kept = broken = 0
    for line in queue:
        mine = pieces[line.line_id]
        ready = sum(piece.quantity for piece in mine if supplies[piece.supply].is_stock)
        served += ready > line.allocated
        complete += ready == line.quantity
        if line.told_until is not None:
            is_covered = sum(piece.quantity for piece in mine) == line.quantity
            own = arrivals(supplies, mine, transit_days=line.transit_days) if is_covered else None
            kept += own is not None and own.last <= line.told_until
            broken += own is None or own.last > line.told_until
    return served, complete, kept, broken
