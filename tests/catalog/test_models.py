"""What we sell, and what can be sold instead."""

import pytest

from backorders.allocation.alternatives import Offer, lying_free
from backorders.catalog.models import Substitute
from backorders.orders.models import OrderLine
from tests.factories import a_line, a_product, a_warehouse, count

pytestmark = pytest.mark.django_db


def test_a_substitute_is_offered_if_enough_of_it_lies_available_the_best_first() -> None:
    product = a_product()
    second, best, few, retired = (
        a_product("SECOND", stock=5),
        a_product("BEST", stock=3),
        a_product("FEW", stock=1),
        a_product("RETIRED", stock=9, is_active=False),
    )
    count(best, 2, where=a_warehouse("OTHER", rank=2))
    for rank, other in ((2, second), (1, best), (1, few), (1, retired)):
        Substitute.objects.create(product=product, substitute=other, rank=rank)
    assert lying_free(product, quantity=5) == [
        Offer("BEST", "Product BEST", 5),
        Offer("SECOND", "Product SECOND", 5),
    ]
    a_line(best, 1)
    assert [offer.sku for offer in lying_free(product, quantity=5)] == ["SECOND"]
    assert lying_free(second, quantity=1) == []


def test_a_product_is_named_by_sku_and_name() -> None:
    product = a_product("AK-17", name="Aria Kettle")
    assert str(product) == "AK-17 Aria Kettle"
    assert str(product.category) == "Kitchen"
    assert str(Substitute(product=product, substitute=a_product("B"))) == "B Product B for AK-17 Aria Kettle"
    assert str(a_line(product, 1)).endswith(f"line {OrderLine.objects.get().pk}")
