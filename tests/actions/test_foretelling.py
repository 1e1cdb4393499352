"""The mail that is foretold is the one that leaves after the same change, and nothing stays of having looked."""

import datetime
import re

import pytest

from backorders.actions.etas import BadEta, EtaChange, EtaPart
from backorders.actions.foretelling import foresee_after
from backorders.notifications import writing
from backorders.notifications.models import Message
from backorders.orders.models import Order
from tests.actions.desk import stored
from tests.factories import AT, a_customer, a_product, a_purchase, an_order, day, later, revise
from tests.notifications.desk import announce, send

pytestmark = pytest.mark.django_db

LINK = re.compile(r"https?://\S+")


class Desk:
    """Two customers who were told of a purchase line, and one who has stock."""

    def __init__(self) -> None:
        kettle = a_product("AK-17", name="Aria Kettle", stock=1)
        self.line = a_purchase(kettle, 20, eta=10)
        self.served, self.first, self.second = (
            an_order((kettle, units), customer=a_customer(name), at=AT)
            for name, units in [("Ada Example", 1), ("Elif Kaya", 5), ("Sami Aydın", 3)]
        )
        announce(AT)
        send(AT + datetime.timedelta(minutes=1))


def moved(desk: Desk, days: int) -> list[EtaChange]:
    return [EtaChange(desk.line.pk, [EtaPart(day(days))])]


def told(order: Order) -> Message:
    return Message.objects.filter(customer=order.customer_id).latest("id")


def test_the_mail_is_the_one_that_leaves_and_nothing_stays_of_having_looked() -> None:
    desk = Desk()
    at = later(days=5)
    before = stored()
    foreseen = foresee_after(moved(desk, 31), reason_code="part_shortage", customer=desk.first.customer_id, at=at)
    assert stored() == before
    assert foreseen is not None
    [letter] = foreseen.letters
    shown = writing.shown(letter)
    revise(desk.line, (31, None), reason_code="part_shortage", at=at)
    announce(at + datetime.timedelta(hours=3))
    real = told(desk.first)
    assert (shown.subject, LINK.sub("", shown.text)) == (real.subject, LINK.sub("", real.text))
    assert "part" in real.text


def test_whom_it_does_not_move_would_hear_nothing_by_it() -> None:
    desk = Desk()
    ask = {"reason_code": "customs", "at": later(days=5)}
    assert foresee_after(moved(desk, 31), customer=desk.served.customer_id, **ask) is None
    assert foresee_after(moved(desk, 31), customer=0, **ask) is None
    assert foresee_after(moved(desk, 31), customer=desk.second.customer_id, **ask) is not None


def test_what_saving_refuses_is_refused() -> None:
    desk = Desk()
    before = stored()
    with pytest.raises(BadEta):
        foresee_after(moved(desk, -40), reason_code="customs", customer=desk.first.customer_id, at=AT)
    assert stored() == before
