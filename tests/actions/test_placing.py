"""Placing orders."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    a_customer,
    a_line,
    a_product,
    a_purchase,
)

pytestmark = pytest.mark.django_db


def test_placing_is_as_short_behind_many_as_behind_few() -> None:
    counts = []
    for size in (3, 60):
        product = a_product()
        a_purchase(product, size + 5)
        who = a_customer()
        for _ in range(size):
            a_line(product, 1, customer=who)
        with CaptureQueriesContext(connection) as captured:
            a_line(product, 1, customer=who)
        counts.append(len(captured))
    assert counts[0] == counts[1]
