"""Only those who reach customers see how: masked for the auditor, absent for buyers and the warehouse."""

import pytest

from backorders.access.table import AUDITOR, MANAGER, PURCHASING, SERVICE, WAREHOUSE, Role
from backorders.backoffice.masking import masked, masked_words
from tests.backoffice.desk import World, address, somebody
from tests.factories import an_order

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def world(db: None) -> World:
    found = World()
    found.first.customer.phone = "0532 111 22 14"
    found.first.customer.save()
    return found


def pages(world: World) -> list[str]:
    """Every page on which an address could stand."""
    return [
        address("order", world.first.pk),
        address("outbox") + "?box=sent",
        address("message", world.message.pk),
        address("mail_as_sent", world.message.pk),
        address("calls"),
        address("search") + "?q=Elif",
        address("orders_customer_changelist"),
        address("orders_customer_change", world.first.customer_id),
        address("notifications_message_changelist"),
        address("notifications_message_change", world.message.pk),
        address("notifications_calltask_changelist"),
        address("orders_order_changelist"),
    ]


@pytest.mark.parametrize("role", [AUDITOR, PURCHASING, WAREHOUSE])
def test_no_page_says_how_a_customer_is_reached(world: World, role: Role) -> None:
    desk, shown = somebody(role), 0
    token = world.message.text.partition("/o/")[2][:8]
    for url in pages(world):
        response = desk.get(url)
        assert response.status_code in (200, 403)
        shown += response.status_code == 200
        for secret in (world.first.customer.email, "0532 111", token):
            assert secret not in response.content.decode(), url
    assert shown >= 2


def test_the_desk_sees_it(world: World) -> None:
    page = somebody(SERVICE).get(address("order", world.first.pk)).content.decode()
    assert world.first.customer.email in page
    assert "0532 111 22 14" in page


def test_an_address_cannot_be_guessed_by_searching(world: World) -> None:
    email = world.first.customer.email
    found = lambda desk: desk.get(address("orders_order_changelist"), {"q": email}).context["cl"].result_count  # noqa: E731
    assert found(somebody(MANAGER)) == 1
    assert found(somebody(AUDITOR)) == 0


def test_a_mask_leaves_that_there_is_an_address() -> None:
    assert masked("ada@example.com") == "a…@…"
    assert masked("0532 111 22 14") == "… 14"
    assert masked("") == ""
    said = masked_words("Write to ada@example.com or open https://x.example/o/abcdefghijk?c=alt")
    assert said == "Write to a…@… or open https://x.example/o/…?c=alt"


def test_the_stock_columns_that_lead_to_acts_are_shown_to_those_who_may(world: World) -> None:
    an_order((world.kettle, 1))
    url = address("supply_purchaseline_changelist")
    shown = lambda desk: desk.get(url).content.decode()  # noqa: E731
    buyer, clerk, agent = (shown(somebody(role)) for role in (PURCHASING, WAREHOUSE, SERVICE))
    eta, receive = address("purchase_line_eta", world.line.pk), address("receive", world.line.purchase_order_id)
    assert (eta in buyer, receive in buyer) == (True, False)
    assert (eta in clerk, receive in clerk) == (False, True)
    assert (eta in agent, receive in agent) == (False, False)
