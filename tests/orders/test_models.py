"""Who waits, as the agent speaks of it."""

import pytest

from backorders.actions import selling, shipping
from backorders.orders.models import OrderLine, Shipment
from tests.factories import AT, a_carrier, a_line, a_product

pytestmark = pytest.mark.django_db


def test_open_lines_have_something_to_ship_and_waiting_ones_a_backordered_part() -> None:
    product = a_product(stock=8)
    shipped, ready, half, waiting, cancelled = (a_line(product, n) for n in (3, 3, 4, 2, 2))
    shipping.ship(shipped.order, units=[(shipped.pk, 3)], by=None, at=AT)
    selling.cancel_line(cancelled, reason="x", by=None, at=AT)
    assert list(OrderLine.objects.open().order_by("id")) == [ready, half, waiting]
    assert list(OrderLine.objects.waiting().order_by("id")) == [half, waiting]
    assert [line.open_quantity for line in OrderLine.objects.order_by("id")] == [0, 3, 4, 2, 0]


@pytest.mark.parametrize(
    ("link", "number", "url"),
    [
        ("https://parcel.example/{number}", "Z 1", "https://parcel.example/Z 1"),
        ("https://parcel.example/{number}", "", ""),
        ("", "Z1", ""),
        ("https://parcel.example/", "Z1", "https://parcel.example/"),
    ],
)
def test_a_parcel_leads_to_its_carriers_page(link: str, number: str, url: str) -> None:
    line = a_line(a_product(stock=1), 1, carrier=a_carrier("Linked", tracking_link=link))
    shipping.ship(line.order, units=[(line.pk, 1)], tracking_number=number, by=None, at=AT)
    assert Shipment.objects.get().tracking_url == url
