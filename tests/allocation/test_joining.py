"""Joining at the tail is what the plan would have given the newcomer: a full replan right after changes nothing."""

import contextlib
import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backorders.actions import placing, queueing
from backorders.actions.checking import NotOpen
from backorders.allocation import joining
from backorders.allocation.books import plan_differences
from backorders.allocation.models import Promise
from backorders.allocation.replanning import replan
from backorders.catalog.models import Product
from backorders.changes.recording import open_change
from backorders.orders.models import OrderLine
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_warehouse, an_order, count, day

pytestmark = pytest.mark.django_db


class RolledBack(Exception):
    """Leaves the transaction of one example."""


@contextlib.contextmanager
def one_example() -> Iterator[None]:
    with contextlib.suppress(RolledBack), transaction.atomic():
        yield
        raise RolledBack


def agrees(product: Product, at: datetime.datetime) -> None:
    """Nothing that was written for the product differs from its plan, and planning it again moves nobody."""
    assert list(plan_differences(product.pk, at=at)) == []
    impact = replan([product.pk], change_set=open_change("replan", by=None, at=at), at=at)
    assert impact.moves == impact.served == impact.lost == []


wanted = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 25)), min_size=1, max_size=3)
# A placed order: what, how dear the customer is, whole or not, and minutes by which its clock is off.
ordering = st.tuples(st.just("place"), wanted, st.sampled_from([0, 3]), st.booleans(), st.integers(-5, 5))
flagging = st.tuples(st.sampled_from(["expedite", "hold", "tell"]), st.integers(0, 9))
lots = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(1, 30),
        st.none() | st.integers(2, 40),
        st.sampled_from(["confirmed", "unconfirmed"]),
        st.integers(1, 2),
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.tuples(st.integers(0, 20), st.integers(0, 20)), lots, st.lists(ordering | flagging, min_size=1, max_size=8))
def test_a_full_replan_after_placing_changes_nothing(
    stock: tuple[int, int], coming: list[Any], steps: list[Any]
) -> None:
    with one_example():
        products = [a_product(stock=units) for units in stock]
        houses = {1: a_warehouse(), 2: a_warehouse("SECOND", rank=2)}
        for which, units, eta, confidence, house in coming:
            a_purchase(products[which], units, eta=eta, confidence=confidence, where=houses[house])
        for verb, *how in steps:
            if verb == "place":
                lines, tier, whole, minutes = how
                at = AT + datetime.timedelta(minutes=minutes)
                pairs = [(products[which], units) for which, units in lines]
                an_order(*pairs, customer=a_customer(tier=tier), is_ship_complete=whole, at=at)
            elif line := OrderLine.objects.order_by("id")[how[0] : how[0] + 1].first():
                if verb == "tell":  # what telling leaves behind, before the next order comes
                    Promise.objects.filter(pk=line.pk).update(told_from=day(1), told_until=day(60), told_at=AT)
                    replan([line.product_id], change_set=open_change("replan", by=None, at=AT), at=AT)
                else:
                    with contextlib.suppress(NotOpen):  # it is expedited or held already
                        getattr(queueing, verb)(line, reason="x", by=None, at=AT)
            for product in products:
                agrees(product, AT)


def test_a_second_line_of_the_same_product_in_one_order_comes_after_the_first() -> None:
    product = a_product(stock=5)
    first, second = an_order((product, 4), (product, 4)).lines.order_by("id")
    assert (first.allocated, second.allocated) == (4, 1)
    assert a_line(product, 1).allocated == 0


def test_of_two_lines_of_one_order_the_dearer_one_is_served_first() -> None:
    product = a_product(stock=30)
    few, many = an_order((product, 5), (product, 60)).lines.order_by("id")
    assert (few.allocated, many.allocated) == (0, 30)
    agrees(product, AT)


def test_whoever_holds_units_keeps_them_against_a_better_newcomer_and_an_older_one() -> None:
    product = a_product(stock=10)
    a_purchase(product, 3, eta=None)
    holder = a_line(product, 15)
    better = a_line(product, 5, customer=a_customer(tier=3))
    older = a_line(product, 1, at=AT - datetime.timedelta(minutes=1))
    held = [Promise.objects.get(line=line).uncovered for line in (holder, better, older)]
    assert [(line.allocated, n) for line, n in zip((holder, better, older), held, strict=True)] == [
        (10, 2),
        (0, 5),
        (0, 1),
    ]
    agrees(product, AT)
    count(product, 14)
    assert [OrderLine.objects.get(pk=line.pk).allocated for line in (holder, better, older)] == [14, 0, 0]


def test_a_newcomer_is_given_stock_that_a_whole_order_can_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    at_tail: list[bool] = []

    def asked(newcomers: Any) -> bool:
        at_tail.append(joining.belongs_at_tail(newcomers))
        return at_tail[-1]

    monkeypatch.setattr(placing, "belongs_at_tail", asked)
    product = a_product()
    a_purchase(product, 20, eta=10)
    head = an_order((product, 15), is_ship_complete=True).lines.get()
    Promise.objects.filter(pk=head.pk).update(told_from=day(1), told_until=day(60), told_at=AT)
    count(product, 8)
    head.refresh_from_db()
    assert head.allocated == 8
    assert a_line(product, 5).allocated == 5
    assert at_tail == [True, False]
    agrees(product, AT)
