"""What stands beside an order is of it and of its reader, and a mail that reached nobody is trouble until one does."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import caring
from backorders.backoffice import order_facts
from backorders.notifications.models import Message, MessageLine
from backorders.orders.models import Order
from tests.backoffice.desk import World
from tests.factories import a_user, an_order, later
from tests.notifications.desk import announce

pytestmark = pytest.mark.django_db


def facts(order: Order, by: object) -> tuple[object, ...]:
    found = order_facts.with_facts(Order.objects.all(), by=by).get(pk=order.pk)  # type: ignore[arg-type]
    return found.mail_count, found.order_count, found.my_note, found.my_message  # type: ignore[attr-defined]


def trouble(order: Order) -> tuple[str, bool] | None:
    found = order_facts.with_facts(Order.objects.all(), by=a_user()).get(pk=order.pk)
    known = order_facts.trouble_of(found)
    return known and (known.words, known.task is not None)


def test_mails_orders_and_what_one_wrote_are_counted_for_the_order() -> None:
    world = World()
    agent, other = a_user(), a_user()
    caring.write_note(world.first, text="first", by=agent, at=later(hours=1))
    caring.write_note(world.first, text="second", by=agent, at=later(hours=2))
    caring.write_message(world.first, text="Hello", states_dates=False, by=agent, at=later(hours=3))
    an_order((world.kettle, 1), customer=world.first.customer, at=later(hours=3))
    assert facts(world.first, agent) == (2, 2, "second", "Hello")
    assert facts(world.first, other) == (2, 2, None, None)
    assert facts(world.second, agent) == (1, 1, None, None)


def test_a_mail_that_reached_nobody_is_trouble_until_a_later_one_about_the_order_arrives() -> None:
    world = World()
    another = an_order((world.kettle, 1), customer=world.first.customer, at=later(hours=1))
    announce(later(hours=2))
    mine, theirs = (Message.objects.filter(lines__order=order).latest("id") for order in (world.first, another))
    assert trouble(world.first) is None
    Message.objects.filter(pk=mine.pk).update(delivery=Message.Delivery.BOUNCED)
    Message.objects.filter(pk=theirs.pk).update(delivery=Message.Delivery.DELIVERED)
    assert trouble(world.first) == ("bounced", False)
    assert trouble(another) is None
    MessageLine.objects.filter(message=theirs).update(order=world.first)
    assert trouble(world.first) is None


def test_a_call_that_is_open_stands_before_all_and_no_trouble_asks_nothing_more() -> None:
    world = World()
    known = trouble(world.unreachable)
    assert known is not None
    assert known[1]
    found = order_facts.with_facts(Order.objects.all(), by=a_user()).get(pk=world.first.pk)
    with CaptureQueriesContext(connection) as asked:
        assert order_facts.trouble_of(found) is None
    assert len(asked) == 0
