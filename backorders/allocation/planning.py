"""The plan pairs supply with those who wait, one product at a time: a pure function over plain values."""

import datetime
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from backorders.allocation.windows import Window


class Supply(NamedTuple):
    """Units that a line can be given: on hand in a warehouse (`is_stock`), or outstanding on a purchase line.

    `ready` is when they can leave the warehouse, handling included; None gives no date. `preference` breaks ties
    between equal dates, the smallest first.
    """

    is_stock: bool
    id: int
    quantity: int
    ready: Window | None
    preference: tuple[int, int, int] = (0, 0, 0)
    is_estimate: bool = False


class Wants(Protocol):
    """An open line that wants `quantity` units. Whole: all at once or, if that is in time (`told_until`), later."""

    @property
    def line_id(self) -> int: ...
    @property
    def quantity(self) -> int: ...
    @property
    def is_whole(self) -> bool: ...
    @property
    def told_until(self) -> datetime.date | None: ...
    @property
    def transit_days(self) -> int: ...


class Demand(NamedTuple):
    """The plainest thing that wants units."""

    line_id: int
    quantity: int
    is_whole: bool = False
    told_until: datetime.date | None = None
    transit_days: int = 0


class Piece(NamedTuple):
    """`quantity` units of supply number `supply` (index into the plan's supplies) for a line."""

    line_id: int
    supply: int
    quantity: int


KeepsWord = Callable[[Wants, Supply], bool]


def never(demand: Wants, supply: Supply) -> bool:
    """No line leaves stock to those behind it."""
    return False


def in_order_of_use(supplies: Sequence[Supply]) -> list[Supply]:
    """Return the supplies as the plan uses them: stock, then by the last day they may be ready, undated ones last.

    Sorting by the *end* of the window is what makes an earlier ETA never make anyone later: a line's date is that of
    its last piece, and with earlier dates the n-th unit is never ready later.
    """
    return sorted(supplies, key=_use)


def plan(supplies: Sequence[Supply], demands: Sequence[Wants], *, keeps_word: KeepsWord = never) -> list[Piece]:
    """Give the supplies (in order of use) to the demands (in rank order); return the pieces in that order.

    Each demand takes from successive supplies until it is covered. One exception, so that goods do not lie idle: a
    whole line that stock cannot cover takes from stock only what the next lot lacks and leaves the rest to those behind
    it, if that lot comes in time for what its customer was told (`keeps_word(demand, supply)`). What nobody behind it
    wants of that stock it takes back.
    """
    left = [supply.quantity for supply in supplies]
    stock = next((i for i, supply in enumerate(supplies) if not supply.is_stock), len(supplies))
    pieces: list[Piece] = []
    deferred: list[int] = []
    first = 0  # the first supply with anything left
    for demand in demands:
        lot = _lot_instead(demand, supplies, left, stock, keeps_word) if demand.is_whole else None
        if lot is not None:
            from_lot = min(demand.quantity, left[lot])
            pieces += _from_stock(demand.line_id, demand.quantity - from_lot, left, stock)
            left[lot] -= from_lot
            deferred.append(len(pieces))
            pieces.append(Piece(demand.line_id, lot, from_lot))
            continue
        wanted = demand.quantity
        while first < len(left) and not left[first]:
            first += 1
        i = first
        while wanted and i < len(left):
            taken = min(wanted, left[i])
            if taken:
                left[i] -= taken
                wanted -= taken
                pieces.append(Piece(demand.line_id, i, taken))
            i += 1
    return _take_back(pieces, deferred, left, stock) if deferred else pieces


def _use(supply: Supply) -> tuple[bool, datetime.date, tuple[int, int, int], int]:
    if supply.is_stock:
        return (False, datetime.date.min, supply.preference, supply.id)
    return (True, supply.ready.last if supply.ready else datetime.date.max, supply.preference, supply.id)


def _lot_instead(
    demand: Wants, supplies: Sequence[Supply], left: Sequence[int], stock: int, keeps_word: KeepsWord
) -> int | None:
    """Return the next lot, if stock covers this whole line only in part and that lot covers the rest in time."""
    on_hand = sum(left[:stock])
    if demand.told_until is None or not 0 < on_hand < demand.quantity:
        return None
    lot = next((i for i in range(stock, len(left)) if left[i]), None)
    if lot is None or on_hand + left[lot] < demand.quantity or not keeps_word(demand, supplies[lot]):
        return None
    return lot


def _from_stock(line_id: int, wanted: int, left: list[int], stock: int) -> list[Piece]:
    """Take `wanted` units, or what is there, from stock."""
    pieces = []
    for i in range(stock):
        if taken := min(wanted, left[i]):
            left[i] -= taken
            wanted -= taken
            pieces.append(Piece(line_id, i, taken))
    return pieces


def _take_back(pieces: Sequence[Piece], deferred: Sequence[int], left: list[int], stock: int) -> list[Piece]:
    """Give stock that nobody wanted back to the whole lines that had left it, in rank order."""
    units: dict[tuple[int, int], int] = {(piece.line_id, piece.supply): piece.quantity for piece in pieces}
    for index in deferred:
        line_id, lot, quantity = pieces[index]
        for back in _from_stock(line_id, quantity, left, stock):
            units[line_id, back.supply] = units.get((line_id, back.supply), 0) + back.quantity
            units[line_id, lot] -= back.quantity
            left[lot] += back.quantity
    order = {piece.line_id: number for number, piece in reversed(list(enumerate(pieces)))}
    taken = sorted(units.items(), key=lambda item: (order[item[0][0]], item[0][1]))
    return [Piece(line_id, supply, quantity) for (line_id, supply), quantity in taken if quantity]
