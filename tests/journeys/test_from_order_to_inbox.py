"""One order's way: placed, confirmed, slipped, told once, received, shipped; read from a real SMTP server."""

import datetime
import re
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

from backorders.allocation.models import Promise
from backorders.orders.models import Order
from backorders.supply.models import PurchaseLine
from tests.backoffice.desk import address, fill_in, text
from tests.factories import AT, a_carrier, a_customer, a_product, a_purchase, day
from tests.harness.smtp import Sink

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailed(settings: Any, smtp_sink: Sink) -> Sink:
    """Mail leaves through SMTP to a server that keeps it."""
    settings.EMAIL_BACKEND = "backorders.notifications.backends.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    return smtp_sink


def run_outbox() -> None:
    """What the clock does: announce what is due, send what is due."""
    call_command("run_outbox", once=True)


def subjects(sink: Sink) -> list[str]:
    return [str(mail["Subject"]) for mail in sink.mails]


def test_from_order_to_inbox(mailed: Sink) -> None:
    kettle = a_product("AK-17", name="Aria Kettle", stock=1)
    customer, carrier = (
        a_customer("Elif Kaya", language="en"),
        a_carrier(tracking_link="https://tracking.example/{number}"),
    )
    line: PurchaseLine = a_purchase(kettle, 20, eta=10)
    desk = Client()
    desk.force_login(get_user_model().objects.create_superuser("chief", "chief@example.com", "chief"))

    with time_machine.travel(AT, tick=False) as clock:
        form = {
            "customer": customer.pk,
            "carrier": carrier.pk,
            "number": "10482",
            "lines-0-product": kettle.pk,
            "lines-0-quantity": 3,
        }
        assert fill_in(desk, address("place_order"), **form).status_code == 302
        order = Order.objects.get()
        run_outbox()
        assert len(mailed.mails) == 1
        confirmation = mailed.mails[0].get_body(("plain",)).get_content()
        assert "1" in confirmation
        assert "Aria Kettle" in confirmation

        clock.shift(datetime.timedelta(days=3))
        eta = {"how": "date", "eta_on": day(31), "reason_code": "part_shortage"}
        shown = fill_in(desk, address("purchase_line_eta", line.pk), **eta, preview="1")
        assert "Save and tell 1 customer" in text(shown)
        assert PurchaseLine.objects.get().eta_on == day(10)
        assert fill_in(desk, address("purchase_line_eta", line.pk), **eta).status_code == 302
        run_outbox()
        assert len(mailed.mails) == 1, "the quiet period is not over"
        clock.shift(datetime.timedelta(minutes=2))
        assert fill_in(desk, address("purchase_line_eta", line.pk), **{**eta, "eta_on": day(38)}).status_code == 302
        clock.shift(datetime.timedelta(minutes=6))
        run_outbox()
        run_outbox()
        assert len(mailed.mails) == 2, subjects(mailed)
        promise = Promise.objects.get()
        assert (promise.told_from, promise.told_until) == (promise.expected_from, promise.expected_until)
        assert promise.told_until is not None
        news = mailed.mails[1].get_body(("plain",)).get_content()
        assert str(promise.told_until.day) in news
        link = re.search(r"http\S+/o/\S+", news)
        assert link is not None
        page = Client().get(link.group(0).replace("http://127.0.0.1:8000", ""))
        assert page.status_code == 200
        assert "10482" in text(page)

        clock.shift(datetime.timedelta(days=33))
        receipt = {"lines-0-quantity": 20}
        assert fill_in(desk, address("receive", line.purchase_order_id), **receipt).status_code == 302
        assert order.lines.get().allocated == 3
        ship = {"tracking_number": "TR123"}
        assert fill_in(desk, address("ship", order.pk), **ship).status_code == 302
        clock.shift(datetime.timedelta(minutes=6))
        run_outbox()
        shipped = mailed.mails[-1].get_body(("plain",)).get_content()
        assert "https://tracking.example/TR123" in shipped
        assert order.lines.get().shipped == 3
        call_command("check_books")
    assert {str(mail["To"]) for mail in mailed.mails} == {customer.email}
