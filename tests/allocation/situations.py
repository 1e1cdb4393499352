"""Generated situations: two products, two warehouses with their holidays, suppliers that are late in their own way."""

import datetime
from collections import defaultdict

from hypothesis import strategies as st

from backorders.allocation.outcome import Outcome
from backorders.allocation.ranking import NEVER_PROMISED
from backorders.allocation.situation import Held, Lot, Making, OpenLine, Situation, Stock
from backorders.allocation.windows import Calendar, Lateness

TODAY = datetime.date(2028, 2, 25)  # a Friday before 29 February
NOON = datetime.datetime(2028, 2, 25, 12, tzinfo=datetime.UTC)


def on(offset: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=offset)


@st.composite
def situations(draw: st.DrawFn, *, whole: bool = True, fresh: bool = False) -> Situation:
    """A situation as it may be found before it is planned; `fresh` ones were never planned before."""
    products = {pk: Making(draw(st.integers(0, 3)), Lateness(0, 7, is_estimate=True), 3) for pk in (1, 2)}
    shut = st.frozensets(st.integers(0, 30).map(on), max_size=6)
    lines = {}
    for pk in draw(st.sets(st.integers(1, 12), max_size=7)):
        lines[pk] = draw(an_open_line(pk, whole=whole, fresh=fresh))
    lots = {pk: draw(a_lot(pk)) for pk in range(1, draw(st.integers(0, 5)) + 1)}
    return Situation(
        products=products,
        calendars=defaultdict(Calendar, {house: Calendar(draw(shut)) for house in (1, 2)}),
        stocks={
            10 * product + house: Stock(10 * product + house, product, house, house, draw(st.integers(0, 9)))
            for product in (1, 2)
            for house in (2, 1)
        },
        lots=lots,
        lines=lines,
        siblings=[],
        held=[],
    )


@st.composite
def a_lot(draw: st.DrawFn, pk: int) -> Lot:
    eta = draw(st.none() | st.integers(-20, 40))
    width = draw(st.sampled_from([0, 0, 5]))
    early, late = draw(st.sampled_from([(None, None), (0, 0), (-4, 2), (3, 30)]))
    house = draw(st.integers(1, 2))
    return Lot(
        id=pk,
        product_id=draw(st.integers(1, 2)),
        warehouse_id=house,
        warehouse_rank=house,
        outstanding=draw(st.integers(1, 9)),
        eta_on=None if eta is None else on(eta),
        eta_until=None if eta is None else on(eta + width),
        confidence=draw(st.sampled_from(["confirmed", "confirmed", "estimate", "unconfirmed"])),
        early_days=early,
        late_days=late,
        confirms_after_days=14,
    )


@st.composite
def an_open_line(draw: st.DrawFn, pk: int, *, whole: bool, fresh: bool) -> OpenLine:
    # Two orders are complete-or-nothing; their lines and their customers' knowledge come from the order's number.
    order = draw(st.integers(1, 6))
    told = draw(st.none() | st.integers(1, 60).map(on))
    return OpenLine(
        line_id=pk,
        product_id=draw(st.integers(1, 2)),
        order_id=order,
        customer_id=order,
        allocated=0,
        waiting=draw(st.integers(1, 9)),
        is_expedited=draw(st.sampled_from([False, False, True])),
        promise_number=None if fresh else draw(st.none() | st.integers(1, 3)),
        is_held=False if fresh else draw(st.sampled_from([False, False, False, True])),
        overtaken=0 if fresh else draw(st.integers(0, 3)),
        score=draw(st.integers(-3, 3)),
        placed_at=NOON - datetime.timedelta(days=draw(st.integers(0, 120))),
        is_whole=whole and order <= 2,
        transit_days=order % 4,
        own_from=None,
        own_until=None,
        expected_from=None,
        expected_until=None,
        is_estimate=False,
        uncovered=0,
        told_from=told,
        told_until=told,
    )


def written(situation: Situation, result: Outcome) -> Situation:
    """The situation as it is found after the outcome was written down."""
    lines = {}
    for after in result.after:
        own, expected = after.own or (None, None), after.expected or (None, None)
        lines[after.line.line_id] = after.line._replace(
            allocated=after.allocated,
            waiting=after.line.quantity - after.allocated,
            own_from=own[0],
            own_until=own[1],
            expected_from=expected[0],
            expected_until=expected[1],
            is_estimate=after.is_estimate,
            uncovered=after.uncovered,
            promise_number=after.promise_number,
            overtaken=after.overtaken,
        )
    held = [
        Held(number, line, is_stock, supply, quantity)
        for number, ((line, is_stock, supply), quantity) in enumerate(sorted(result.allocations.items()))
    ]
    last = {
        pk: making._replace(
            last_promise=max([making.last_promise, *(line.promise_number or 0 for line in lines.values())])
        )
        for pk, making in situation.products.items()
    }
    return Situation(last, situation.calendars, situation.stocks, situation.lots, lines, [], held)


def rank_order(situation: Situation, product_id: int) -> list[OpenLine]:
    """The eligible lines of a product in rank order, spelled out once more without the product's own function."""
    bound = datetime.datetime.combine(TODAY - datetime.timedelta(days=90), datetime.time.min, tzinfo=datetime.UTC)

    def over(line: OpenLine) -> bool:
        return line.overtaken >= 3 or line.placed_at < bound

    mine = [line for line in situation.lines.values() if line.product_id == product_id and not line.is_held]
    mine.sort(key=lambda line: line.line_id)
    mine.sort(key=lambda line: line.placed_at)
    mine.sort(key=lambda line: line.score, reverse=True)
    mine.sort(key=over, reverse=True)
    mine.sort(key=lambda line: NEVER_PROMISED if line.promise_number is None else line.promise_number)
    mine.sort(key=lambda line: line.is_expedited, reverse=True)
    return mine
