"""What a whole situation comes to: planned twice the same, fair, and true to orders that ship complete."""

import datetime
from collections import Counter

from hypothesis import assume, given
from hypothesis import strategies as st

from backorders.allocation.outcome import Outcome, outcome
from backorders.allocation.situation import Situation
from backorders.allocation.windows import latest
from tests.allocation.situations import TODAY, rank_order, situations, written

NEVER = datetime.date.max


def planned(situation: Situation) -> Outcome:
    return outcome(situation, today=TODAY)


def last_days(situation: Situation) -> dict[int, datetime.date]:
    return {a.line.line_id: a.expected.last if a.expected else NEVER for a in planned(situation).after}


def free_stock(situation: Situation, result: Outcome) -> Counter[int]:
    """Units on hand that nobody holds, by product."""
    free = Counter(dict.fromkeys(situation.products, 0))
    for stock in situation.stocks.values():
        held = sum(n for (_, is_stock, supply), n in result.allocations.items() if is_stock and supply == stock.id)
        assert 0 <= held <= stock.on_hand
        free[stock.product_id] += stock.on_hand - held
    return free


@given(situations())
def test_planning_twice_changes_nothing(situation: Situation) -> None:
    first = planned(situation)
    again = planned(written(situation, first))
    assert again.allocations == first.allocations
    assert not [a for a in again.after if a.is_moved or a.is_restated or a.is_served_or_lifted]
    assert again.impact().moves == again.impact().served == again.impact().lost == []


@given(situations())
def test_what_a_preview_counts_adds_up_to_the_lines_that_were_looked_at(situation: Situation) -> None:
    counts = planned(situation).impact().counts
    assert counts["lines_checked"] == len(situation.lines)
    assert sum(counts[what] for what in ("later", "earlier", "no_date", "dated", "unchanged")) == len(situation.lines)


@given(situations())
def test_every_unit_is_held_once_and_nobody_holds_more_than_it_wants(situation: Situation) -> None:
    result = planned(situation)
    held = Counter[int]()
    for (line, is_stock, supply), quantity in result.allocations.items():
        assert quantity > 0
        of = situation.stocks[supply] if is_stock else situation.lots[supply]
        assert of.product_id == situation.lines[line].product_id
        held[line] += quantity
    for lot in situation.lots.values():
        assert sum(n for (_, s, pk), n in result.allocations.items() if not s and pk == lot.id) <= lot.outstanding
    for after in result.after:
        if not after.line.is_held:
            assert held[after.line.line_id] + after.uncovered == after.line.quantity
            assert (after.own is None) or after.uncovered == 0
        else:
            assert held[after.line.line_id] == 0


@given(situations())
def test_nothing_lies_free_while_an_eligible_line_waits(situation: Situation) -> None:
    result = planned(situation)
    free = free_stock(situation, result)
    for after in result.after:
        if not after.line.is_held and after.allocated < after.line.quantity:
            assert free[after.line.product_id] == 0


@given(situations(whole=False))
def test_nobody_is_served_before_an_eligible_line_that_ranks_higher(situation: Situation) -> None:
    result = planned(situation)
    after = written(situation, result)
    for product_id in situation.products:
        queue = rank_order(after, product_id)
        short = next((i for i, line in enumerate(queue) if line.waiting), len(queue))
        assert not [line for line in queue[short + 1 :] if line.allocated]


@given(situations(), st.randoms())
def test_the_order_in_which_rows_are_read_does_not_matter(situation: Situation, random: object) -> None:
    before = planned(situation)
    for rows in (situation.lines, situation.stocks, situation.lots):
        shuffled = list(rows.items())  # type: ignore[attr-defined]
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        rows.clear()  # type: ignore[attr-defined]
        rows.update(shuffled)  # type: ignore[attr-defined]
    again = planned(situation)
    assert again.allocations == before.allocations
    assert {a.line.line_id: a for a in again.after} == {a.line.line_id: a for a in before.after}


@given(situations(whole=False), st.data())
def test_an_earlier_eta_makes_no_one_later_whoever_supplies_it_and_wherever(
    situation: Situation, data: st.DataObject
) -> None:
    dated = [lot for lot in situation.lots.values() if lot.eta_on and lot.eta_on >= TODAY]
    assume(dated)
    lot = data.draw(st.sampled_from(dated))
    sooner = data.draw(st.dates(TODAY, lot.eta_on))
    before = last_days(situation)
    width = lot.eta_until - lot.eta_on  # type: ignore[operator]
    situation.lots[lot.id] = lot._replace(eta_on=sooner, eta_until=sooner + width)
    after = last_days(situation)
    assert [pk for pk in before if after[pk] > before[pk]] == []


@given(situations(whole=False))
def test_without_the_last_in_rank_everyone_else_has_the_same(situation: Situation) -> None:
    result = planned(situation)
    queue = rank_order(written(situation, result), 1)
    assume(queue)
    gone = queue[-1].line_id
    del situation.lines[gone]
    again = planned(situation)
    assert again.allocations == {key: n for key, n in result.allocations.items() if key[0] != gone}


@given(situations())
def test_an_order_that_ships_complete_has_one_window_that_of_its_last_line(situation: Situation) -> None:
    orders: dict[int, list[object]] = {}
    after = planned(situation).after
    for a in after:
        if a.line.is_whole:
            orders.setdefault(a.line.order_id, []).append(a.own)
        else:
            assert a.expected == a.own
    for a in after:
        if a.line.is_whole:
            assert a.expected == latest(orders[a.line.order_id])  # type: ignore[arg-type]


@given(situations())
def test_a_held_line_keeps_what_it_was_promised_and_holds_nothing(situation: Situation) -> None:
    for after in planned(situation).after:
        if after.line.is_held:
            assert (after.allocated, after.own) == (0, None)
            assert (after.promise_number, after.overtaken) == (after.line.promise_number, after.line.overtaken)


@given(situations())
def test_ranks_only_rise(situation: Situation) -> None:
    for after in planned(situation).after:
        assert after.overtaken in (after.line.overtaken, after.line.overtaken + 1)
        assert after.line.promise_number is None or after.promise_number == after.line.promise_number
        assert (after.promise_number is None) <= (after.own is None)


@given(situations(whole=False))
def test_whoever_is_overtaken_saw_a_later_order_served(situation: Situation) -> None:
    after = planned(situation).after
    # Whoever would come over the fairness bound is served instead; then it was not overtaken after all.
    assume(not any(a.overtaken == 3 > a.line.overtaken for a in after))
    for a in after:
        if a.overtaken > a.line.overtaken:
            assert a.allocated < a.line.quantity
            mine = (a.line.placed_at, a.line.line_id)
            served = [b for b in after if b.allocated > b.line.allocated and b.line.product_id == a.line.product_id]
            assert any((b.line.placed_at, b.line.line_id) > mine for b in served)


@given(situations())
def test_no_window_is_in_the_past_or_ends_before_it_starts(situation: Situation) -> None:
    for after in planned(situation).after:
        if after.own is not None:
            assert TODAY <= after.own.first <= after.own.last
