"""Another product comes instead: its queue is joined anew, money is right, and the books agree."""

from decimal import Decimal
from typing import Any

import pytest

from backorders.actions import refunding, selling, shipping, substituting, undoing
from backorders.actions.accepting import NotAccepted
from backorders.catalog.models import Substitute
from backorders.notifications.models import Message
from backorders.orders.models import Cancellation, OrderLine, Refund
from backorders.refusal import Stale
from tests.factories import AT, a_line, a_product, a_purchase, an_order, later, receive, state
from tests.notifications.desk import announce, books_are_clean, send, tell, windows

pytestmark = pytest.mark.django_db


def a_swap(*, treatment: str = "lower", price: int = 8, stock: int = 5, **fields: Any) -> tuple[OrderLine, Any]:
    """A line of two at 10.00 that waits, and a product that may come instead."""
    product, other = a_product(name="Aria"), a_product(name="Nova", stock=stock, price=price)
    Substitute.objects.create(product=product, substitute=other, price_treatment=treatment)
    line = a_line(product, 2, **fields)
    tell(AT)
    return line, other


def swap(line: OrderLine, product: Any, **how: Any) -> Any:
    return substituting.substitute(
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
    exchange, _ = substituting.preview_substitute(line, product=other, at=AT)
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
    with pytest.raises(substituting.NoSubstitute):
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
    exchange, _ = substituting.preview_substitute(line, product=other, at=AT)
    assert (exchange.extra, exchange.back, exchange.ours) == (4, 0, 0)
    swap(line, other)
    assert not Refund.objects.exists()


def test_prices_in_two_currencies_are_not_exchanged() -> None:
    line, other = a_swap(currency="TRY")
    with pytest.raises(substituting.NoSubstitute, match="priced in EUR"):
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
    seen = substituting.preview_substitute(line, product=other, at=later(hours=1))[1]
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


def test_an_exchange_looked_at_while_somebody_else_ends_the_line_is_refused() -> None:
    line, other = a_swap()
    selling.cancel_line(
        OrderLine.objects.get(pk=line.pk), quantity=None, reason="asked for", by=None, at=later(hours=1)
    )
    with pytest.raises(Stale, match="changed a moment ago"):
        substituting.preview_substitute(line, product=other, at=later(hours=1))
