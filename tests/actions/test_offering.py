"""What comes sooner is offered to who waits: no more of it than there is, once, and nothing changes by it."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import buying, caring, offering, receiving, selling, substituting, undoing
from backorders.actions.offering import NothingSooner
from backorders.actions.seconding import NeedsApproval
from backorders.allocation.books import differences
from backorders.catalog.models import Product, Substitute
from backorders.changes.models import ApprovalLimit
from backorders.notifications import superseding
from backorders.notifications.models import Message
from backorders.orders.models import Offer, Order, OrderLine, Refund
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_user, day, later, revise
from tests.notifications.desk import announce, tell

pytestmark = pytest.mark.django_db


def waiting(*, quantity: int = 1, stock: int = 5, **named: Any) -> tuple[OrderLine, Product]:
    """A told line that waits for thirty days, and its substitute with units in stock."""
    product, other = a_product(price=Decimal(20)), a_product(stock=stock, price=Decimal(18))
    Substitute.objects.create(product=product, substitute=other, **named)
    a_purchase(product, 100, eta=30)
    line = a_line(product, quantity)
    tell(AT)
    return line, other


def offer(*lines: OrderLine, **how: Any) -> Any:
    return offering.offer_alternative([line.pk for line in lines], **{"by": None, "at": later(hours=1), **how})


def test_an_offer_says_what_when_and_at_which_price() -> None:
    line, other = waiting(quantity=2)
    [made] = offer(line).made.offers
    assert (made.product, made.quantity, made.price) == (other, 2, Decimal(18))
    assert made.arrives_until < line.promise.expected_until
    [message] = announce(later(hours=2))
    assert message.kind == "alternative_offer"
    assert f"* 2 × {other.name}" in message.text
    assert "Price each: €18.00" in message.text
    assert "Price each now: €20.00" in message.text
    assert "/o/" in message.text
    assert announce(later(hours=3)) == []


def off(line: OrderLine, amount: str, **when: Any) -> Any:
    given = {"kind": "discount", "amount": Decimal(amount), "line": line, "reason": "x", "tells": False}
    return caring.compensate(line.order, **given, by=None, **{"at": later(minutes=30), **when})


def paid(line: OrderLine) -> OrderLine:
    Order.objects.filter(pk=line.order_id).update(is_paid=True)
    return OrderLine.objects.select_related("order").get(pk=line.pk)


@pytest.mark.parametrize(
    ("given", "back", "before"),
    [(None, "4.00", ""), ("10.00", "3.00", "1.00"), ("40.00", "", "4.00")],
    ids=["nothing", "a part", "all of it"],
)
def test_it_says_what_goes_back_less_what_was_given_off_before(given: str | None, back: str, before: str) -> None:
    line, other = waiting(quantity=2, price_treatment="its_own")
    line = paid(line)
    if given:
        off(line, given)
    offer(line)
    [message] = announce(later(hours=2))
    assert (f"We pay back: €{back}" in message.text) == bool(back)
    assert ("We pay back" in message.text) == bool(back)
    assert (f"Given off your order before: €{before}" in message.text) == bool(before)
    assert ("Given off" in message.text) == bool(before)
    substituting.substitute(line, product=other, reason="x", by=None, at=later(hours=3))
    assert sum(Refund.objects.values_list("amount", flat=True), Decimal(0)) == Decimal(back or 0)


def test_money_off_that_is_given_or_taken_back_before_the_mail_leaves_changes_what_it_says() -> None:
    line, _ = waiting(quantity=2, price_treatment="its_own")
    line = paid(line)
    offer(line)
    gift = off(line, "10.00", at=later(hours=1, minutes=1)).change_set
    [first] = announce(later(hours=2))
    assert "We pay back: €3.00" in first.text
    undoing.undo(gift, by=None, at=later(hours=2, minutes=1))
    [second] = announce(later(hours=2, minutes=2))
    first.refresh_from_db()
    assert first.state == "superseded"
    assert "We pay back: €4.00" in second.text


def test_a_mail_that_is_on_its_way_keeps_its_sum_and_no_other_follows() -> None:
    """What it said was so; the gift is told by its own mail, and the page states the newest sum before any choice."""
    line, _ = waiting(quantity=2, price_treatment="its_own")
    line = paid(line)
    offer(line)
    [first] = announce(later(hours=2))
    Message.objects.filter(pk=first.pk).update(
        state="sending", lease_token=uuid.uuid4(), lease_until=later(hours=3), lease_owner="x"
    )
    off(line, "10.00", at=later(hours=2, minutes=1))
    assert announce(later(hours=3)) == []
    first.refresh_from_db()
    assert (first.state, "We pay back: €4.00" in first.text) == ("sending", True)
    assert Offer.objects.get().back == Decimal(3)


def test_nothing_changes_by_an_offer() -> None:
    line, other = waiting()
    offer(line)
    tell(later(hours=2))
    line.refresh_from_db()
    assert (line.waiting, line.cancelled) == (1, 0)
    assert other.stock_levels.get().allocated == 0
    assert list(differences(at=later(hours=2))) == []


def test_what_does_not_come_sooner_is_not_offered() -> None:
    line, _ = waiting(stock=0)
    a_purchase(Substitute.objects.get().substitute, 5, eta=40)
    with pytest.raises(NothingSooner):
        offer(line)
    assert not Offer.objects.exists()


def test_what_is_on_its_way_and_comes_sooner_is() -> None:
    line, other = waiting(stock=0)
    a_purchase(other, 5, eta=5)
    [made] = offer(line).made.offers
    assert made.arrives_from > day(5)


def test_no_more_of_what_lies_in_stock_is_offered_than_lies_there() -> None:
    line, _ = waiting(stock=2)
    others = [a_line(line.product, 1, customer=a_customer(tier=tier)) for tier in (0, 3, 0)]
    done = offer(line, *others)
    assert {made.line for made in done.made.offers} >= {others[1]}
    assert len(done.made.offers) == 2
    assert len(done.made.without) == 2


def test_the_same_is_offered_once_for_a_line() -> None:
    line, _ = waiting()
    offer(line)
    with pytest.raises(NothingSooner):
        offer(line, at=later(days=1))


def test_the_same_key_offers_once() -> None:
    line, _ = waiting()
    first = offer(line, key="k")
    assert offer(line, key="k").made.offers == first.made.offers
    assert Offer.objects.count() == 1


def test_only_the_products_that_are_named_are_offered() -> None:
    line, _ = waiting()
    third = a_product(stock=3)
    Substitute.objects.create(product=line.product, substitute=third, rank=2)
    assert [made.product for made in offer(line, products=[third.pk]).made.offers] == [third]


@pytest.mark.parametrize("policy", ["never", "limited"])
def test_what_may_not_wait_is_offered_from_stock_only(policy: str) -> None:
    line, other = waiting(stock=0)
    a_purchase(other, 5, eta=5)
    Product.objects.filter(pk=other.pk).update(backorder_policy=policy, backorder_limit=0)
    with pytest.raises(NothingSooner):
        offer(line)


def test_an_offer_that_is_late_by_the_time_of_the_mail_is_not_made() -> None:
    line, _ = waiting()
    offer(line)
    receiving.receive([receiving.Arrival(line.product.purchase_lines.get().pk, 100)], by=None, at=later(hours=1))
    kinds = [message.kind for message in announce(later(hours=2))]
    assert "alternative_offer" not in kinds
    assert Offer.objects.get().is_announced


def test_what_was_offered_for_more_than_waits_by_now_is_not_written() -> None:
    line, _other = waiting(quantity=3)
    offer(line)
    selling.cancel_line(line, quantity=1, reason="x", by=None, at=later(minutes=70))
    [message] = announce(later(hours=2))
    assert message.kind == "cancelled"
    assert announce(later(hours=3)) == []


def test_a_line_that_is_gone_is_offered_nothing() -> None:
    line, _ = waiting()
    offer(line)
    selling.cancel_line(line, reason="enough", by=None, at=later(hours=1))
    [message] = announce(later(hours=2))
    assert (message.kind, "Instead" in message.text) == ("cancelled", False)


def test_a_date_that_moves_is_told_in_the_same_mail() -> None:
    line, other = waiting()
    revise(line.product.purchase_lines.get(), (50, None), at=later(days=3))
    offer(line, at=later(days=3))
    [message] = announce(later(days=3, minutes=6))
    assert message.kind == "later"
    assert other.name in message.text
    assert Offer.objects.get().is_announced


def test_a_date_that_moved_too_little_to_be_told_does_not_hide_the_offer_from_the_preview() -> None:
    line, other = waiting()
    purchase = line.product.purchase_lines.get()
    revise(purchase, (29, None), at=later(minutes=5))
    tell(later(minutes=15))
    revise(purchase, (28, None), at=later(hours=1))
    choices = offering.preview_offers([line.pk], at=later(hours=1))
    [seen] = offering.foresee_offers(choices, at=later(hours=1)).letters
    offer(line)
    mails = [mail for minutes in range(4, 9) for mail in announce(later(hours=1, minutes=minutes))]
    assert [mail.kind for mail in mails] == [seen.kind] == ["alternative_offer"]
    assert other.name in mails[0].text


def test_a_mail_that_is_taken_back_offers_again() -> None:
    line, other = waiting()
    offer(line)
    [message] = announce(later(hours=2))
    superseding.supersede([message.pk], at=later(hours=2))
    [again] = announce(later(hours=2))
    assert other.name in again.text


def test_it_rests_and_can_be_undone_until_it_is_written() -> None:
    line, _ = waiting()
    done = offer(line)
    assert announce(later(hours=1, minutes=2)) == []
    undoing.undo(done.change_set, by=None, at=later(hours=1, minutes=3))
    assert announce(later(hours=2)) == []
    assert not Offer.objects.exists()


def test_an_offer_that_was_written_cannot_be_undone() -> None:
    line, _ = waiting()
    done = offer(line)
    announce(later(hours=2))
    with pytest.raises(undoing.NotUndoable, match="told by mail"):
        undoing.undo(done.change_set, by=None, at=later(hours=3))


def test_very_many_need_a_second_person() -> None:
    ApprovalLimit.objects.create(id=1, recipients=1)
    line, _ = waiting()
    second = a_line(line.product, 1)
    who, other = a_user(), a_user()
    with pytest.raises(NeedsApproval):
        offer(line, second, by=who)
    assert len(offer(line, second, by=who, approved_by=other).made.offers) == 2


def test_the_statements_do_not_grow_with_the_lines() -> None:
    counts = []
    for lines in (3, 12):
        line, _ = waiting(stock=50)
        more = [a_line(line.product, 1) for _ in range(lines)]
        with CaptureQueriesContext(connection) as queries:
            offer(line, *more)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Message.objects.filter(kind="alternative_offer").count() == 0
    announce(later(hours=2))
    assert Message.objects.filter(kind="alternative_offer").count() == 17


def test_goods_ordered_for_the_substitute_count() -> None:
    line, other = waiting(stock=0)
    goods = buying.OrderedGoods(other, line.product.purchase_lines.get().warehouse, 3, eta_on=day(4))
    supplier = line.product.purchase_lines.get().purchase_order.supplier
    buying.order_goods("PO-S", supplier=supplier, lines=[goods], by=None, at=AT)
    assert len(offer(line).made.offers) == 1
