"""The mission's own example: stock 10, an order of 15, then an order of 5."""

import pytest

from backorders.actions.checking import NotWholeUnits
from backorders.allocation.books import differences
from backorders.allocation.places import Place, place_of
from backorders.orders.models import Order
from backorders.refusal import Refused
from backorders.supply.models import StockLevel
from tests.factories import AT, TODAY, a_line, a_product, a_purchase, an_order, receive, state

pytestmark = pytest.mark.django_db


def test_ten_units_fifteen_wanted_then_five() -> None:
    product = a_product(stock=10, price=1)
    first, second = a_line(product, 15), a_line(product, 5)

    assert state(first) == (10, 5, 0, 0)
    assert state(second) == (0, 5, 0, 0)
    assert StockLevel.objects.get().available == 0
    assert place_of(second, today=TODAY) == Place(2, 2, expedited=0, promised=1, bound=0, score=0, earlier=0)

    purchase = a_purchase(product, 7)
    receive(purchase, 7)

    assert state(first) == (15, 0, 0, 0)
    assert state(second) == (2, 3, 0, 0)
    assert list(differences(at=AT)) == []


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "2", True, None, 2**31])
def test_what_is_not_whole_units_is_refused_and_nothing_is_written(quantity: object) -> None:
    product = a_product(stock=10)
    with pytest.raises(NotWholeUnits, match="whole number"):
        an_order((product, quantity))  # type: ignore[arg-type]
    assert not Order.objects.exists()
    assert StockLevel.objects.get().available == 10


def test_the_last_unit_goes_to_one_order() -> None:
    product = a_product(stock=1, backorder_policy="never")
    an_order((product, 1))
    with pytest.raises(Refused, match="only 0 available"):
        an_order((product, 1))
