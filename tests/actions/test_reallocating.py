"""One line goes before another: whoever stood between loses, nobody else passes anybody, and it can be taken back."""

import pytest

from backorders.actions import queueing, reallocating, undoing
from backorders.allocation.books import differences
from backorders.orders.models import OrderLine
from backorders.refusal import Refused
from tests.factories import AT, a_line, a_product, a_purchase, count, expected, later, state

pytestmark = pytest.mark.django_db


def give(line: OrderLine, *, before: OrderLine) -> object:
    line.refresh_from_db()
    before.refresh_from_db()
    return reallocating.reallocate(line, before=before, reason="she is moving", by=None, at=later(hours=1))


def queue() -> tuple[OrderLine, OrderLine, OrderLine]:
    """Three lines of two; two units lie there, two come in ten days, and two in thirty."""
    product = a_product(stock=2)
    a_purchase(product, 2, eta=10)
    a_purchase(product, 2, eta=30)
    return a_line(product, 2), a_line(product, 2), a_line(product, 2)


def test_the_line_gets_the_units_and_those_between_move_down_one() -> None:
    first, second, third = queue()
    was = [expected(line) for line in (first, second, third)]
    give(third, before=first)
    assert [state(line)[0] for line in (first, second, third)] == [0, 0, 2]
    assert [expected(line) for line in (first, second)] == was[1:]
    assert list(differences(at=later(hours=2))) == []


def test_it_goes_directly_before_the_other_and_passes_nobody_else() -> None:
    first, second, third = queue()
    was = expected(second)
    give(third, before=second)
    assert state(first)[0] == 2
    assert expected(third) == was


def test_the_preview_names_who_loses() -> None:
    first, _, third = queue()
    seen = reallocating.preview_reallocation(third, before=first, at=later(hours=1))
    assert [lost.line_id for lost in seen.lost] == [first.pk]
    assert seen.counts == give(third, before=first).impact.counts  # type: ignore[attr-defined]


def test_an_expedited_line_is_passed_by_one_that_is_expedited_too() -> None:
    first, second, third = queue()
    queueing.expedite(second, reason="x", by=None, at=AT)
    give(third, before=second)
    third.refresh_from_db()
    assert third.is_expedited
    assert state(third)[0] == 2
    assert list(differences(at=later(hours=2))) == []
    assert state(first)[0] == 0


def test_an_undone_reallocation_gives_everybody_their_place_back() -> None:
    lines = queue()
    was = [(state(line), expected(line)) for line in lines]
    done = give(lines[2], before=lines[0])
    undoing.undo(done.change_set, by=None, at=later(hours=1))  # type: ignore[attr-defined]
    assert [(state(line), expected(line)) for line in lines] == was
    assert list(differences(at=later(hours=2))) == []


def test_the_lines_ahead_are_those_with_units_the_nearest_first() -> None:
    first, second, third = queue()
    assert reallocating.ahead_of(third, at=AT, most=5) == [second.pk, first.pk]
    assert reallocating.ahead_of(third, at=AT, most=1) == [second.pk]
    assert reallocating.ahead_of(first, at=AT, most=5) == []


def test_what_makes_no_sense_is_refused() -> None:
    first, second, third = queue()
    stranger = a_line(a_product(stock=1), 1)
    for line, before in ((third, third), (first, second), (third, stranger)):
        with pytest.raises(reallocating.NothingToGive):
            give(line, before=before)
    queueing.hold(third, reason="x", by=None, at=AT)
    with pytest.raises(Refused):
        give(third, before=first)


def test_new_goods_keep_the_new_order_of_the_queue() -> None:
    first, second, third = queue()
    give(third, before=first)
    count(first.product, 4, at=later(hours=2))
    assert [state(line)[0] for line in (first, second, third)] == [2, 0, 2]
