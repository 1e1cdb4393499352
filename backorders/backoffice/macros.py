"""The macros that an answer can begin with, filled for the order that is asked about."""

from typing import NamedTuple

from backorders.notifications.emails import company
from backorders.notifications.models import Macro
from backorders.notifications.wordings import filled
from backorders.orders.models import Order


class Offered(NamedTuple):
    """A macro as an answer about one order would begin with it."""

    pk: int
    name: str
    text: str


def macros_of(order: Order) -> list[Offered]:
    """Return the macros in use, in the language of the order's customer, their places filled."""
    customer = order.customer
    places = {"number": order.number, "name": customer.name, "company": company()["name"]}
    found = Macro.objects.filter(withdrawn_at=None).order_by("name", "id")
    texts = [(macro, filled(macro.text_in(customer.language), places)) for macro in found]
    return [Offered(macro.pk, macro.name, text) for macro, text in texts if text]
