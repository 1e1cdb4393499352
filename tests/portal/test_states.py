"""What the page says in each state of an order, and that saying it costs the same however long its story is."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backorders.actions import placing, selling, shipping
from backorders.allocation.windows import business_day
from backorders.orders.models import Customer, Feedback
from tests.factories import TODAY, a_carrier, a_customer, a_product, revise
from tests.notifications.desk import tell
from tests.portal.desk import Waiter, press, text_of

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def waiter() -> Waiter:
    return Waiter(pieces=1)


def moved(waiter: Waiter, days: int | None, **how: Any) -> None:
    """The supplier names another day, and the customer is told."""
    ahead = (business_day(waiter.at) - TODAY).days
    at = waiter.at + HOUR
    revise(waiter.purchase, (None if days is None else ahead + days, None), at=at, **{"reason_code": "customs", **how})
    tell(at + HOUR)


def test_a_later_date_says_what_it_was_when_it_changed_and_why(waiter: Waiter, client: Client) -> None:
    Customer.objects.update(time_zone="America/New_York")
    first = text_of(client.get(waiter.path))
    moved(waiter, 50)
    page = text_of(client.get(waiter.path))
    was = first.partition("Arrives: ")[2].partition(" You")[0]
    assert f"Before: {was}" in page
    assert "Changed on:" in page
    assert "(New York)" in page
    assert "held up at customs" in page
    assert page.index("Arrives:") < page.index("Before:") < page.index("You don't need to do anything.")
    assert "Earlier dates (1)" in page


def test_an_update_is_rated_once(waiter: Waiter, client: Client) -> None:
    moved(waiter, 50)
    press(client, waiter.path, "feedback/", occasion="update", was_helpful="no")
    said = Feedback.objects.get()
    assert (said.occasion, said.was_helpful) == ("update", False)
    assert said.about
    assert "Was our last update helpful?" not in text_of(client.get(waiter.path))


def test_without_a_date_it_says_when_we_write_again(waiter: Waiter, client: Client) -> None:
    moved(waiter, None)
    page = text_of(client.get(waiter.path))
    assert "We don't have a date for everything yet." in page
    assert "Next update, even if nothing changes, by:" in page
    assert "Add to calendar" not in page
    assert b"BEGIN:VEVENT" not in client.get(f"{waiter.path}order.ics").content


def test_a_parcel_is_followed_received_and_rated(client: Client) -> None:
    waiter = Waiter()
    descaler = waiter.order.lines.get(product=waiter.descaler)
    selling.cancel_line(waiter.line, reason="x", by=None, at=timezone.now())
    shipping.ship(waiter.order, units=[(descaler.pk, 1)], tracking_number="TR 42", by=None, at=timezone.now())
    page = text_of(client.get(waiter.path))
    assert "Everything is on its way to you." in page
    assert "Tracking number: TR 42" in page
    assert "How was it?" not in page
    parcel = waiter.order.shipments.get()
    assert press(client, waiter.path, f"received/{parcel.pk}/").status_code == 303
    parcel.refresh_from_db()
    assert parcel.delivery_confirmed_by == "customer"
    assert "Everything was delivered." in text_of(client.get(waiter.path))
    press(client, waiter.path, "feedback/", csat="5", nps="10")
    assert Feedback.objects.get().occasion == "delivered"
    assert "Your mark: 5 / 5" in text_of(client.get(waiter.path))


def test_items_of_different_days_have_their_own(client: Client) -> None:
    page = text_of(client.get(Waiter().path))
    assert "Your items arrive at different times." in page
    assert page.count("Arrives:") == 2


def test_a_name_with_markup_stays_a_name(client: Client) -> None:
    waiter = Waiter(pieces=1)
    type(waiter.kettle).objects.filter(pk=waiter.kettle.pk).update(name="<script>alert(1)</script> & Ş")
    html = client.get(waiter.path).content.decode()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Ş" in html


@pytest.mark.parametrize("lines", [2, 12])
def test_the_number_of_statements_does_not_grow_with_the_lines(client: Client, lines: int) -> None:
    waiter = Waiter(alternative=False)
    more = [placing.NewLine(a_product(name=f"P {number}"), 1) for number in range(lines - 1)]
    new = placing.NewOrder("10999", a_customer(), a_carrier(), [placing.NewLine(waiter.kettle, 1), *more])
    order = placing.place_order(new, by=None, at=waiter.at).made
    waiter.link.order = order
    waiter.link.save()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(waiter.path).status_code == 200
    assert len(queries) <= 34


@pytest.mark.parametrize("language", ["en", "tr"])
def test_it_is_small(client: Client, language: str) -> None:
    waiter = Waiter(is_ship_complete=True)
    assert len(client.get(waiter.path, {"lang": language}).content) < 12_000
