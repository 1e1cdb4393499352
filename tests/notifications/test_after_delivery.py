"""A parcel that arrived: its customer is asked once whether it did, whoever said so, and nobody is asked who knows."""

from typing import Any

import pytest

from backorders.actions import shipping
from backorders.notifications import intervening, superseding
from backorders.notifications.models import Message, MessageLine
from backorders.orders.models import OrderLine, Shipment
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, an_order, later
from tests.notifications.desk import announce, promise, tell, windows

pytestmark = pytest.mark.django_db


def a_parcel(units: int = 2, **fields: Any) -> tuple[OrderLine, Shipment]:
    """A line of which so many units left an hour after it was ordered, with their mails sent."""
    line = a_line(a_product(stock=units), units, **fields)
    tell(AT)
    made = shipping.ship(line.order, units=[(line.pk, units)], tracking_number="TR 42", by=None, at=later(hours=1))
    tell(later(hours=1))
    return line, made.made


def arrive(parcel: Shipment, **how: Any) -> None:
    shipping.confirm_delivery(parcel, **{"by": None, "at": later(days=2), **how})


@pytest.mark.parametrize("said_by", ["carrier", "staff"])
def test_a_customer_is_asked_once_whether_it_arrived(said_by: str) -> None:
    _, parcel = a_parcel()
    arrive(parcel, confirmed_by=said_by)
    [message] = announce(later(days=2))
    assert (message.kind, message.subject.endswith("was delivered on 3 June")) == ("delivered", True)
    assert "Did everything arrive?" in message.text
    assert "TR 42" in message.text
    assert "/o/" in message.text
    assert announce(later(days=3)) == []


def test_who_said_themselves_that_it_arrived_is_not_asked() -> None:
    _, parcel = a_parcel()
    arrive(parcel, confirmed_by="customer")
    assert announce(later(days=2)) == []


def test_a_parcel_that_is_there_before_its_mail_makes_one_mail_not_two() -> None:
    line = a_line(a_product(stock=1), 1)
    tell(AT)
    parcel = shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=AT).made
    arrive(parcel)
    [message] = tell(later(days=2))
    parcel.refresh_from_db()
    assert (message.kind, parcel.is_announced, parcel.is_arrival_announced) == ("delivered", True, True)
    assert "was sent on" not in message.text


def test_what_came_back_is_not_asked_about() -> None:
    line, parcel = a_parcel()
    arrive(parcel)
    from_parcel = parcel.lines.get()
    where = line.product.stock_levels.get().warehouse
    back = {"warehouse": where, "reason": "refused", "by": None, "at": later(days=2)}
    shipping.return_to_stock(from_parcel, quantity=2, **back)
    assert announce(later(days=2)) == []
    parcel.refresh_from_db()
    assert parcel.is_arrival_announced


def test_what_still_comes_stands_below_and_counts_as_told() -> None:
    product = a_product(stock=1)
    a_purchase(product, 5, eta=20)
    line = a_line(product, 3)
    tell(AT)
    parcel = shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=AT).made
    tell(AT)
    arrive(parcel)
    [message] = tell(later(days=2))
    assert "STILL TO COME\n* 2 × " in message.text
    assert windows(line)["told"] == windows(line)["expected"]
    assert promise(line).told_at == later(days=2)


def test_two_parcels_of_one_customer_that_arrived_make_one_mail() -> None:
    who = a_customer()
    parcels = [a_parcel(customer=who)[1] for _ in range(2)]
    for parcel in parcels:
        arrive(parcel)
    [message] = announce(later(days=2))
    assert message.subject == "2 orders were delivered by 3 June"


def test_a_mail_that_was_taken_back_is_written_again() -> None:
    _, parcel = a_parcel()
    arrive(parcel)
    [message] = announce(later(days=2))
    superseding.supersede([message.pk], at=later(days=2))
    [again] = announce(later(days=2))
    assert (again.kind, MessageLine.objects.filter(message=again, is_arrival=True).count()) == ("delivered", 1)
    assert not Shipment.objects.filter(is_announced=False).exists()


def test_a_held_mail_of_a_parcel_says_the_shipment_arrived_and_no_other() -> None:
    _, parcel = a_parcel()
    order = an_order((a_product(stock=1), 1))
    tell(AT)
    arrive(parcel)
    [message] = announce(later(days=2))
    intervening.hold([message.pk])
    assert not MessageLine.objects.filter(message=message, order=order).exists()
    assert Message.objects.get(pk=message.pk).state == "held"
