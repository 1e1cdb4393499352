"""A customer with a link: an order that waits for a kettle and has a descaler, with what the page's forms send."""

import datetime
import re
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from backorders.actions import placing
from backorders.allocation.windows import business_day
from backorders.catalog.models import Substitute
from backorders.notifications.models import CustomerLink, Message
from backorders.orders.models import Order, OrderLine
from tests.factories import TODAY, a_carrier, a_customer, a_product, a_purchase, count
from tests.notifications.desk import tell

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


class Waiter:
    """Somebody whose kettle waits, on the page behind the link of the confirmation, now."""

    def __init__(self, *, pieces: int = 2, price: int = 40, alternative: bool = True, **fields: Any) -> None:
        self.at = timezone.now() - datetime.timedelta(days=2)
        self.kettle = a_product(name="Aria Kettle", price=Decimal(price))
        self.descaler = a_product(name="Descaler", price=Decimal(5))
        count(self.descaler, 9, at=self.at)
        ahead = (business_day(self.at) - TODAY).days
        self.purchase = a_purchase(self.kettle, 50, eta=ahead + 30, at=self.at)
        if alternative:
            self.other = a_product(name="Nova Kettle", price=Decimal(price + 10))
            count(self.other, 20, at=self.at)
            Substitute.objects.create(product=self.kettle, substitute=self.other, price_treatment="same", note="Size")
        customer = fields.pop("customer", None) or a_customer(
            "Elif Kaya", email="elif@example.com", phone="+90 212 1111"
        )
        lines = [placing.NewLine(self.kettle, 2), placing.NewLine(self.descaler, 1)][:pieces]
        new = {
            "number": "10482",
            "customer": customer,
            "carrier": a_carrier(),
            "lines": lines,
            "is_paid": True,
            **fields,
        }
        self.order: Order = placing.place_order(placing.NewOrder(**new), by=None, at=self.at).made
        tell(self.at)
        mail = Message.objects.filter(lines__order=self.order).earliest("id")
        found = re.search(r"https?://[^/\s]+(/o/\S+/)", mail.text)
        assert found
        self.path = found[1]
        self.link = CustomerLink.objects.get(order=self.order)

    @property
    def line(self) -> OrderLine:
        """The line of the kettle, as the database has it."""
        return self.order.lines.get(product=self.kettle)

    def fresh(self) -> Order:
        """The order as the database has it."""
        return Order.objects.select_related("customer").get(pk=self.order.pk)


def hidden(page: HttpResponse, *, action: str = "") -> dict[str, str]:
    """What the form of a page sends by itself: of the one whose address ends so."""
    html = page.content.decode()
    forms = re.findall(r"<form\b[^>]*>.*?</form>", html, re.DOTALL)
    form = next(each for each in forms if not action or f'{action}"' in each.partition(">")[0] or f"{action}?" in each)
    return dict(FIELD.findall(form))


def press(client: Client, where: str, action: str, **typed: Any) -> HttpResponse:
    """Open a page and send the form on it that leads to `action` (relative to the link), as a browser would."""
    page = client.get(where)
    assert page.status_code == 200, page.content.decode()
    return client.post(where_of(where) + action, {**hidden(page, action=action), **typed})


def where_of(path: str) -> str:
    """The link itself, of an address behind it."""
    return "/".join(path.split("/")[:3]) + "/"


def text_of(response: HttpResponse) -> str:
    """What a page says, without its tags."""
    main = response.content.decode().partition("<main>")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def code_of(message: Message) -> str:
    """The digits in a mail that brings a code."""
    found = re.search(r"^(\d{3} \d{3})$", message.text, re.MULTILINE)
    assert found
    return found[1]
