"""An order is split: places and promises are kept, and the books agree."""

from typing import Any

import pytest

from backorders.actions import selling, shipping, splitting, undoing
from backorders.orders.models import Order, OrderLine
from backorders.refusal import Refused, Stale
from tests.factories import AT, a_line, a_product, a_purchase, an_order, expected, later, revise, state
from tests.notifications.desk import announce, books_are_clean, send, tell, windows

pytestmark = pytest.mark.django_db


def split(order: Order, *units: tuple[OrderLine, int], **how: Any) -> Any:
    wanted = [(line.pk, quantity) for line, quantity in units]
    return splitting.split(order, units=wanted, **{"reason": "asked for", "by": None, "at": later(hours=1), **how})


def half_ready() -> OrderLine:
    """Five wanted, two ready, three to come."""
    product = a_product(stock=2)
    a_purchase(product, 10)
    line = a_line(product, 5)
    tell(AT)
    return line


def test_the_waiting_part_of_a_line_becomes_an_order_of_its_own() -> None:
    line = half_ready()
    made = split(line.order, (line, 3)).made
    new = made.lines.get()
    assert made.number == f"{line.order.number}-A"
    assert (state(line), state(new)) == ((2, 0, 0, 0), (0, 3, 0, 0))
    assert windows(new)["told"] is not None
    assert (new.first_until, new.promise_number) == (line.first_until, line.promise_number)
    assert books_are_clean()


def test_the_customer_is_told_of_the_new_order_by_its_confirmation() -> None:
    line = half_ready()
    made = split(line.order, (line, 3)).made
    [message] = announce(later(hours=1))
    assert message.kind == "confirmation"
    assert made.number in message.subject
    assert books_are_clean()


def test_what_is_ready_of_a_ship_complete_order_leaves_once_the_rest_is_split_off() -> None:
    ready, missing = a_product(stock=1), a_product()
    order = an_order((ready, 1), (missing, 1), is_ship_complete=True)
    first, second = order.lines.order_by("id")
    made = split(order, (second, 1)).made
    assert list(made.lines.all()) == [second]
    assert expected(first) is not None
    shipping.ship(order, units=[(first.pk, 1)], by=None, at=later(hours=2))
    assert books_are_clean()


def test_a_line_that_was_served_in_part_leaves_its_history_where_it_was() -> None:
    line = half_ready()
    other = OrderLine.objects.create(
        order=line.order, product=line.product, quantity=1, shipped=0, cancelled=0, waiting=1, price=1, placed_at=AT
    )
    other.delete()
    shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=AT)
    line.refresh_from_db()
    made = split(line.order, (line, 3)).made
    assert (state(line), state(made.lines.get())) == ((0, 0, 2, 0), (0, 3, 0, 0))
    assert books_are_clean()


def test_the_next_part_has_the_next_letter() -> None:
    line = half_ready()
    numbers = [split(line.order, (line, 1)).made.number for _ in range(2)]
    assert numbers == [f"{line.order.number}-A", f"{line.order.number}-B"]


@pytest.mark.parametrize("units", [0, 5, 6])
def test_nothing_everything_and_more_than_is_open_is_not_split_off(units: int) -> None:
    line = half_ready()
    with pytest.raises(Refused):
        split(line.order, (line, units))
    assert Order.objects.count() == 1


def test_a_split_of_an_order_that_changed_is_refused() -> None:
    line = half_ready()
    with pytest.raises(Stale):
        split(line.order, (line, 1), seen_version=line.order.version + 1)


def test_the_preview_of_a_split_moves_who_the_split_moves() -> None:
    ready, missing = a_product(stock=1), a_product()
    a_purchase(missing, 5, eta=30)
    order = an_order((ready, 1), (missing, 1), is_ship_complete=True)
    second = order.lines.order_by("id")[1]
    seen = splitting.preview_split(order, units=[(second.pk, 1)], at=AT)
    assert seen.counts == split(order, (second, 1), at=AT).impact.counts


@pytest.mark.parametrize("units", [3, 4])
def test_an_undone_split_leaves_one_order_again(units: int) -> None:
    line = half_ready()
    done = split(line.order, (line, units))
    announce(later(hours=1))
    undoing.undo(done.change_set, by=None, at=later(hours=1))
    assert state(line) == (2, 3, 0, 0)
    assert not OrderLine.objects.open().filter(order=done.made).exists()
    assert books_are_clean()


def test_a_split_the_customer_heard_of_stays() -> None:
    line = half_ready()
    done = split(line.order, (line, 3))
    announce(later(hours=1))
    send(later(hours=1))
    assert "already told" in undoing.objection_to_undo(done.change_set)


def test_what_is_left_of_a_line_that_was_cancelled_in_part_leaves_it_as_the_preview_says() -> None:
    product, other = a_product(), a_product()
    a_purchase(product, 9)
    order = an_order((product, 3), (other, 1), is_ship_complete=True)
    line = order.lines.get(product=product)
    tell(AT)
    selling.cancel_line(line, quantity=2, reason="asked for", by=None, at=later(hours=1))
    seen = splitting.preview_split(order, units=[(line.pk, 1)], at=later(hours=1))
    split(order, (line, 1))
    assert line.pk not in {move.line_id for move in seen.moves}
    assert not OrderLine.objects.get(pk=line.pk).open_quantity
    assert books_are_clean()


def test_of_a_part_nothing_is_announced_that_is_said_of_the_whole_alone() -> None:
    product = a_product()
    purchase = a_purchase(product, 9)
    line = a_line(product, 4)
    tell(AT)
    revise(purchase, (40, None), at=later(hours=1))
    announce(later(hours=2))
    part = split(line.order, (line, 1), at=later(hours=2)).made.lines.get()
    assert books_are_clean()
    before = windows(part)
    assert before["announced"] == before["told"] != before["expected"]
    tell(later(hours=3))
    assert windows(part) == {**dict.fromkeys(("announced", "told", "expected"), before["expected"]), "gap": False}
    assert books_are_clean()
