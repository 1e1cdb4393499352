"""A parcel that is lost: its units come again from their old place, or are paid back; the law goes on where it does."""

from typing import Any

import pytest

from backorders.access.table import SERVICE
from backorders.actions import approving, losing, selling, shipping, undoing
from backorders.actions.seconding import NeedsApproval
from backorders.allocation.books import differences
from backorders.allocation.models import Promise
from backorders.orders.models import Cancellation, Compensation, OrderLine, Refund, Shipment
from backorders.supply.models import StockLevel
from tests.actions.desk import rows_of
from tests.actions.lawdesk import case_of, tick
from tests.actions.test_approving import low_limits
from tests.factories import (
    AT,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_user,
    later,
    receive,
    state,
)
from tests.notifications.desk import announce, send, tell

pytestmark = pytest.mark.django_db
GONE = later(days=3)


def a_parcel(units: int = 2, *, of: int = 2, country: str = "", **fields: Any) -> tuple[OrderLine, Shipment]:
    """A parcel with some of the units of a paid line, told, three days ago; ten more units come in thirty days."""
    product = a_product(stock=of)
    customer = a_customer(jurisdiction=country, time_zone="UTC", **fields)
    line = a_line(product, of, customer=customer, is_paid=True)
    a_purchase(product, 10, eta=30)
    tick(AT)
    parcel = shipping.ship(line.order, units=[(line.pk, units)], by=None, at=AT).made
    tick(AT)
    return line, parcel


def books() -> list[Any]:
    return [rows_of(model) for model in (Shipment, OrderLine, Cancellation, Refund, Compensation, StockLevel)]


def lose(parcel: Shipment, **how: Any) -> Any:
    given: dict[str, Any] = {"pays_back": False, "reason": "the carrier cannot find it", "by": None, "at": GONE}
    return losing.lose_parcel(parcel, **{**given, **how})


def test_its_units_wait_again_and_the_customer_hears_by_when_they_come() -> None:
    line, parcel = a_parcel()
    done = lose(parcel)
    assert state(line) == (0, 2, 0, 0)
    promise = Promise.objects.get(line=line)
    assert (promise.is_open, promise.gap_since) == (True, None)
    assert promise.announced == promise.expected
    [message] = line.order.customer.messages.filter(kind="message")
    assert "is lost; we are sorry" in message.text
    assert announce(later(days=3, minutes=10)) == []
    assert done.made.lost_at == GONE
    assert list(differences(at=GONE)) == []


def test_the_mail_speaks_turkish() -> None:
    line, parcel = a_parcel(language="tr")
    lose(parcel)
    assert "koli kayboldu; özür dileriz" in line.order.customer.messages.get(kind="message").text


def test_they_come_before_who_ordered_later() -> None:
    line, parcel = a_parcel()
    newer = a_line(line.product, 10, at=later(days=1))
    preview = losing.preview_loss(parcel, pays_back=False, at=GONE)
    moved = {move.line_id: move.new for move in lose(parcel).impact.moves}
    assert {move.line_id: move.new for move in preview.moves} == moved
    receive(line.product.purchase_lines.get(), 2, at=GONE)
    assert (state(line), state(newer)[0]) == ((2, 0, 0, 0), 0)


def test_a_part_that_is_lost_waits_beside_the_rest() -> None:
    line, parcel = a_parcel(2, of=5)
    lose(parcel)
    assert state(line) == (3, 2, 0, 0)
    shipping.ship(line.order, units=[(line.pk, 3)], by=None, at=GONE)
    assert state(line) == (0, 2, 3, 0)
    assert list(differences(at=GONE)) == []


@pytest.mark.parametrize("is_delivered", [False, True])
@pytest.mark.parametrize("pays_back", [False, True])
def test_until_the_customer_was_told_it_is_undone_without_a_trace(pays_back: bool, is_delivered: bool) -> None:
    _, parcel = a_parcel(2, of=5)
    if is_delivered:
        shipping.confirm_delivery(parcel, by=None, at=later(days=2))
        tell(later(days=2))
    before = books()
    done = lose(parcel, pays_back=pays_back)
    assert Shipment.objects.get().delivered_at is None
    undoing.undo(done.change_set, by=None, at=GONE)
    assert books() == before
    assert announce(later(days=3, minutes=10)) == []
    assert list(differences(at=GONE)) == []


def test_what_was_told_or_sent_again_is_not_undone() -> None:
    _, parcel = a_parcel()
    done = lose(parcel)
    send(later(days=3, minutes=10))
    assert "already told" in str(undoing.objection_to_undo(done.change_set))


def test_paid_back_it_is_cancelled_and_the_customer_hears_of_the_money() -> None:
    line, parcel = a_parcel()
    lose(parcel, pays_back=True)
    assert state(line) == (0, 0, 0, 2)
    assert Refund.objects.get().amount == 2 * line.price
    [message] = announce(later(days=3, minutes=10))
    assert message.kind == "cancelled"
    assert list(differences(at=GONE)) == []


def test_above_the_limit_a_manager_pays_back_and_anybody_sends_again() -> None:
    low_limits()
    line, parcel = a_parcel()
    agent = a_user(SERVICE)
    with pytest.raises(NeedsApproval) as refusal:
        lose(parcel, pays_back=True, by=agent)
    asked = approving.ask(refusal.value.details["ask"], by=agent, why="much", at=GONE)
    approving.approve(asked, by=a_user(), at=GONE)
    assert state(line) == (0, 0, 0, 2)
    _, other = a_parcel()
    assert lose(other, by=agent).made.lost_at == GONE


def test_what_is_not_lost_is_not_given_up() -> None:
    line, parcel = a_parcel()
    house = line.product.stock_levels.get().warehouse
    shipping.return_to_stock(parcel.lines.get(), quantity=1, warehouse=house, reason="x", by=None, at=AT)
    with pytest.raises(losing.NotLost, match="came back"):
        lose(parcel)
    _, received = a_parcel()
    shipping.confirm_delivery(received, confirmed_by="customer", by=None, at=GONE)
    with pytest.raises(losing.NotLost, match="said that"):
        lose(received)
    _, twice = a_parcel()
    lose(twice)
    with pytest.raises(losing.NotLost, match="before"):
        lose(twice)
    with pytest.raises(shipping.NotShipped, match="given up as lost"):
        shipping.confirm_delivery(twice, by=None, at=GONE)


# -- the law ----------------------------------------------------------------------------------------------------------


def test_where_sending_counts_the_law_stays_kept_though_its_last_day_passes() -> None:
    line, parcel = a_parcel(country="US")
    lose(parcel)
    tick(GONE)
    assert case_of(line).state == "shipped"
    tick(later(days=90))
    assert state(line)[3] == 0, "nothing is cancelled by a timer"


def test_where_delivery_counts_the_goods_are_owed_until_the_second_parcel_arrives() -> None:
    line, parcel = a_parcel(country="DE")
    shipping.confirm_delivery(parcel, by=None, at=later(days=2))
    tick(later(days=2))
    assert case_of(line).state == "delivered"
    lose(parcel)
    tick(GONE)
    assert case_of(line).state in ("due", "overdue")
    receive(line.product.purchase_lines.get(), 2, at=GONE)
    second = shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=GONE).made
    shipping.confirm_delivery(second, by=None, at=later(days=5))
    tick(later(days=5))
    assert case_of(line).state == "delivered"


def test_who_would_rather_have_the_money_cancels_what_is_to_be_sent_again() -> None:
    line, parcel = a_parcel(country="US")
    lose(parcel)
    tell(GONE)
    selling.cancel_line(line, reason="chosen by the customer", by=None, at=later(days=4))
    assert Refund.objects.get().amount == 2 * line.price
