"""Rules are compared on the same goods: what each would serve, keep and break; nothing is written."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import receiving
from backorders.actions.reallocating import GoesBefore
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
    ahead = receiving.foresee_receive([receiving.Arrival(purchase.pk, 3)], most=9, at=AT)
    compared = {each.rule: each for each in ahead.rules}
    assert stored() == before
    assert (compared["rank"].served, compared["rank"].complete) == (1, 1)
    assert (compared["smallest"].served, compared["smallest"].complete) == (2, 1)
    assert compared["oldest_promise"].kept == 1
    assert compared["first_come"].served == 1


def test_comparing_reads_hardly_more_than_the_preview_and_is_of_the_queue_before_it_is_changed() -> None:
    product = a_product()
    arrivals = [receiving.Arrival(a_purchase(product, 3).pk, 3)]
    first, second = a_line(product, 3), a_line(product, 1)
    with CaptureQueriesContext(connection) as alone:
        receiving.preview_receive(arrivals, at=AT)
    with CaptureQueriesContext(connection) as compared:
        ahead = receiving.foresee_receive(arrivals, most=9, at=AT)
    assert len(compared) == len(alone) + 1  # what else orders wait for that get some
    moved = receiving.foresee_receive(arrivals, first=[GoesBefore(second.pk, first.pk)], most=9, at=AT)
    assert moved.by_hand
    assert moved.rules == ahead.rules
