"""By when money is owed, said the same by the law, the mail and the staff's preview."""

import datetime

import pytest

from backorders.actions import refunding, selling
from backorders.delays.ending import due_on
from backorders.orders.models import Refund
from tests.actions.lawdesk import case_of, tick
from tests.factories import AT, a_customer, a_line, a_product, a_purchase

pytestmark = pytest.mark.django_db
ZONES = ["UTC", "America/New_York", "Europe/Istanbul", "Europe/Berlin", "Pacific/Auckland", "Pacific/Honolulu"]


@pytest.mark.parametrize("country", ["US", "DE"])
@pytest.mark.parametrize("zone", ZONES)
def test_everybody_names_the_last_day_of_the_law_on_the_customers_calendar(zone: str, country: str) -> None:
    product = a_product()
    a_purchase(product, 9)
    line = a_line(product, 2, customer=a_customer(jurisdiction=country, time_zone=zone), is_paid=True)
    tick(AT)
    foreseen = refunding.refund_due_on(line.order, [line.pk], at=AT)
    selling.cancel_line(line, reason="by telephone", by=None, at=AT)
    [mail] = tick(AT + datetime.timedelta(minutes=10))
    last = case_of(line).refund_due_on
    assert last
    assert (foreseen, due_on(Refund.objects.get())) == (last, last)
    assert f"At the latest on: {last.day} June 2026" in " ".join(mail.text.split())
