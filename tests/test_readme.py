"""What the README shows of our code runs as it stands there."""

import re
from pathlib import Path
from typing import Any

import pytest

from backorders.actions.placing import NewLine, NumberTaken, place_order
from backorders.orders.models import Order
from tests.factories import AT, a_warehouse

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.django_db
def test_an_order_comes_in_once() -> None:
    a_warehouse()
    (block,) = BLOCKS
    known: dict[str, Any] = {}
    for _ in range(2):
        exec(block, known)  # noqa: S102
    placed = Order.objects.get()
    assert known["done"].made == placed
    assert [(line.product.sku, line.waiting) for line in placed.lines.all()] == [("AK-17", 2)]
    other = known["NewOrder"](**{**vars(known["order"]), "lines": [NewLine("AK-17", 3)]})
    with pytest.raises(NumberTaken):
        place_order(other, by=None, at=AT)
