"""Buying: goods that are ordered, and what does not come."""

import pytest

from backorders.actions import buying, checking
from backorders.allocation.books import differences
from backorders.supply.models import EtaRevision, PurchaseLine
from tests.factories import (
    AT,
    a_line,
    a_product,
    a_purchase,
    day,
    expected,
)

pytestmark = pytest.mark.django_db


def test_ordering_goods_dates_those_who_wait() -> None:
    product = a_product()
    line = a_line(product, 5)
    assert expected(line) is None
    purchase = a_purchase(product, 9, eta=7)
    assert expected(line) is not None
    assert purchase.pegged == 5 or PurchaseLine.objects.get().pegged == 5
    assert EtaRevision.objects.get().new_on == day(7)
    assert list(differences(at=AT)) == []


def test_closing_a_purchase_line_lets_its_pegs_fall_to_the_next() -> None:
    product = a_product()
    sooner, later_one = a_purchase(product, 5, eta=5), a_purchase(product, 3, eta=30)
    first, second = a_line(product, 3), a_line(product, 2)
    shown = buying.preview_close(sooner, at=AT)
    done = buying.close_purchase_line(sooner, reason="the supplier gave up", by=None, at=AT)
    assert shown == done.impact
    assert expected(first)[1] > day(30)
    assert expected(second) is None
    assert PurchaseLine.objects.get(pk=later_one.pk).pegged == 3
    with pytest.raises(checking.NotOpen):
        buying.close_purchase_line(sooner, reason="again", by=None, at=AT)
    assert list(differences(at=AT)) == []
