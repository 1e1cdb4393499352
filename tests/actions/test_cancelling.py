"""Cancelling: who moves up, what is refused, what is paid back."""

import pytest

from backorders.actions import selling
from backorders.allocation.books import differences
from tests.factories import (
    AT,
    a_product,
    a_purchase,
    an_order,
    expected,
)

pytestmark = pytest.mark.django_db


def test_cancelling_frees_a_later_line_of_another_product_in_a_whole_order() -> None:
    one, two = a_product(), a_product()
    a_purchase(one, 5, eta=40)
    a_purchase(two, 5, eta=5)
    order = an_order((one, 2), (two, 2), is_ship_complete=True)
    first, second = order.lines.order_by("id")
    assert expected(first) == expected(second)
    late = expected(second)
    selling.cancel_line(first, reason="not needed", by=None, at=AT)
    assert expected(second) < late
    assert list(differences(at=AT)) == []
