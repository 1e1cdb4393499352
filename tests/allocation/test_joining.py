"""Joining at the tail is what the plan would have given the last in rank."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backorders.allocation.books import differences
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, an_order

pytestmark = pytest.mark.django_db

orders = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 1), st.integers(1, 6)), min_size=1, max_size=3),
        st.sampled_from([0, 3]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
lots = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(1, 8),
        st.none() | st.integers(2, 40),
        st.sampled_from(["confirmed", "unconfirmed"]),
    ),
    max_size=4,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(st.integers(0, 9), st.integers(0, 9)), lots, orders)
def test_a_full_replan_after_placing_changes_nothing(stock: tuple[int, int], coming: list, placed: list) -> None:
    products = [a_product(stock=units) for units in stock]
    for which, units, eta, confidence in coming:
        a_purchase(products[which], units, eta=eta, confidence=confidence)
    for wanted, tier, whole in placed:
        an_order(
            *((products[which], units) for which, units in wanted),
            customer=a_customer(tier=tier),
            is_ship_complete=whole,
        )
        assert list(differences(at=AT)) == []


def test_a_second_order_of_the_same_product_in_one_order_comes_after_the_first() -> None:
    product = a_product(stock=5)
    first, second = an_order((product, 4), (product, 4)).lines.order_by("id")
    assert (first.allocated, second.allocated) == (4, 1)
    assert a_line(product, 1).allocated == 0
