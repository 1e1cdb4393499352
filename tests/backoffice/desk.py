"""What tests of the desk do over and over: a small world, forms as a browser sends them, pages as text."""

import datetime
import re
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from backorders.access.table import NOBODY, PURCHASING, Role
from backorders.actions import caring
from backorders.allocation.windows import business_day
from backorders.notifications.models import Message
from backorders.orders.models import Order
from backorders.supply.models import PurchaseLine
from tests.factories import AT, TODAY, a_customer, a_product, a_purchase, a_user, an_order
from tests.notifications.desk import announce, send


class World:
    """Two kettles in stock, three orders that wait for more, a purchase line that brings them, and their mails."""

    def __init__(self, *, at: datetime.datetime = AT) -> None:
        self.at = at
        self.today = business_day(at)
        self.kettle = a_product("AK-17", name="Aria Kettle", stock=2)
        self.line: PurchaseLine = a_purchase(self.kettle, 20, eta=10 + (self.today - TODAY).days, at=at)
        self.ready = self._order("Ada Example", 2)
        self.first = self._order("Elif Kaya", 5, language="tr")
        self.second = self._order("Sami Aydın", 3)
        self.unreachable = self._order("Nil Nomail", 1, email="nowhere")
        announce(at)
        send(at + datetime.timedelta(minutes=1))
        buyer = a_user(PURCHASING)
        caring.write_note(self.first, text="Likes to be called", by=buyer, at=at)

    def _order(self, name: str, units: int, **fields: Any) -> Order:
        return an_order((self.kettle, units), customer=a_customer(name, **fields), at=self.at)

    @property
    def message(self) -> Message:
        return Message.objects.filter(lines__order=self.first).order_by("id")[0]


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def text(response: Any) -> str:
    """The page as a reader sees it: no tags, no runs of space."""
    body = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&amp;", "&").replace("&#x27;", "'")


def filled(response: Any, **fields: Any) -> dict[str, Any]:
    """The form of a page as a browser would send it, with `fields` typed in."""
    form = response.context["form"]
    forms = [form, *(getattr(form, "lines", None) or []), *(getattr(form, "parts", None) or [])]
    forms = [each for each in forms if hasattr(each, "fields")]
    for name in ("lines", "parts"):
        if management := getattr(getattr(form, name, None), "management_form", None):
            forms.append(management)
    values = {each[name].html_name: each[name].value() for each in forms for name in each.fields}
    return {name: value for name, value in {**values, **fields}.items() if value is not None and value is not False}


def fill_in(client: Client, url: str, **fields: Any) -> Any:
    """Open a form, fill it in, send it; return the answer."""
    return client.post(url, filled(client.get(url), **fields))


def somebody(*roles: Role, **fields: Any) -> Client:
    """A client logged in as a member of staff with these roles."""
    client = Client()
    client.force_login(a_user(*(roles or [NOBODY]), is_staff=True, **fields))
    return client


def a_clerk(*permissions: str) -> Client:
    """A client logged in as somebody without a role, who was given only these permissions of Django's."""
    user = get_user_model().objects.create_user(f"clerk-{'-'.join(permissions)}"[:150], is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client
