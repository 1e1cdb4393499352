"""An order is split and its products exchanged: places and promises are kept, money is right, and the books agree."""

from decimal import Decimal
from typing import Any

import pytest

from backorders.actions import refunding, reshaping, selling, shipping, undoing
from backorders.actions.accepting import NotAccepted
from backorders.allocation.books import differences
from backorders.catalog.models import Substitute
from backorders.notifications import books
from backorders.notifications.models import Message
from backorders.orders.models import Cancellation, Order, OrderLine, Refund
from backorders.refusal import Refused, Stale
from tests.factories import AT, a_line, a_product, a_purchase, an_order, expected, later, receive, revise, state
from tests.notifications.desk import announce, send, tell, windows

pytestmark = pytest.mark.django_db


def books_are_clean() -> bool:
    return [*differences(at=later(days=3)), *books.differences()] == []


def split(order: Order, *units: tuple[OrderLine, int], **how: Any) -> Any:
    wanted = [(line.pk, quantity) for line, quantity in units]
    return reshaping.split(order, units=wanted, **{"reason": "asked for", "by": None, "at": later(hours=1), **how})


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
    seen = reshaping.preview_split(order, units=[(second.pk, 1)], at=AT)
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


def a_swap(*, treatment: str = "lower", price: int = 8, stock: int = 5, **fields: Any) -> tuple[OrderLine, Any]:
    """A line of two at 10.00 that waits, and a product that may come instead."""
    product, other = a_product(name="Aria"), a_product(name="Nova", stock=stock, price=price)
    Substitute.objects.create(product=product, substitute=other, price_treatment=treatment)
    line = a_line(product, 2, **fields)
    tell(AT)
    return line, other


def swap(line: OrderLine, product: Any, **how: Any) -> Any:
    return reshaping.substitute(
        line, product=product, **{"reason": "agreed by phone", "by": None, "at": later(hours=1), **how}
    )


def test_another_product_comes_instead_and_the_customer_is_told() -> None:
    line, other = a_swap(is_paid=True)
    new = swap(line, other).made
    line.refresh_from_db()
    assert (state(line), state(new)) == ((0, 0, 0, 2), (2, 0, 0, 0))
    assert line.replaced_by == new
    assert Refund.objects.get().amount == Decimal(4)
    message = Message.objects.get(kind="substituted")
    assert "2 × Nova" in message.text
    assert "2 × Aria" in message.text
    assert "€4.00" in message.text
    send(later(hours=2))
    assert windows(new)["told"] == windows(new)["expected"] is not None
    assert announce(later(hours=3)) == []
    assert books_are_clean()


@pytest.mark.parametrize(
    ("treatment", "price", "pays", "back"),
    [("lower", 8, 8, 4), ("lower", 12, 10, 0), ("same", 12, 10, 0), ("same", 8, 10, 0), ("its_own", 12, 12, 0)],
)
def test_the_price_is_as_its_treatment_says(treatment: str, price: int, pays: int, back: int) -> None:
    line, other = a_swap(treatment=treatment, price=price)
    exchange, _ = reshaping.preview_substitute(line, product=other, at=AT)
    assert (exchange.price, exchange.back) == (pays, back)
    assert swap(line, other).made.price == pays


def test_a_part_of_a_line_is_exchanged() -> None:
    line, other = a_swap()
    new = swap(line, other, quantity=1).made
    assert (state(line), state(new)) == ((0, 1, 0, 1), (1, 0, 0, 0))
    assert books_are_clean()


def test_units_that_lay_ready_go_to_whoever_waits() -> None:
    product, other = a_product(stock=2), a_product(stock=2)
    Substitute.objects.create(product=product, substitute=other)
    line, waiting = a_line(product, 2), a_line(product, 1)
    swap(line, other)
    assert state(waiting) == (1, 0, 0, 0)
    assert books_are_clean()


def test_only_a_named_substitute_that_may_be_sold_is_given() -> None:
    line, other = a_swap(stock=0)
    other.backorder_policy = "never"
    other.save()
    with pytest.raises(NotAccepted):
        swap(line, other)
    with pytest.raises(reshaping.NoSubstitute):
        swap(line, a_product(stock=9))
    assert not Cancellation.objects.exists()


def test_what_was_shipped_is_not_exchanged() -> None:
    product, other = a_product(stock=2), a_product(stock=2)
    Substitute.objects.create(product=product, substitute=other)
    line = a_line(product, 2)
    shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=AT)
    with pytest.raises(selling.NotCancellable):
        swap(line, other)


def test_an_undone_exchange_lets_the_original_wait_again() -> None:
    line, other = a_swap(is_paid=True)
    done = swap(line, other)
    undoing.undo(done.change_set, by=None, at=later(hours=1))
    line.refresh_from_db()
    assert (state(line), state(done.made)) == ((0, 2, 0, 0), (0, 0, 0, 2))
    assert line.replaced_by is None
    assert not Refund.objects.exists()
    assert announce(later(hours=2)) == []
    assert books_are_clean()


def test_a_dearer_product_at_its_own_price_says_what_comes_on_top() -> None:
    line, other = a_swap(treatment="its_own", price=12, is_paid=True)
    exchange, _ = reshaping.preview_substitute(line, product=other, at=AT)
    assert (exchange.extra, exchange.back, exchange.ours) == (4, 0, 0)
    swap(line, other)
    assert not Refund.objects.exists()


def test_prices_in_two_currencies_are_not_exchanged() -> None:
    line, other = a_swap(currency="TRY")
    with pytest.raises(reshaping.NoSubstitute, match="priced in EUR"):
        swap(line, other)
    assert not Cancellation.objects.exists()


def test_an_exchange_whose_difference_was_paid_back_stays() -> None:
    line, other = a_swap(is_paid=True)
    done = swap(line, other)
    refunding.pay_refund(Refund.objects.get(), by=None, at=later(hours=1))
    assert "paid back" in undoing.objection_to_undo(done.change_set)


def test_the_preview_moves_who_else_waits_for_an_order_that_is_sent_as_a_whole() -> None:
    early, late, other = a_product(), a_product(), a_product(stock=5)
    a_purchase(early, 5, eta=10)
    a_purchase(late, 5, eta=40)
    Substitute.objects.create(product=late, substitute=other)
    order = an_order((early, 1), (late, 1), is_ship_complete=True)
    first, line = order.lines.order_by("id")
    seen = reshaping.preview_substitute(line, product=other, at=later(hours=1))[1]
    assert [move.line_id for move in seen.moves] == [first.pk]
    (moved,) = seen.moves
    assert moved.old
    assert moved.new
    assert windows(first)["expected"] == moved.old.last
    swap(line, other)
    assert windows(first)["expected"] == moved.new.last < moved.old.last


def test_an_exchange_that_was_shipped_stays() -> None:
    line, other = a_swap()
    done = swap(line, other)
    shipping.ship(line.order, units=[(done.made.pk, 2)], by=None, at=later(hours=1))
    assert "was shipped" in undoing.objection_to_undo(done.change_set)


def test_the_books_stay_clean_when_goods_come_for_both() -> None:
    line, other = a_swap(stock=0)
    purchase = a_purchase(other, 4)
    swap(line, other, quantity=1)
    receive(purchase, 4, at=later(hours=2))
    assert books_are_clean()


def test_what_is_left_of_a_line_that_was_cancelled_in_part_leaves_it_as_the_preview_says() -> None:
    product, other = a_product(), a_product()
    a_purchase(product, 9)
    order = an_order((product, 3), (other, 1), is_ship_complete=True)
    line = order.lines.get(product=product)
    tell(AT)
    selling.cancel_line(line, quantity=2, reason="asked for", by=None, at=later(hours=1))
    seen = reshaping.preview_split(order, units=[(line.pk, 1)], at=later(hours=1))
    split(order, (line, 1))
    assert line.pk not in {move.line_id for move in seen.moves}
    assert not OrderLine.objects.get(pk=line.pk).open_quantity
    assert books_are_clean()


def test_an_exchange_looked_at_while_somebody_else_ends_the_line_is_refused() -> None:
    line, other = a_swap()
    selling.cancel_line(
        OrderLine.objects.get(pk=line.pk), quantity=None, reason="asked for", by=None, at=later(hours=1)
    )
    with pytest.raises(Stale, match="changed a moment ago"):
        reshaping.preview_substitute(line, product=other, at=later(hours=1))


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
