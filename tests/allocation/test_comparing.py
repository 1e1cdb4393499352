"""Rules are compared on the same goods: what each would serve, keep and break; nothing is written."""

import pytest

from backorders.actions import receiving
from backorders.allocation.models import Promise
from tests.actions.desk import stored, told
from tests.factories import AT, a_line, a_product, a_purchase

pytestmark = pytest.mark.django_db


def test_each_rule_says_whom_it_would_serve_and_which_promises_it_keeps() -> None:
    product = a_product()
    purchase = a_purchase(product, 3)
    large, small = a_line(product, 3), a_line(product, 1)
    told(large, first=1, last=60)
    told(small, first=1, last=10)
    Promise.objects.filter(line__in=[large, small]).update(is_open=True)
    before = stored()
    compared = {each.rule: each for each in receiving.compare_receive([receiving.Arrival(purchase.pk, 3)], at=AT)}
    assert stored() == before
    assert (compared["rank"].served, compared["rank"].complete) == (1, 1)
    assert (compared["smallest"].served, compared["smallest"].complete) == (2, 1)
    assert compared["oldest_promise"].kept == 1
    assert compared["first_come"].served == 1
