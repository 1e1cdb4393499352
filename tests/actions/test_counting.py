"""What was counted is on hand."""

import pytest

from backorders.actions import checking, counting
from backorders.allocation.books import differences
from tests.factories import (
    AT,
    a_line,
    a_product,
    a_warehouse,
    count,
    state,
)

pytestmark = pytest.mark.django_db


def test_a_count_below_what_is_allocated_takes_from_the_lowest_ranked() -> None:
    product = a_product(stock=6)
    lines = [a_line(product, 2) for _ in range(3)]
    shown = counting.preview_adjust(product, warehouse=a_warehouse(), counted=3, at=AT)
    done = counting.adjust_stock(product, warehouse=a_warehouse(), counted=3, reason="water", by=None, at=AT)
    assert shown == done.impact
    assert [state(line)[:2] for line in lines] == [(2, 0), (1, 1), (0, 2)]
    assert list(differences(at=AT)) == []
    count(product, 6)
    assert [state(line)[:2] for line in lines] == [(2, 0)] * 3
    with pytest.raises(checking.NotOpen, match="is 6 already"):
        count(product, 6)
