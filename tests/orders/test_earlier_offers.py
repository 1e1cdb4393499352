"""Offers from before they stated what goes back: they say what their mails said, the whole difference."""

from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps

from backorders.orders.models import Offer, OrderLine
from tests.test_constraints import an_offer

pytestmark = pytest.mark.django_db

fill = import_module("backorders.orders.migrations.0017_what_an_offer_pays_back").fill


@pytest.mark.parametrize(("price", "back"), [("1.50", "25.50"), ("10.00", "0"), ("12.00", "0")])
def test_they_state_the_whole_difference_and_nothing_where_it_is_not_cheaper(price: str, back: str) -> None:
    an_offer()
    Offer.objects.update(price=Decimal(price), quantity=3)
    OrderLine.objects.update(price=10)
    fill(apps, None)
    assert Offer.objects.get().back == Decimal(back)
