"""What goes back for what is cancelled: its price, without the money off that went back before; and who is told so."""

from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backorders.actions import (
    awarding,
    caring,
    deciding,
    losing,
    refunding,
    selling,
    shipping,
    splitting,
    substituting,
    undoing,
)
from backorders.catalog.models import Substitute
from backorders.notifications.models import Message
from backorders.orders.models import Compensation, Order, OrderLine, Refund, Shipment, ShipmentLine
from tests.compensation.policies import SOON, a_late_line, a_policy
from tests.factories import AT, a_product, a_warehouse, an_order, later

pytestmark = pytest.mark.django_db

fill = import_module("backorders.orders.migrations.0016_owed_on_top").fill


def give(order: Order, amount: int, *, kind: str = "discount", line: OrderLine | None = None, at: Any = AT) -> Any:
    return caring.compensate(
        order, kind=kind, amount=Decimal(amount), line=line, reason="x", tells=False, by=None, at=at
    )


def an_open_line(units: int = 4, *, stock: int = 4, price: int = 10, **fields: Any) -> OrderLine:
    return an_order((a_product(stock=stock, price=price), units), is_paid=True, **fields).lines.get()


def cancelled(line: OrderLine, units: int | None = None, *, hours: int = 1) -> Decimal:
    """What a cancellation of these units owes."""
    line.refresh_from_db()
    selling.cancel_line(line, quantity=units, reason="x", by=None, at=later(hours=hours))
    return Refund.objects.latest("id").amount


@pytest.mark.parametrize(("kind", "back"), [("discount", 32), ("credit", 40), ("shipping", 40)])
def test_money_off_is_not_paid_back_once_more_and_a_favour_makes_no_refund_smaller(kind: str, back: int) -> None:
    line = an_open_line()
    give(line.order, 8, kind=kind, line=line)
    assert refunding.refund_of([(line, 4)]) == back
    assert cancelled(line) == back


def test_what_a_policy_gave_off_is_counted_like_what_a_person_gave() -> None:
    a_policy(mode="give")
    line = a_late_line(is_paid=True)
    awarding.run_policies(at=SOON)
    assert Compensation.objects.get().amount == Decimal(10)
    assert cancelled(line, 1) == Decimal(45)
    assert cancelled(line, 1, hours=2) == Decimal(45)


def test_units_that_had_left_or_were_cancelled_before_have_no_part_in_it() -> None:
    line = an_open_line()
    shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=AT)
    assert cancelled(line, 1) == Decimal(10)
    give(line.order, 4, line=line, at=later(hours=2))
    assert cancelled(line, 2, hours=3) == Decimal(16)


def test_money_off_an_order_leaves_with_all_its_lines_by_value() -> None:
    order = an_order((a_product(stock=1, price=30), 1), (a_product(stock=1, price=10), 1), is_paid=True)
    give(order, 4)
    selling.cancel_order(order, reason="x", by=None, at=later(hours=1))
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [Decimal(9), Decimal(27)]


def test_it_goes_with_what_comes_instead() -> None:
    line = an_open_line(2, stock=0)
    give(line.order, 4, line=line)
    other = a_product(stock=5, price=8)
    Substitute.objects.create(product=line.product, substitute=other, price_treatment="its_own")
    new = substituting.substitute(line, product=other, reason="x", by=None, at=later(hours=1)).made
    assert Refund.objects.get().amount == Decimal("3.20"), "of the difference a fifth went back before"
    assert cancelled(new, hours=2) == Decimal("12.80")


def test_it_goes_into_the_order_that_is_split_off() -> None:
    line = an_open_line(10, stock=10)
    give(line.order, 50, line=line)
    made = splitting.split(line.order, units=[(line.pk, 9)], reason="x", by=None, at=later(hours=1)).made
    assert cancelled(line, hours=2) == Decimal(5)
    assert cancelled(made.lines.get(), hours=3) == Decimal(45)


def test_two_exchanges_of_one_line_share_it() -> None:
    line = an_open_line(stock=0)
    give(line.order, 20, line=line)
    made = []
    for hours in (1, 2):
        other = a_product(stock=5, price=10)
        Substitute.objects.create(product=line.product, substitute=other, price_treatment="its_own")
        line.refresh_from_db()
        given = substituting.substitute(line, product=other, quantity=2, reason="x", by=None, at=later(hours=hours))
        made.append(given.made)
    assert [cancelled(each, hours=5) for each in made] == [Decimal(10), Decimal(10)]


def test_an_exchange_for_what_is_cheaper_pays_no_more_than_was_paid() -> None:
    line = an_open_line(2, stock=0)
    give(line.order, 15, line=line)
    other = a_product(stock=5, price=1)
    Substitute.objects.create(product=line.product, substitute=other, price_treatment="its_own")
    new = substituting.substitute(line, product=other, reason="x", by=None, at=later(hours=1)).made
    assert Refund.objects.get().amount == Decimal("4.50")
    assert cancelled(new, hours=2) == Decimal("0.50")


def an_exchange(line: OrderLine, price: int, *, units: int | None = None, hours: int = 1) -> OrderLine:
    """Units of a line become those of a product at this price, its own."""
    other = a_product(stock=9, price=price)
    Substitute.objects.create(product=line.product, substitute=other, price_treatment="its_own")
    line.refresh_from_db()
    return substituting.substitute(line, product=other, quantity=units, reason="x", by=None, at=later(hours=hours)).made


def test_what_an_exchange_put_on_top_was_not_paid_and_does_not_go_back() -> None:
    dearer = an_exchange(an_open_line(2, stock=0), 30)
    assert (dearer.price, dearer.owed_on_top) == (Decimal(30), Decimal(20))
    assert refunding.refund_of([(dearer, 2)]) == Decimal(20)
    assert cancelled(dearer, hours=2) == Decimal(20)


def test_a_second_exchange_says_what_is_owed_of_what_was_paid() -> None:
    dearer = an_exchange(an_open_line(2, stock=0), 30)
    other = a_product(stock=9, price=25)
    Substitute.objects.create(product=dearer.product, substitute=other, price_treatment="its_own")
    exchange, _ = substituting.preview_substitute(dearer, product=other, at=later(hours=2))
    assert (exchange.back, exchange.extra) == (0, Decimal(30))
    third = an_exchange(dearer, 25, hours=2)
    assert not Refund.objects.exists()
    assert "€30.00" in Message.objects.filter(kind="substituted").latest("id").text
    cheapest = an_exchange(third, 6, hours=3)
    assert (Refund.objects.get().amount, cheapest.owed_on_top) == (Decimal(8), 0)
    assert cancelled(cheapest, hours=4) == Decimal(12)


def test_what_is_split_off_was_paid_as_little() -> None:
    dearer = an_exchange(an_open_line(3, stock=0), 30)
    made = splitting.split(dearer.order, units=[(dearer.pk, 1)], reason="x", by=None, at=later(hours=2)).made
    assert cancelled(made.lines.get(), hours=3) == Decimal(10)
    assert cancelled(dearer, hours=3) == Decimal(20)


def test_money_off_leaves_with_what_was_paid() -> None:
    line = an_open_line(2, stock=0)
    give(line.order, 5, line=line)
    assert cancelled(an_exchange(line, 30), hours=2) == Decimal(15)


def test_nothing_is_owed_on_top_of_what_nobody_paid() -> None:
    line = an_order((a_product(price=10), 2)).lines.get()
    assert an_exchange(line, 30).owed_on_top == 0


def test_exchanges_of_before_are_followed_too() -> None:
    first = an_open_line(3, stock=0)
    second = an_exchange(first, 30)
    part = splitting.split(second.order, units=[(second.pk, 1)], reason="x", by=None, at=later(hours=2)).made
    third = an_exchange(part.lines.get(), 8, hours=3)
    last = an_exchange(third, 9, hours=4)
    lines = OrderLine.objects.order_by("id").values_list("id", "owed_on_top")
    known = dict(lines)
    assert (known[second.pk], known[third.pk], known[last.pk]) == (20, 0, 1)
    OrderLine.objects.update(owed_on_top=0)
    fill(apps, None)
    assert dict(lines.all()) == known


def more(line: OrderLine, units: int, *, hours: int = 1) -> Any:
    """Order so many units more."""
    line.refresh_from_db()
    known = line.quantity - line.cancelled
    return selling.change_quantity(line, quantity=known + units, reason="x", by=None, at=later(hours=hours))


def owed() -> Decimal:
    return sum(Refund.objects.values_list("amount", flat=True), Decimal(0))


def test_what_was_ordered_on_top_of_a_paid_order_was_not_paid_and_does_not_go_back() -> None:
    line = an_open_line(2, stock=0)
    more(line, 3)
    line.refresh_from_db()
    assert refunding.refund_of([(line, 3)]) == 0
    assert refunding.refund_of([(line, 4)]) == Decimal(10)
    selling.cancel_line(line, quantity=2, reason="x", by=None, at=later(hours=2))
    assert not Refund.objects.exists()
    assert cancelled(line, hours=3) == Decimal(20)


def test_of_an_order_that_nobody_paid_nothing_is_unpaid() -> None:
    line = an_order((a_product(), 2)).lines.get()
    more(line, 3)
    assert not OrderLine.objects.filter(unpaid__gt=0).exists()


@pytest.mark.parametrize("act", ["cancel", "split", "exchange", "lose"])
def test_an_act_that_is_taken_back_leaves_as_much_unpaid_as_before(act: str) -> None:
    line = an_open_line(2, stock=9)
    Substitute.objects.create(product=line.product, substitute=a_product(price=4), price_treatment="its_own")
    more(line, 3)
    if act == "cancel":
        line.refresh_from_db()
        done = selling.cancel_line(line, quantity=4, reason="x", by=None, at=later(hours=2)).change_set
    elif act == "split":
        line.refresh_from_db()
        done = splitting.split(line.order, units=[(line.pk, 4)], reason="x", by=None, at=later(hours=2)).change_set
    elif act == "exchange":
        product = line.product.substitutes.get().substitute
        done = substituting.substitute(line, product=product, quantity=4, reason="x", by=None, at=later(hours=2))
        assert owed() == Decimal(6)
        done = done.change_set
    else:
        shipping.ship(line.order, units=[(line.pk, 4)], by=None, at=later(hours=2))
        parcel = Shipment.objects.get()
        done = losing.lose_parcel(parcel, pays_back=True, reason="x", by=None, at=later(hours=3)).change_set
        assert owed() == Decimal(10)
    undoing.undo(done, by=None, at=later(hours=4))
    assert not Refund.objects.exists()
    assert list(OrderLine.objects.filter(unpaid__gt=0).values_list("pk", "unpaid")) == [(line.pk, 3)]
    if act != "lose":
        assert cancelled(line, hours=5) == Decimal(20)


def test_ordering_more_that_is_taken_back_leaves_nothing_unpaid() -> None:
    line = an_open_line(2, stock=0)
    undoing.undo(more(line, 3).change_set, by=None, at=later(hours=2))
    assert cancelled(line, hours=3) == Decimal(20)


def test_money_off_belongs_to_what_is_paid_of_a_line() -> None:
    line = an_open_line(2, stock=0)
    more(line, 2)
    give(line.order, 4, line=line, at=later(hours=2))
    line.refresh_from_db()
    made = splitting.split(line.order, units=[(line.pk, 3)], reason="x", by=None, at=later(hours=3)).made
    assert cancelled(made.lines.get(), hours=4) == Decimal(8)
    assert cancelled(line, hours=5) == Decimal(8)


EXCHANGES = st.lists(
    st.tuples(st.sampled_from(["exchange", "cancel", "split", "off", "more"]), st.integers(1, 3), st.integers(1, 30)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=EXCHANGES)
def test_whatever_is_exchanged_and_cancelled_what_goes_back_is_what_was_paid(steps: list[tuple[str, int, int]]) -> None:
    line = an_open_line(6, stock=0)
    order, off = line.order, Decimal(0)
    mine = OrderLine.objects.open().filter(order__number__startswith=order.number).order_by("id")
    for hours, (step, units, price) in enumerate(steps, 1):
        at = later(hours=hours)
        one = mine[price % count] if (count := mine.count()) else None
        if one is None:
            break
        units = min(units, one.open_quantity)
        if step == "exchange":
            an_exchange(one, price, units=units, hours=hours)
        elif step == "cancel":
            selling.cancel_line(one, quantity=units, reason="x", by=None, at=at)
        elif step == "off" and not off and one.unpaid < one.open_quantity:
            off = Decimal(1)
            give(one.order, 1, line=one, at=at)
        elif step == "split" and units < one.open_quantity:
            splitting.split(one.order, units=[(one.pk, units)], reason="x", by=None, at=at)
        elif step == "more":
            more(one, units, hours=hours)
    for one in mine.all():
        selling.cancel_line(one, reason="x", by=None, at=later(hours=99))
    amounts = list(
        Refund.objects.filter(cancellation__line__order__number__startswith=order.number).values_list("amount")
    )
    assert all(amount >= 0 for (amount,) in amounts)
    assert sum(amount for (amount,) in amounts) + off <= Decimal(60)
    assert off or sum(amount for (amount,) in amounts) == Decimal(60)


def test_an_order_and_what_was_split_off_it_get_no_more_than_both_are_worth() -> None:
    line = an_open_line()
    give(line.order, 30)
    made = splitting.split(line.order, units=[(line.pk, 2)], reason="x", by=None, at=later(hours=1)).made
    with pytest.raises(caring.TooMuch, match=r"is worth 40(\.00)? EUR, and 30(\.00)? EUR were given"):
        give(made, 11, at=later(hours=2))
    give(made, 10, at=later(hours=2))
    with pytest.raises(caring.TooMuch):
        give(line.order, 1, at=later(hours=3))


def test_a_parcel_that_had_left_before_has_no_part_in_it_when_it_is_lost() -> None:
    line = an_open_line()
    shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=AT)
    give(line.order, 4, line=line, at=later(hours=1))
    assert cancelled(line, hours=2) == Decimal(16)
    losing.lose_parcel(Shipment.objects.get(), pays_back=True, reason="x", by=None, at=later(hours=3))
    assert Refund.objects.latest("id").amount == Decimal(20)


def test_what_comes_back_before_a_cancellation_changes_nothing() -> None:
    line = an_open_line()
    shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=AT)
    give(line.order, 4, line=line, at=later(hours=1))
    back = {"quantity": 2, "warehouse": a_warehouse(), "reason": "x"}
    shipping.return_to_stock(ShipmentLine.objects.get(), **back, by=None, at=later(hours=2))
    assert cancelled(line, hours=3) == Decimal(16)


def test_what_was_given_off_whole_leaves_nothing_to_pay() -> None:
    line = an_open_line(1)
    give(line.order, 10, line=line)
    selling.cancel_line(line, reason="x", by=None, at=later(hours=1))
    assert not Refund.objects.exists()


def test_a_gift_that_a_refund_was_reckoned_with_is_not_taken_back() -> None:
    line = an_open_line()
    gift = give(line.order, 8, line=line).change_set
    other = give(line.order, 1, kind="credit").change_set
    cancelled(line, 1)
    with pytest.raises(undoing.NotUndoable, match="reckoned with it"):
        undoing.undo(gift, by=None, at=later(hours=2))
    undoing.undo(other, by=None, at=later(hours=2))
    undoing.undo(Refund.objects.get().cancellation.change_set, by=None, at=later(hours=3))
    undoing.undo(gift, by=None, at=later(hours=4))
    assert cancelled(line, hours=5) == Decimal(40)


def test_the_customer_is_told_what_really_goes_back() -> None:
    line = an_open_line()
    give(line.order, 8, line=line)
    deciding.cancel(line.order, at=later(hours=1))
    assert line.order.decisions.get().shown["refund"] == "32.00 EUR"
    assert Refund.objects.get().amount == Decimal(32)


def test_the_statements_do_not_grow_with_the_lines() -> None:
    counts = []
    for number in (1, 6):
        order = an_order(*((a_product(stock=3), 3) for _ in range(number)), is_paid=True)
        give(order, 3)
        units = [(line, 3) for line in order.lines.select_related("order")]
        with CaptureQueriesContext(
            connection,
        ) as seen:
            refunding.refund_of(units)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 6


def test_differences_are_looked_at_each_alone_whatever_orders_they_stand_in() -> None:
    line, other = an_open_line(10, stock=10), an_open_line()
    give(line.order, 50, line=line)
    give(other.order, 4, line=other)
    made = splitting.split(line.order, units=[(line.pk, 9)], reason="x", by=None, at=later(hours=1)).made
    again = splitting.split(made, units=[(made.lines.get().pk, 3)], reason="x", by=None, at=later(hours=2)).made
    lines = OrderLine.objects.filter(order__in=[line.order, other.order, made, again]).select_related("order")
    asked = [(each, each.open_quantity, each.price / 3 * each.open_quantity) for each in lines]
    asked = [(each, units, round(back, 2)) for each, units, back in asked]
    alone = [refunding.differences_of([each])[0] for each in asked]
    with CaptureQueriesContext(connection) as seen:
        assert refunding.differences_of(asked) == alone
    assert [back for _line, _units, back in asked] != alone
    assert len(seen) <= 9


STEPS = st.lists(
    st.tuples(st.sampled_from(["off the line", "off the order", "cancel", "ship", "other"]), st.integers(1, 3)),
    max_size=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_whatever_is_given_sent_and_cancelled_nobody_gets_more_than_they_paid(steps: list[tuple[str, int]]) -> None:
    order = an_order((a_product(stock=6, price=10), 6), (a_product(stock=6, price=7), 6), is_paid=True)
    first, second = order.lines.order_by("id")
    for hours, (step, number) in enumerate(steps, 1):
        at = later(hours=hours)
        first.refresh_from_db()
        second.refresh_from_db()
        if step.startswith("off"):
            give(order, number, line=first if step == "off the line" and first.open_quantity else None, at=at)
        elif step == "ship" and first.allocated:
            shipping.ship(order, units=[(first.pk, min(number, first.allocated))], by=None, at=at)
        elif (line := second if step == "other" else first).open_quantity:
            selling.cancel_line(line, quantity=min(number, line.open_quantity), reason="x", by=None, at=at)
    for line in order.lines.all():
        if line.open_quantity:
            selling.cancel_line(line, reason="x", by=None, at=later(hours=99))
    back = sum(Refund.objects.filter(cancellation__line__order=order).values_list("amount", flat=True), Decimal(0))
    given_off = sum(order.compensations.values_list("amount", flat=True), Decimal(0))
    cancelled_worth = sum((line.price * line.cancelled for line in order.lines.all()), Decimal(0))
    kept_worth = sum((line.price * line.shipped for line in order.lines.all()), Decimal(0))
    assert back <= cancelled_worth
    assert back + given_off <= cancelled_worth + kept_worth
