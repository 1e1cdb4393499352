"""A confirmation says what leaves now and what waits; if that changes before it leaves, it is said anew."""

import pytest

from backorders.actions import selling, shipping
from backorders.notifications.models import Message
from backorders.orders.models import OrderLine
from tests.factories import AT, a_line, a_product, a_purchase, count, later
from tests.notifications.desk import announce, inbox, promise, send

pytestmark = pytest.mark.django_db


def a_divided_line() -> OrderLine:
    """Three leave now and two wait for goods that come; the confirmation is in the outbox."""
    product = a_product(stock=3)
    a_purchase(product, 20, eta=30)
    line = a_line(product, 5)
    [confirmation] = announce(AT)
    assert "SHIPS NOW\n* 3 × " in confirmation.text
    assert "STOCK\n* 2 × " in confirmation.text
    return line


def test_what_leaves_is_what_is_true_when_it_leaves() -> None:
    line = a_divided_line()
    before = promise(line).version
    count(line.product, 1, at=later(minutes=1))
    assert promise(line).version == before  # the date of the last piece is what it was
    assert send(later(minutes=2))["sent"] == 0
    assert [message.state for message in Message.objects.all()] == ["superseded"]
    [anew] = announce(later(minutes=2))
    assert anew.kind == "confirmation"
    assert "SHIPS NOW\n* 1 × " in anew.text
    assert "STOCK\n* 4 × " in anew.text
    send(later(minutes=3))
    assert len(inbox()) == 1


def test_units_that_were_cancelled_wait_no_more() -> None:
    line = a_divided_line()
    selling.cancel_line(line, quantity=1, reason="x", by=None, at=later(minutes=1))
    announce(later(minutes=2))
    waiting = Message.objects.exclude(state="superseded")
    assert "STOCK\n* 1 × " in waiting.get().text


def test_a_parcel_that_left_before_its_confirmation_changes_nothing_of_it() -> None:
    line = a_divided_line()
    shipping.ship(line.order, units=[(line.pk, 3)], by=None, at=AT)
    send(later(minutes=1))
    assert Message.objects.get(kind="confirmation").state == "accepted"
