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


class Shop:
    """A kettle of which one lies in stock and twenty are to come, a customer, and somebody at the desk."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.kettle = a_product("AK-17", name="Aria Kettle", stock=1)
        self.customer = a_customer("Elif Kaya", language="en")
        self.carrier = a_carrier(tracking_link="https://tracking.example/{number}")
        self.line: PurchaseLine = a_purchase(self.kettle, 20, eta=10)
        self.desk = Client()
        self.desk.force_login(get_user_model().objects.create_superuser("chief", "chief@example.com", "chief"))

    def does(self, name: str, *args: int, **form: Any) -> None:
        """Fill in a form at the desk and send it."""
        assert fill_in(self.desk, address(name, *args), **form).status_code == 302

    def read(self, number: int) -> str:
        """The text of a mail that came, from 1."""
        assert len(self.sink.mails) == number, subjects(self.sink)
        return str(self.sink.mails[-1].get_body(("plain",)).get_content())


def test_from_order_to_inbox(mailed: Sink) -> None:
    shop = Shop(mailed)
    with time_machine.travel(AT, tick=False) as clock:
        an_order_is_confirmed(shop)
        clock.shift(datetime.timedelta(days=3))
        the_supplier_slips_twice_and_the_customer_hears_once(shop, clock)
        clock.shift(datetime.timedelta(days=33))
        goods_come_and_leave(shop, clock)
        call_command("check_books")
    assert {str(mail["To"]) for mail in mailed.mails} == {shop.customer.email}


def an_order_is_confirmed(shop: Shop) -> None:
    wanted = {"lines-0-product": shop.kettle.pk, "lines-0-quantity": 3}
    shop.does("place_order", customer=shop.customer.pk, carrier=shop.carrier.pk, number="10482", **wanted)
    run_outbox()
    assert re.search(r"1 × Aria Kettle.*2 × Aria Kettle", shop.read(1), re.DOTALL)


def the_supplier_slips_twice_and_the_customer_hears_once(shop: Shop, clock: Any) -> None:
    eta = {"how": "date", "eta_on": day(31), "reason_code": "part_shortage"}
    shown = fill_in(shop.desk, address("purchase_line_eta", shop.line.pk), **eta, preview="1")
    assert "Save and tell 1 customer" in text(shown)
    assert PurchaseLine.objects.get().eta_on == day(10)
    shop.does("purchase_line_eta", shop.line.pk, **eta)
    run_outbox()
    shop.read(1)  # the quiet period is not over
    clock.shift(datetime.timedelta(minutes=2))
    shop.does("purchase_line_eta", shop.line.pk, **{**eta, "eta_on": day(38)})
    clock.shift(datetime.timedelta(minutes=6))
    run_outbox()
    run_outbox()
    promise = Promise.objects.get()
    assert promise.told == promise.expected
    assert promise.told is not None
    news = shop.read(2)
    assert str(promise.told.last.day) in news
    link = re.search(r"http\S+/o/\S+", news)
    assert link is not None
    page = Client().get(link.group(0).replace("http://127.0.0.1:8000", ""))
    assert page.status_code == 200
    assert "10482" in text(page)


def goods_come_and_leave(shop: Shop, clock: Any) -> None:
    order = Order.objects.get()
    shop.does("receive", shop.line.purchase_order_id, **{"lines-0-quantity": 20})
    assert order.lines.get().allocated == 3
    shop.does("ship", order.pk, tracking_number="TR123")
    clock.shift(datetime.timedelta(minutes=6))
    run_outbox()
    assert "https://tracking.example/TR123" in shop.sink.mails[-1].get_body(("plain",)).get_content()
    assert order.lines.get().shipped == 3
