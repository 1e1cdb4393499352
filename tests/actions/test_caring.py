"""Caring: notes and addresses that no database keeps are refused, and nothing is half-written."""

from decimal import Decimal
from typing import Any

import pytest

from backorders.actions import caring, telling
from backorders.actions.checking import BadText
from backorders.notifications.models import CallTask, Message, Suppression
from backorders.orders.models import Note, Order
from tests.factories import AT, a_customer, a_product, a_user, an_order
from tests.notifications.desk import announce, send, tell

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


@pytest.mark.parametrize("amount", ["1e40", "1e1000000", "1e-40", "NaN", "sNaN", "Infinity", "-0", "0.001"])
def test_what_is_no_amount_is_refused(amount: str, order: Order) -> None:
    with pytest.raises(caring.TooMuch):
        caring.compensate(order, kind="discount", amount=Decimal(amount), reason="x", by=None, at=AT)


def test_an_address_that_does_not_fit_is_refused(order: Order) -> None:
    with pytest.raises(BadText, match="longer than the 254 characters"):
        move(order, "a" * 254)


def test_a_note_in_any_script_is_kept_exactly(order: Order) -> None:
    assert Note.objects.get(pk=write(order, "  Söz verdik 😀 שלום ").pk).text == "Söz verdik 😀 שלום"


# -- the address that is left -----------------------------------------------------------------------------------------


def moved(language: str = "en", **fields: Any) -> Order:
    """An order whose customer is mailed at another address from now on."""
    order = an_order((a_product(stock=1), 1), customer=a_customer(language=language, **fields))
    tell(AT)
    caring.change_address(order.customer, email="new@example.com", by=None, at=AT)
    return order


def notices() -> list[Message]:
    return list(Message.objects.filter(kind="address_changed").order_by("id"))


@pytest.mark.parametrize(
    ("language", "words"), [("en", "If it was not you, tell us"), ("tr", "Siz değiştirmediyseniz hemen bize bildirin")]
)
def test_the_address_that_is_left_hears_of_it_and_is_led_nowhere(language: str, words: str) -> None:
    moved(language, email="old@example.com")
    [notice] = notices()
    assert notice.recipient == "old@example.com"
    assert words in notice.text
    assert "http" not in notice.text
    assert "new@example.com" not in notice.text
    send(AT)
    assert [each.state for each in notices()] == ["accepted"]


def test_the_notice_leaves_though_the_address_changes_again_before() -> None:
    order = moved(email="old@example.com")
    caring.change_address(order.customer, email="third@example.com", by=None, at=AT)
    tell(AT)
    assert [(each.recipient, each.state) for each in notices()] == [
        ("old@example.com", "accepted"),
        ("new@example.com", "accepted"),
    ]


@pytest.mark.parametrize(
    "fields",
    [{"email": ""}, {"email": "old@example.com", "is_written_to": False}, {"email": "NEW@example.com"}],
    ids=["no address", "never written to", "the same address in other letters"],
)
def test_where_nobody_is_left_behind_nothing_is_said(fields: dict[str, Any]) -> None:
    moved(**fields)
    assert notices() == []


def test_an_address_that_is_not_mailed_any_more_hears_nothing() -> None:
    Suppression.objects.create(address="old@example.com", reason="bounce", at=AT)
    moved(email="old@example.com")
    assert notices() == []
    assert not CallTask.objects.filter(message__kind="address_changed").exists()
