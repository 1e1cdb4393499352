"""What the plan reads."""

import pytest

from backorders.allocation.reading import lot_of, read
from tests.factories import a_product, a_purchase, a_supplier, a_warehouse, receive

pytestmark = pytest.mark.django_db


def test_a_purchase_line_is_the_same_lot_by_itself_and_among_many() -> None:
    product = a_product()
    supplier = a_supplier(early_days=2, late_days=5, confirms_after_days=4)
    dated = a_purchase(product, 10, eta=30, supplier=supplier, where=a_warehouse("NORTH", rank=3))
    undated = a_purchase(product, 7, eta=None, supplier=supplier)
    receive(dated, 4)
    dated.refresh_from_db()
    lots = read([product.pk]).lots
    assert lots == {line.pk: lot_of(line) for line in (dated, undated)}
    assert (lots[dated.pk].outstanding, lots[dated.pk].warehouse_rank, lots[dated.pk].late_days) == (6, 3, 5)
