"""Turns of a queue: who gets how many, who is passed over, and whom a change by hand costs what; nothing is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.actions import receiving
from backorders.actions.reallocating import GoesBefore
from backorders.allocation.serving import BEYOND, ByHand
from backorders.allocation.windows import Window
from tests.actions.desk import told
from tests.factories import AT, a_line, a_product, a_purchase, day

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


windows = st.none() | st.builds(
    lambda first, width: Window(day(first), day(first + width)), st.integers(0, 9), st.integers(0, 9)
)


@given(st.integers(0, 5), st.integers(0, 5), windows, windows)
def test_of_two_ways_one_loses_at_most(units: int, by_hand: int, window: Window | None, other: Window | None) -> None:
    there, back = ByHand(1, units, by_hand, window, other), ByHand(1, by_hand, units, other, window)
    assert not (there.loses and back.loses)
    if units != by_hand:
        assert there.loses != back.loses
