"""What several rows say of one purchase line: parts of its quantity, the same twice, or a contradiction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Any, NamedTuple

from backorders.importing.checking import State


class Said(NamedTuple):
    """What a row says, as far as others can contradict it. `targets` are (purchase line, outstanding)."""

    number: int
    targets: Sequence[tuple[int, int]]
    days: tuple[object, object]
    quantity: int | None
    is_same: bool = False


class Settled(NamedTuple):
    """What becomes of a row: its state, its problem, its place and whether the quantity it names is all there is."""

    state: str
    problem: str = ""
    place: int | None = None
    is_all: bool = False


def settle(rows: Iterable[Said], decisions: Mapping[str, str]) -> dict[int, Settled]:
    """Return what becomes of every row, by its number. Rows of one place belong together.

    `decisions` are those for "quantity_under" and "twice".
    """
    places = count(1)
    settled: dict[int, Settled] = {}
    for group in _groups(rows):
        settled |= _settle_group(group, places, decisions)
    return settled


def _groups(rows: Iterable[Said]) -> list[list[Said]]:
    """Put together the rows that speak of the same purchase line, or that a third row ties together."""
    about: dict[int, list[Said]] = {}  # purchase line → the group that speaks of it
    groups: list[list[Said]] = []
    for row in rows:
        touched = {id(group): group for pk, _outstanding in row.targets if (group := about.get(pk)) is not None}
        if not touched:
            groups.append([])
        *smaller, largest = sorted(touched.values(), key=len) or groups[-1:]
        moved = [row, *chain.from_iterable(smaller)]
        for group in smaller:
            group.clear()
        largest += moved
        about.update({pk: largest for each in moved for pk, _outstanding in each.targets})
    return sorted((sorted(group) for group in groups if group), key=lambda group: group[0].number)


def _settle_group(rows: list[Said], places: Iterator[int], decisions: Mapping[str, str]) -> dict[int, Settled]:
    kept, settled = _without_repeats(rows)
    if len(kept) == 1 and kept[0].quantity is None:
        state = State.SAME if kept[0].is_same else State.READY
        return settled | {kept[0].number: Settled(state, "", next(places))}
    if len(kept) > 1 and not _are_parts(kept):
        return settled | _contradict(kept, places, decisions.get("twice", ""))
    return settled | _parts(kept, next(places), decisions.get("quantity_under", ""))


def _without_repeats(rows: list[Said]) -> tuple[list[Said], dict[int, Settled]]:
    """Leave out rows that only say again what one before them said."""
    kept: list[Said] = []
    settled: dict[int, Settled] = {}
    heard: set[Any] = set()
    for row in rows:
        words = (tuple(row.targets), row.days)
        if row.quantity is None and words in heard:
            settled[row.number] = Settled(State.SKIPPED, "repeated")
            continue
        kept.append(row)
        if row.quantity is None:
            heard.add(words)
    return kept, settled


def _are_parts(rows: list[Said]) -> bool:
    first = rows[0].targets
    if any(row.targets != first or row.quantity is None for row in rows) or len(first) != 1:
        return False
    return sum(row.quantity or 0 for row in rows) <= first[0][1]


def _contradict(rows: list[Said], places: Iterator[int], decision: str) -> dict[int, Settled]:
    """Settle rows that differ: of each purchase line the first or the last one counts, or somebody has to choose."""
    if decision not in ("first", "last"):
        state = State.SKIPPED if decision == "skip" else State.CHOOSE
        return {row.number: Settled(state, "twice") for row in rows}
    settled = {row.number: Settled(State.SKIPPED, "twice") for row in rows}
    heard: set[int] = set()
    for row in rows if decision == "first" else reversed(rows):
        lines = {pk for pk, _outstanding in row.targets}
        if heard.isdisjoint(lines):
            settled[row.number] = Settled(State.READY, "", next(places), is_all=True)
            heard |= lines
    return settled


def _parts(rows: list[Said], place: int, decision: str) -> dict[int, Settled]:
    """Settle parts of a quantity; what they leave of it keeps its date only if somebody says so."""
    is_whole = sum(row.quantity or 0 for row in rows) == rows[0].targets[0][1]
    if is_whole or decision == "part":
        return {row.number: Settled(State.READY, "", place) for row in rows}
    if decision == "all" and len(rows) == 1:
        return {rows[0].number: Settled(State.READY, "", place, is_all=True)}
    state = State.SKIPPED if decision == "skip" else State.CHOOSE
    return {row.number: Settled(state, "quantity_under") for row in rows}
