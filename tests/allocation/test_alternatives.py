"""A customer is offered what arrives sooner, from units that nobody else's queue needs."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.allocation import alternatives
from backorders.allocation.alternatives import Alternative
from backorders.allocation.windows import Window
from backorders.catalog.models import Product, Substitute
from backorders.orders.models import OrderLine
from tests.factories import TODAY, a_line, a_product, a_purchase, a_supplier, an_order, day, expected

pytestmark = pytest.mark.django_db


def named(
    product: Product, *, eta: int | None = None, rank: int = 1, treatment: str = "lower", **fields: Any
) -> Product:
    """A product named as a substitute of another, with units in stock or on their way."""
    other = a_product(**fields)
    if eta is not None:
        a_purchase(other, 5, eta=eta)
    Substitute.objects.create(product=product, substitute=other, rank=rank, price_treatment=treatment)
    return other


def a_wait(*, eta: int | None = 30, units: int = 2) -> OrderLine:
    """A line that waits for goods in a month, or on no date."""
    product = a_product()
    a_purchase(product, 20, eta=eta)
    return a_line(product, units)


def offered(*lines: OrderLine) -> list[Product]:
    found = alternatives.offered_for(lines, today=TODAY)
    return [each.product for line in lines for each in found.get(line.pk, [])]


def test_what_lies_in_stock_is_offered_with_when_it_arrives() -> None:
    line = a_wait()
    other = named(line.product, stock=5, price=8)
    (only,) = alternatives.offered_for([line], today=TODAY)[line.pk]
    assert (only.product, only.units, only.free, only.is_in_stock) == (other, 2, 5, True)
    assert only.arrives is not None
    assert only.arrives.last < day(10) < expected(line)[1]  # type: ignore[index]
    assert only.price is not None
    assert only.price.back == 4


def test_what_comes_earlier_is_offered_and_what_comes_later_is_not() -> None:
    line = a_wait()
    sooner, _later = named(line.product, eta=10), named(line.product, eta=60)
    assert offered(line) == [sooner]
    (_first, second) = alternatives.named_for([line], today=TODAY)[line.pk]
    assert not second.is_offered


def test_the_same_day_is_not_sooner() -> None:
    one = Window(day(1), day(9))
    assert not alternatives.is_sooner(one, Window(day(3), day(9)))
    assert alternatives.is_sooner(one, Window(day(1), day(10)))


def test_any_date_beats_none_and_none_beats_nothing() -> None:
    line = a_wait(eta=None)
    dated, _undated = named(line.product, eta=90), named(line.product)
    assert offered(line) == [dated]


def test_units_that_its_own_queue_needs_are_not_offered() -> None:
    line = a_wait()
    in_stock, inbound = named(line.product, stock=3), named(line.product, eta=5)
    assert offered(line) == [in_stock, inbound]
    a_line(in_stock, 2)
    a_line(inbound, 4)
    assert offered(line) == []


def test_stock_and_what_comes_early_make_up_the_units_together() -> None:
    line = a_wait(units=4)
    other = named(line.product, stock=2, eta=6)
    (only,) = alternatives.offered_for([line], today=TODAY)[line.pk]
    assert (only.product, only.free, only.is_in_stock) == (other, 2, False)
    assert only.arrives is not None
    assert only.arrives.last > day(6)


@pytest.mark.parametrize(
    "policy",
    [{"backorder_policy": "never"}, {"backorder_policy": "limited", "backorder_limit": 1}, {"longest_wait_days": 3}],
)
def test_what_may_not_be_sold_before_it_arrives_is_not_offered(policy: dict[str, Any]) -> None:
    line = a_wait()
    other = named(line.product, eta=6, **policy)
    assert offered(line) == []
    a_purchase(other, 1)
    assert alternatives.named_for([line], today=TODAY)[line.pk][0].objection


def test_nothing_is_offered_that_leans_on_a_supplier_at_risk() -> None:
    line = a_wait()
    a_purchase(named(line.product), 5, eta=6, supplier=a_supplier("Risky", is_at_risk=True))
    assert offered(line) == []


def test_rank_comes_first_then_the_day() -> None:
    line = a_wait()
    last = named(line.product, stock=5, rank=2)
    slow, quick = named(line.product, eta=12), named(line.product, eta=6)
    assert offered(line) == [quick, slow, last]


def test_a_substitute_counts_in_one_direction_and_by_one_step() -> None:
    line = a_wait()
    other = named(line.product, eta=60)
    named(other, stock=5)
    Substitute.objects.create(product=a_product(stock=5), substitute=line.product)
    assert offered(line) == []


def test_what_is_sold_no_more_or_priced_otherwise_is_not_offered() -> None:
    line = a_wait()
    named(line.product, stock=5, is_active=False)
    named(line.product, stock=5, currency="TRY")
    assert offered(line) == []
    same = named(line.product, stock=5, currency="TRY", treatment="same")
    assert offered(line) == [same]


def test_an_order_that_is_sent_as_a_whole_comes_no_sooner_than_its_other_lines() -> None:
    first, second = a_product(), a_product()
    for product, eta in ((first, 20), (second, 40)):
        a_purchase(product, 5, eta=eta)
        named(product, stock=9)
    order = an_order((first, 1), (second, 1), is_ship_complete=True)
    early, late = order.lines.order_by("id")
    assert offered(early) == []
    assert len(offered(late)) == 1


def test_a_line_that_does_not_wait_is_offered_nothing() -> None:
    product = a_product(stock=5)
    named(product, stock=5)
    assert alternatives.named_for([a_line(product, 1)], today=TODAY) == {}


def test_the_number_of_statements_does_not_grow_with_the_lines() -> None:
    counts = []
    for many in (1, 12):
        lines = [a_wait() for _ in range(many)]
        for line in lines:
            named(line.product, stock=5)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert len(offered(*lines)) == many
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 9


def test_an_alternative_without_a_date_comes_last_among_equals() -> None:
    product = Product(pk=1)
    common: dict[str, Any] = {"line_id": 1, "instead_of": 2, "units": 1, "rank": 1, "free": 0, "expected": None}
    rest: dict[str, Any] = {"treatment": "same", "price": None, "currency": "EUR", "note": "", "objection": ""}
    dated = Alternative(product=product, arrives=Window(datetime.date.min, datetime.date.min), **common, **rest)
    undated = Alternative(product=product, arrives=None, **common, **rest)
    assert alternatives.ranked([undated, dated]) == [dated, undated]
