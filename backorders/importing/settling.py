"""What several rows say of one purchase line: parts of its quantity, the same twice, or a contradiction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

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
    groups: dict[int, list[Said]] = defaultdict(list)
    owner: dict[int, int] = {}  # purchase line → the group that speaks of it
    for row in rows:
        group = next((owner[pk] for pk, _ in row.targets if pk in owner), row.number)
        owner.update({pk: group for pk, _ in row.targets})
        groups[group].append(row)
    settled: dict[int, Settled] = {}
    for place, (_, group_rows) in enumerate(sorted(groups.items()), 1):
        settled |= _settle_group(group_rows, place, decisions)
    return settled


def _settle_group(rows: list[Said], place: int, decisions: Mapping[str, str]) -> dict[int, Settled]:
    kept, settled = _without_repeats(rows)
    if len(kept) == 1 and kept[0].quantity is None:
        state = State.SAME if kept[0].is_same else State.READY
        return settled | {kept[0].number: Settled(state, "", place)}
    if len(kept) > 1 and not _are_parts(kept):
        return settled | _contradict(kept, place, decisions.get("twice", ""))
    return settled | _parts(kept, place, decisions.get("quantity_under", ""))


def _without_repeats(rows: list[Said]) -> tuple[list[Said], dict[int, Settled]]:
    """Leave out rows that only say again what one before them said."""
    kept: list[Said] = []
    settled: dict[int, Settled] = {}
    for row in rows:
        if any(row[1:4] == other[1:4] for other in kept) and row.quantity is None:
            settled[row.number] = Settled(State.SKIPPED, "repeated")
        else:
            kept.append(row)
    return kept, settled


def _are_parts(rows: list[Said]) -> bool:
    first = rows[0].targets
    if any(row.targets != first or row.quantity is None for row in rows) or len(first) != 1:
        return False
    return sum(row.quantity or 0 for row in rows) <= first[0][1]


def _contradict(rows: list[Said], place: int, decision: str) -> dict[int, Settled]:
    chosen = {"last": rows[-1], "first": rows[0]}.get(decision)
    if chosen is None:
        state = State.SKIPPED if decision == "skip" else State.CHOOSE
        return {row.number: Settled(state, "twice") for row in rows}
    kept = {chosen.number: Settled(State.READY, "", place, is_all=True)}
    return {row.number: Settled(State.SKIPPED, "twice") for row in rows} | kept


def _parts(rows: list[Said], place: int, decision: str) -> dict[int, Settled]:
    """Settle parts of a quantity; what they leave of it keeps its date only if somebody says so."""
    is_whole = sum(row.quantity or 0 for row in rows) == rows[0].targets[0][1]
    if is_whole or decision == "part":
        return {row.number: Settled(State.READY, "", place) for row in rows}
    if decision == "all" and len(rows) == 1:
        return {rows[0].number: Settled(State.READY, "", place, is_all=True)}
    state = State.SKIPPED if decision == "skip" else State.CHOOSE
    return {row.number: Settled(state, "quantity_under") for row in rows}
