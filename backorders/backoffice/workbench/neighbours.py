"""The list one came from: the order before and the order after, as the list is now."""

from typing import NamedTuple

from django.contrib.auth.models import User
from django.http import QueryDict
from django.urls import reverse

from backorders.backoffice.workbench import asking
from backorders.orders.models import OrderLine

# Nobody walks further through a list order by order; a longer list is walked from its beginning.
WALKED = 500


class Neighbours(NamedTuple):
    """Where an order stands in the list one came from, and the addresses before and after it.

    `position` is nought where the order has left the list meanwhile: then the next one has taken its place.
    """

    name: str
    list_url: str
    position: int
    length: int
    is_more: bool
    previous: str
    next: str


def neighbours(order_id: int, data: QueryDict, *, person: User, today: object) -> Neighbours | None:
    """Return the neighbours of an order in the list that `data` asks for; None where it asks for none."""
    if not data.get("view"):
        return None
    asked = asking.asked(data, person=person, today=today)  # type: ignore[arg-type]
    lines = list(asked.listing[: WALKED + 1])
    order_of = dict(OrderLine.objects.filter(pk__in=lines).values_list("pk", "order_id"))
    orders = list(dict.fromkeys(order_of[pk] for pk in lines if pk in order_of))
    known = data.get("at", "")
    at = orders.index(order_id) if order_id in orders else None
    place = at if at is not None else min(int(known), len(orders)) if known.isdecimal() and len(known) < 6 else 0
    after = place + 1 if at is not None else place

    def url(index: int) -> str:
        if not 0 <= index < len(orders):
            return ""
        return f"{reverse('admin:order', args=[orders[index]])}?{asked.query}&at={index}"

    return Neighbours(
        name=str(asked.view.label),
        list_url=f"{reverse('admin:waiting_lines')}?{asked.query}",
        position=at + 1 if at is not None else 0,
        length=min(len(orders), WALKED),
        is_more=len(lines) > WALKED,
        previous=url(place - 1),
        next=url(after),
    )
