"""Who hears nothing for long hears that nothing has changed, on the day we said, and not on every day after."""

import datetime

import pytest

from backorders.notifications.models import Message, NextUpdate
from backorders.notifications.superseding import supersede
from backorders.orders.models import OrderLine
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, day, later, revise
from tests.notifications.desk import announce, tell

pytestmark = pytest.mark.django_db


def next_update(line: OrderLine) -> datetime.date:
    return NextUpdate.objects.get(line=line).on


def test_the_mail_states_the_date_and_when_we_write_again() -> None:
    product = a_product()
    a_purchase(product, 5, eta=60)
    line = a_line(product, 1)
    tell(AT)
    [message] = tell(later(days=14))
    assert message.kind == "heartbeat"
    assert message.subject.startswith(f"Order {line.order.number}: still ")
    assert "Next update, even if nothing changes, by: 29 June 2026" in message.text
    assert next_update(line) == day(28)


def test_the_day_we_said_is_kept_though_the_customer_heard_of_another_order_yesterday() -> None:
    who = a_customer()
    line = a_line(a_product(), 1, customer=who)
    tell(AT)
    product = a_product()
    purchase = a_purchase(product, 5, eta=40, at=later(days=1))
    a_line(product, 1, customer=who, at=later(days=1))
    tell(later(days=1))
    revise(purchase, (45, None), at=later(days=13, hours=20))
    told = tell(later(days=13, hours=21))
    assert [message.kind for message in told] == ["later"]
    assert "NOTHING" not in told[0].subject
    heard = told + tell(later(days=14)) + tell(later(days=15))
    assert any(message.lines.filter(line=line).exists() for message in heard)
    assert next_update(line) > day(14)


def test_what_is_due_within_two_days_is_said_together() -> None:
    who = a_customer()
    first = a_line(a_product(), 1, customer=who)
    tell(AT)
    second = a_line(a_product(), 1, customer=who, at=later(days=1))
    tell(later(days=1))
    [message] = tell(later(days=14))
    assert message.kind == "heartbeat"
    assert {row.line for row in message.lines.all()} == {first, second}
    assert announce(later(days=15)) == announce(later(days=16)) == []


def test_it_is_not_said_of_a_date_that_will_be_near_by_then() -> None:
    who = a_customer()
    undated = a_line(a_product(), 1, customer=who)
    tell(AT)
    product = a_product()
    a_purchase(product, 5, eta=15, at=later(days=1))
    soon = a_line(product, 1, customer=who, at=later(days=1))
    tell(later(days=1))
    [message] = tell(later(days=14))
    assert {row.line for row in message.lines.all()} == {undated}
    kinds = [m.kind for n in range(15, 22) for m in tell(later(days=n)) if m.lines.filter(line=soon).exists()]
    assert kinds == ["approaching"]


def test_one_that_is_taken_back_is_due_again_that_day() -> None:
    line = a_line(a_product(), 1)
    tell(AT)
    [unsent] = announce(later(days=14))
    assert next_update(line) == day(28)
    supersede([unsent.pk], at=later(days=14, minutes=1))
    assert next_update(line) == day(14)
    [again] = announce(later(days=14, hours=1))
    assert (again.kind, again.pk > unsent.pk) == ("heartbeat", True)


def test_there_is_one_every_two_weeks_and_no_more() -> None:
    a_line(a_product(), 1)
    tell(AT)
    for offset in range(1, 57):
        tell(later(days=offset))
    assert Message.objects.filter(kind="heartbeat").count() == 4
