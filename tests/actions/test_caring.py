"""Caring: notes and addresses that no database keeps are refused, and nothing is half-written."""

from typing import Any

import pytest

from backorders.actions import caring, telling
from backorders.actions.checking import BadText
from backorders.notifications.models import CallTask
from backorders.orders.models import Note, Order
from tests.factories import AT, a_customer, a_product, a_user, an_order
from tests.notifications.desk import announce

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    """An order of somebody without an address: there is a call to make."""
    order = an_order((a_product(stock=1), 1), customer=a_customer(email=""))
    announce(AT)
    return order


def write(order: Order, text: str) -> Any:
    return caring.write_note(order, text=text, by=a_user(), at=AT)


def call(order: Order, text: str) -> Any:
    return telling.mark_called(CallTask.objects.get(), note=text, by=a_user(), at=AT)


def move(order: Order, text: str) -> Any:
    return caring.change_address(order.customer, email=f"{text}@example.com", by=None, at=AT)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"], ids=["NUL", "half a sign"])
@pytest.mark.parametrize("verb", [write, call, move])
def test_what_is_no_text_is_refused(verb: Any, text: str, order: Order) -> None:
    with pytest.raises(BadText, match="cannot be kept"):
        verb(order, text)
    assert not Note.objects.exists()
    assert CallTask.objects.get().done_at is None
    order.customer.refresh_from_db()
    assert order.customer.email == ""


def test_an_address_that_does_not_fit_is_refused(order: Order) -> None:
    with pytest.raises(BadText, match="longer than the 254 characters"):
        move(order, "a" * 254)


def test_a_note_in_any_script_is_kept_exactly(order: Order) -> None:
    assert Note.objects.get(pk=write(order, "  Söz verdik 😀 שלום ").pk).text == "Söz verdik 😀 שלום"
