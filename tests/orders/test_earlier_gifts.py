"""Gifts from before they named their units: whatever happened since, they name those that were open at the time."""

from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backorders.actions import caring, losing, selling, shipping, splitting, substituting
from backorders.catalog.models import Substitute
from backorders.orders.models import Compensation, Order, OrderLine, Shipment
from tests.factories import a_product, an_order, later

pytestmark = pytest.mark.django_db

fill = import_module("backorders.orders.migrations.0015_earlier_gifts_name_their_units").fill

ACTS = ["give for a line", "give for the order", "ship", "lose", "cancel", "raise", "split", "split whole", "exchange"]
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 3), st.integers(1, 2)), min_size=3, max_size=8)


def does(act: str, line: OrderLine, units: int, *, hours: int) -> None:
    """Do one of the acts with a line, if it can be done now."""
    at, order = later(hours=hours), line.order
    given_for = {"kind": "discount", "amount": Decimal("0.01"), "reason": "x", "tells": False, "by": None, "at": at}
    is_alone = sum(each.quantity - each.cancelled for each in order.lines.all()) == line.open_quantity
    if act == "lose":
        if parcel := Shipment.objects.filter(order=order, lost_at=None).first():
            losing.lose_parcel(parcel, pays_back=units == 1, reason="x", by=None, at=at)
    elif act == "raise":
        if line.open_quantity and not order.is_paid:  # earlier versions knew nothing of units that were not paid
            selling.change_quantity(line, quantity=line.quantity + units, reason="x", by=None, at=at)
    elif act.startswith("give"):
        if line.open_quantity:
            caring.compensate(order, line=line if act == "give for a line" else None, **given_for)  # type: ignore[arg-type]
    elif act == "ship":
        if line.allocated:
            shipping.ship(order, units=[(line.pk, min(units, line.allocated))], by=None, at=at)
    elif act == "split" and line.open_quantity > units:
        splitting.split(order, units=[(line.pk, units)], reason="x", by=None, at=at)
    elif act == "split whole" and line.open_quantity == line.quantity and not is_alone:
        splitting.split(order, units=[(line.pk, line.quantity)], reason="x", by=None, at=at)
    elif act == "exchange" and line.open_quantity >= units and not line.replaces.exists():
        named = Substitute.objects.filter(product=line.product).first()
        if named:
            substituting.substitute(line, product=named.substitute, quantity=units, reason="x", by=None, at=at)
    elif act == "cancel" and line.open_quantity > units:
        selling.cancel_line(line, quantity=units, reason="x", by=None, at=at)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, is_paid=st.booleans())
def test_they_name_what_was_open_when_they_were_given(steps: list[tuple[str, int, int]], is_paid: bool) -> None:
    Compensation.objects.all().delete()
    first, second, instead = a_product(stock=3), a_product(stock=6), a_product(stock=9)
    Substitute.objects.create(product=first, substitute=instead)
    order = an_order((first, 6), (second, 6), is_paid=is_paid)
    family = Order.objects.filter(pk__gte=order.pk)
    for hours, (act, which, units) in enumerate([*steps, ("give for the order", 0, 1)], 1):
        lines = list(OrderLine.objects.filter(order__in=family).select_related("order").order_by("id"))
        does(act, lines[which % len(lines)], units, hours=hours)
    named = dict(Compensation.objects.values_list("pk", "covers"))
    Compensation.objects.update(covers={})
    fill(apps, None)
    assert dict(Compensation.objects.values_list("pk", "covers")) == named


def test_what_is_named_already_stays_and_nothing_is_named_where_there_is_no_gift() -> None:
    fill(apps, None)
    order = an_order((a_product(stock=3), 3), is_paid=True)
    does("give for the order", order.lines.get(), 1, hours=1)
    Compensation.objects.update(covers={"7": 1})
    fill(apps, None)
    assert Compensation.objects.get().covers == {"7": 1}
