"""Turns of a queue: who gets how many, who is passed over, and whom a change by hand costs what; nothing is written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.actions import receiving
from backorders.actions.reallocating import GoesBefore
from backorders.allocation.serving import BEYOND, ByHand
from backorders.allocation.windows import Window
from backorders.supply.models import PurchaseLine
from tests.actions.desk import told
from tests.factories import AT, a_line, a_product, a_purchase, an_order, day

pytestmark = pytest.mark.django_db


def test_a_line_whose_order_wants_everything_at_once_is_passed_over_by_the_next() -> None:
    product = a_product()
    now, _then = a_purchase(product, 2), a_purchase(product, 9, eta=20)
    whole, part = a_line(product, 4, is_ship_complete=True), a_line(product, 2)
    told(whole, first=1, last=60)
    (queue,) = receiving.foresee_receive([receiving.Arrival(now.pk, 2)], most=9, at=AT).queues
    assert [(turn.line_id, turn.place, turn.waits, turn.gets) for turn in queue] == [
        (whole.pk, 1, 4, 0),
        (part.pk, 2, 2, 2),
    ]
    assert [turn.is_passed_over for turn in queue] == [True, False]
    assert queue[0].keeps_word is True
    assert queue[1].keeps_word is None


def test_a_few_lines_behind_the_last_that_is_served_are_shown_and_never_more_than_asked_for() -> None:
    product = a_product()
    purchase = a_purchase(product, 2)
    lines = [a_line(product, 1) for _ in range(BEYOND + 5)]
    arrivals = [receiving.Arrival(purchase.pk, 2)]
    (queue,) = receiving.foresee_receive(arrivals, most=50, at=AT).queues
    assert [turn.line_id for turn in queue] == [line.pk for line in lines[: 2 + BEYOND]]
    assert [turn.is_promised for turn in queue][:3] == [True, True, False]
    assert len(receiving.foresee_receive(arrivals, most=3, at=AT).queues[0]) == 3
    assert receiving.foresee_receive(arrivals, most=0, at=AT).queues == []


def test_nobody_changes_by_a_queue_that_serves_all() -> None:
    product = a_product()
    purchase = a_purchase(product, 8)
    first, second = a_line(product, 4), a_line(product, 4)
    move = [GoesBefore(second.pk, first.pk)]
    assert receiving.foresee_receive([receiving.Arrival(purchase.pk, 8)], first=move, most=9, at=AT).by_hand == []


def finish(purchase: PurchaseLine, units: int, **how: Any) -> dict[str, int]:
    arrivals = [receiving.Arrival(purchase.pk, units)]
    found = receiving.foresee_receive(arrivals, most=9, at=AT, **how).finished._asdict()
    return {name: count for name, count in found.items() if count}


def test_what_arrives_finishes_lines_and_orders_and_keeps_promises_or_not() -> None:
    product, lamp = a_product(), a_product()
    purchase = a_purchase(product, 20)
    kept, broken, _untold = (a_line(product, 2) for _ in range(3))
    told(kept, first=1, last=60)
    told(broken, first=-20, last=-10)
    an_order((product, 1), (lamp, 1))
    an_order((product, 1), (lamp, 1), is_ship_complete=True)
    assert finish(purchase, 6) == {
        "lines": 3,
        "orders": 3,
        "leaving": 3,
        "kept": 1,
        "broken": 1,
        "untold": 1,
        "waiting": 2,
    }
    assert finish(purchase, 5) == {"lines": 2, "orders": 2, "leaving": 3, "kept": 1, "broken": 1, "waiting": 3}
    # The one waits for its lamp alone, and what is there can leave; the other leaves as a whole.
    assert finish(purchase, 8) == {"lines": 5, "orders": 3, "leaving": 4, "kept": 1, "broken": 1, "untold": 3}


def test_a_line_that_is_served_in_parts_is_complete_when_all_of_them_are() -> None:
    product = a_product()
    purchase = a_purchase(product, 8)
    first, second = a_line(product, 4), a_line(product, 4)
    move = [GoesBefore(second.pk, first.pk, units=1)]
    assert finish(purchase, 5, first=move) == {"lines": 1, "orders": 1, "leaving": 2, "untold": 1, "waiting": 3}
    assert finish(purchase, 8, first=move) == {"lines": 2, "orders": 2, "leaving": 2, "untold": 2}


windows = st.none() | st.builds(
    lambda first, width: Window(day(first), day(first + width)), st.integers(0, 9), st.integers(0, 9)
)


@given(st.integers(0, 5), st.integers(0, 5), windows, windows)
def test_of_two_ways_one_loses_at_most(units: int, by_hand: int, window: Window | None, other: Window | None) -> None:
    there, back = ByHand(1, units, by_hand, window, other), ByHand(1, by_hand, units, other, window)
    assert not (there.loses and back.loses)
    if units != by_hand:
        assert there.loses != back.loses
