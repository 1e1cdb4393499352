"""Numbers that no column holds are refused with a sentence, on every database, and nothing is written."""

import pytest

from backorders.actions import moving, receiving, selling
from backorders.actions.accepting import UnknownProduct
from backorders.actions.checking import MOST_UNITS, NotWholeUnits
from backorders.allocation.books import differences
from backorders.catalog.models import Product
from backorders.orders.models import OrderLine
from backorders.supply.models import StockLevel, StockMovement
from tests.factories import AT, a_line, a_product, a_purchase, receive

pytestmark = pytest.mark.django_db


def a_full_level(product: Product) -> StockLevel:
    """What two hundred of the largest receipts there can be leave behind."""
    purchase = a_purchase(product, 1)
    receive(purchase, 1)
    level = StockLevel.objects.get(product=product)
    missing = moving.MOST_ON_HAND - level.on_hand
    StockLevel.objects.filter(pk=level.pk).update(on_hand=moving.MOST_ON_HAND)
    StockMovement.objects.create(
        stock_level=level, change_set=level.movements.get().change_set, kind="count", quantity=missing, at=AT
    )
    return level


def test_a_level_that_is_full_takes_no_more() -> None:
    product = a_product("AK-17")
    level = a_full_level(product)
    with pytest.raises(moving.TooMuchOnHand, match="would hold 2000000007 units; at most 2000000000 are kept"):
        receive(a_purchase(product, 7), 7)
    level.refresh_from_db()
    assert level.on_hand == moving.MOST_ON_HAND
    assert list(differences(at=AT)) == []


def test_many_lots_at_once_do_not_overflow_either() -> None:
    product = a_product()
    lots = [a_purchase(product, MOST_UNITS) for _ in range(3)]
    a_full_level(product)
    arrivals = [receiving.Arrival(lot.pk, MOST_UNITS, over=MOST_UNITS) for lot in lots]
    with pytest.raises(moving.TooMuchOnHand):
        receiving.receive(arrivals, by=None, at=AT)
    assert not sum(lot.received for lot in product.purchase_lines.exclude(received=1))


def test_a_line_that_was_raised_and_cancelled_again_and_again_has_an_end() -> None:
    line = a_line(a_product(price=0), 1)
    selling.change_quantity(line, quantity=MOST_UNITS, reason="x", by=None, at=AT)
    selling.cancel_line(line, quantity=MOST_UNITS - 1, reason="x", by=None, at=AT)
    with pytest.raises(NotWholeUnits, match="at most 10000000"):
        selling.change_quantity(line, quantity=MOST_UNITS, reason="x", by=None, at=AT)
    assert OrderLine.objects.get().open_quantity == 1


def test_a_product_that_is_not_sold_any_more_is_not_raised_but_may_be_lowered() -> None:
    line = a_line(a_product("AK-17"), 3)
    Product.objects.update(is_active=False)
    with pytest.raises(UnknownProduct, match="AK-17 is not sold any more"):
        selling.change_quantity(line, quantity=4, reason="x", by=None, at=AT)
    selling.change_quantity(line, quantity=2, reason="x", by=None, at=AT)
    assert OrderLine.objects.get().open_quantity == 2
