"""What several rows say of one purchase line: never two things of the same line, whatever else they speak of."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.importing.models import ImportRow
from backorders.importing.settling import Said, settle

State = ImportRow.State
LINES = {pk: 10 * pk for pk in range(1, 6)}  # purchase line -> what is outstanding of it
CHOICES = st.fixed_dictionaries(
    {
        "twice": st.sampled_from(["", "first", "last", "skip"]),
        "quantity_under": st.sampled_from(["", "all", "part", "skip"]),
    }
)


@st.composite
def lists(draw: st.DrawFn) -> list[Said]:
    """Rows that speak of one line, perhaps with a quantity, or of several."""
    rows = []
    for number in range(1, draw(st.integers(1, 9)) + 1):
        about = sorted(draw(st.sets(st.sampled_from(sorted(LINES)), min_size=1, max_size=3)))
        most = LINES[about[0]]
        quantity = draw(st.none() | st.integers(1, most)) if len(about) == 1 else None
        day = draw(st.integers(1, 3))
        rows.append(Said(number, [(pk, LINES[pk]) for pk in about], (day, None), quantity, is_same=draw(st.booleans())))
    return rows


@given(lists(), CHOICES)
def test_every_row_is_settled_and_of_no_line_two_things_are_said(said: list[Said], decisions: dict[str, str]) -> None:
    settled = settle(said, decisions)
    assert settled.keys() == {row.number for row in said}
    effective = [row for row in said if settled[row.number].state in (State.READY, State.SAME)]
    places = {(pk, settled[row.number].place) for row in effective for pk, _outstanding in row.targets}
    assert max(Counter(pk for pk, _place in places).values(), default=0) <= 1
    assert all(settled[row.number].place for row in effective)
    for place in {place for _pk, place in places}:
        together = [row for row in effective if settled[row.number].place == place]
        if len(together) > 1:  # the parts of a quantity
            assert len({tuple(row.targets) for row in together}) == 1
            assert sum(row.quantity or 0 for row in together) <= together[0].targets[0][1]


@given(lists(), CHOICES.filter(lambda decisions: decisions["twice"] in ("first", "last")))
def test_a_choice_between_rows_leaves_nothing_to_choose(said: list[Said], decisions: dict[str, str]) -> None:
    settled = settle(said, decisions)
    assert not [row for row in settled.values() if row.problem == "twice" and row.state == State.CHOOSE]
    heard = {pk for row in said if settled[row.number].state != State.SKIPPED for pk, _outstanding in row.targets}
    for row in said:  # what is left out spoke of a line of which something else is said
        if settled[row.number].problem == "twice":
            assert heard.intersection(pk for pk, _outstanding in row.targets)


def said_of(number: int, *lines: int, day: int = 1, **fields: Any) -> Said:
    return Said(number, [(pk, LINES[pk]) for pk in lines], (day, None), fields.pop("quantity", None), **fields)


@pytest.mark.parametrize(
    ("decision", "ready"),
    [("", set()), ("last", {3}), ("first", {1, 2}), ("skip", set())],
    ids=lambda value: str(value),
)
def test_rows_that_a_third_one_ties_together_contradict_each_other(decision: str, ready: set[int]) -> None:
    rows = [said_of(1, 1), said_of(2, 2, day=2), said_of(3, 1, 2, day=3)]
    settled = settle(rows, {"twice": decision})
    assert {number for number, row in settled.items() if row.state == State.READY} == ready
    assert {row.problem for row in settled.values() if row.state != State.READY} == {"twice"}
