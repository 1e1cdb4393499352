"""What could hurt most asks for digits that were mailed."""

from typing import Any

import pytest

from backorders.actions import codes, deciding
from backorders.notifications.models import Message
from backorders.orders.models import Order
from tests.factories import AT, later
from tests.portal.desk import Waiter, code_of

pytestmark = pytest.mark.django_db


def now(waiter: Waiter) -> Any:
    return waiter.at + (later(days=1) - AT)


def test_a_dear_order_is_cancelled_with_the_digits_of_its_own_code() -> None:
    waiter, other = Waiter(price=600), Waiter(price=600, number="10483")
    code = codes.ask_code(other.order, opens="cancel", wanted={}, at=now(other)).made
    with pytest.raises(codes.CodeNeeded):
        deciding.cancel(waiter.order, at=now(waiter))
    digits = code_of(Message.objects.get(kind="contact_code"))
    with pytest.raises(codes.WrongCode):
        deciding.cancel(waiter.order, code=code, digits=digits, at=now(waiter))
    assert Order.objects.filter(lines__cancelled__gt=0).count() == 0


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "１２３４５６", "١٢٣٤٥٦"])
def test_digits_are_digits_however_they_are_typed(typed: str) -> None:
    assert codes._digits(typed) == "123456"
