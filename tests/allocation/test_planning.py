"""The plan's promises, proven on generated supplies and demands."""

import datetime
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from backorders.allocation.outcome import arrivals, keeps_word
from backorders.allocation.planning import Demand, Piece, Supply, in_order_of_use, plan
from backorders.allocation.windows import Window

DAY = datetime.date(2026, 6, 1)
NEVER = datetime.date.max


def on(offset: int) -> datetime.date:
    return DAY + datetime.timedelta(days=offset)


@st.composite
def supplies(draw: st.DrawFn) -> list[Supply]:
    """Up to two stock levels and five lots; some without a date, with different spreads and preferences."""
    made = []
    for pk in range(draw(st.integers(0, 2))):
        made.append(Supply(True, pk, draw(st.integers(1, 12)), Window(on(1), on(1)), (0, draw(st.integers(1, 2)), 0)))
    for pk in range(draw(st.integers(0, 5))):
        first = draw(st.none() | st.integers(2, 40))
        width = draw(st.integers(2, 14))
        ready = None if first is None else Window(on(first), on(first + width))
        preference = (draw(st.integers(0, 1)), draw(st.integers(1, 2)), 0)
        made.append(Supply(False, pk, draw(st.integers(1, 12)), ready, preference))
    return made


@st.composite
def demands(draw: st.DrawFn, whole: bool = True) -> list[Demand]:
    """Up to eight lines in rank order."""
    told = st.none() | st.integers(1, 60).map(on)
    return [
        Demand(
            pk, draw(st.integers(1, 15)), draw(st.booleans()) if whole else False, draw(told), draw(st.integers(0, 3))
        )
        for pk in range(draw(st.integers(0, 8)))
    ]


def planned(have: list[Supply], want: list[Demand]) -> tuple[list[Supply], list[Piece]]:
    ordered = in_order_of_use(have)
    return ordered, plan(ordered, want, keeps_word=keeps_word)


def dates(have: list[Supply], want: list[Demand]) -> dict[int, datetime.date]:
    """Each line's last day; the end of time if it is uncovered or undated."""
    ordered, pieces = planned(have, want)
    found = {}
    for demand in want:
        mine = [piece for piece in pieces if piece.line_id == demand.line_id]
        covered = sum(piece.quantity for piece in mine) == demand.quantity
        window = arrivals(ordered, mine, transit_days=demand.transit_days) if covered else None
        found[demand.line_id] = window.last if window else NEVER
    return found


@given(supplies(), demands())
def test_never_more_is_pegged_than_exists_or_is_wanted(have: list[Supply], want: list[Demand]) -> None:
    ordered, pieces = planned(have, want)
    given_out, taken = Counter[int](), Counter[int]()
    for piece in pieces:
        assert piece.quantity > 0
        given_out[piece.supply] += piece.quantity
        taken[piece.line_id] += piece.quantity
    assert all(given_out[i] <= supply.quantity for i, supply in enumerate(ordered))
    assert all(taken[demand.line_id] <= demand.quantity for demand in want)


@given(supplies(), demands())
def test_no_unit_is_left_while_a_line_is_uncovered(have: list[Supply], want: list[Demand]) -> None:
    ordered, pieces = planned(have, want)
    pegged = sum(piece.quantity for piece in pieces)
    assert pegged == min(sum(s.quantity for s in ordered), sum(d.quantity for d in want))


@given(supplies(), demands())
def test_no_stock_lies_free_while_a_line_waits(have: list[Supply], want: list[Demand]) -> None:
    ordered, pieces = planned(have, want)
    stock = sum(piece.quantity for piece in pieces if ordered[piece.supply].is_stock)
    assert stock == min(sum(s.quantity for s in ordered if s.is_stock), sum(d.quantity for d in want))


@given(supplies(), demands(whole=False))
def test_nobody_below_an_unserved_line_gets_units(have: list[Supply], want: list[Demand]) -> None:
    _ordered, pieces = planned(have, want)
    taken = Counter[int]()
    for piece in pieces:
        taken[piece.line_id] += piece.quantity
    short = next((i for i, demand in enumerate(want) if taken[demand.line_id] < demand.quantity), len(want))
    assert all(not taken[demand.line_id] for demand in want[short + 1 :])


@given(supplies(), demands())
def test_only_a_whole_line_that_keeps_its_word_lets_others_pass(have: list[Supply], want: list[Demand]) -> None:
    ordered, pieces = planned(have, want)
    stock = Counter[int]()
    for piece in pieces:
        if ordered[piece.supply].is_stock:
            stock[piece.line_id] += piece.quantity
    last = dates(have, want)
    for i, demand in enumerate(want):
        if stock[demand.line_id] < demand.quantity and any(stock[below.line_id] for below in want[i + 1 :]):
            assert demand.is_whole
            assert demand.told_until is not None
            assert last[demand.line_id] <= demand.told_until


@given(supplies(), demands(), st.randoms())
def test_the_order_of_the_input_does_not_matter(have: list[Supply], want: list[Demand], random: object) -> None:
    before = planned(have, want)
    random.shuffle(have)  # type: ignore[attr-defined]
    assert planned(have, want) == before


@given(supplies(), demands(whole=False))
def test_dropping_the_last_line_moves_no_one_else(have: list[Supply], want: list[Demand]) -> None:
    before, after = dates(have, want), dates(have, want[:-1])
    assert all(before[pk] == date for pk, date in after.items())


@given(supplies(), demands())
def test_dropping_the_last_line_makes_no_one_later(have: list[Supply], want: list[Demand]) -> None:
    before, after = dates(have, want), dates(have, want[:-1])
    assert all(date <= before[pk] for pk, date in after.items())


@given(supplies(), demands(whole=False), st.data())
def test_an_earlier_eta_makes_no_one_later(have: list[Supply], want: list[Demand], data: st.DataObject) -> None:
    lots = [i for i, supply in enumerate(have) if not supply.is_stock]
    if not lots:
        return
    i = data.draw(st.sampled_from(lots))
    ready = have[i].ready or Window(on(50), on(60))
    earlier = datetime.timedelta(days=data.draw(st.integers(0, 30)))
    sooner = [*have]
    sooner[i] = have[i]._replace(ready=Window(ready.first - earlier, ready.last - earlier))
    before, after = dates(have, want), dates(sooner, want)
    assert all(after[pk] <= before[pk] for pk in before)


def test_a_whole_head_leaves_stock_to_others_when_the_next_lot_keeps_its_word() -> None:
    have = [Supply(True, 1, 6, Window(on(1), on(1))), Supply(False, 1, 20, Window(on(5), on(8)))]
    head = Demand(1, 10, is_whole=True, told_until=on(20))
    part = Demand(2, 4)
    assert planned(have, [head, part])[1] == [Piece(1, 0, 2), Piece(1, 1, 8), Piece(2, 0, 4)]


def test_a_whole_head_keeps_its_place_when_the_next_lot_would_break_its_word() -> None:
    have = [Supply(True, 1, 6, Window(on(1), on(1))), Supply(False, 1, 20, Window(on(5), on(8)))]
    head = Demand(1, 10, is_whole=True, told_until=on(6))
    assert planned(have, [head, Demand(2, 4)])[1] == [Piece(1, 0, 6), Piece(1, 1, 4), Piece(2, 1, 4)]
