"""What a plan rests on, read once: supplies with their dates, in a number of statements that does not grow."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.allocation.planning import Supply
from backorders.allocation.reading import calendars, makings_of, read, read_free
from backorders.allocation.windows import Window
from backorders.catalog.models import Category, Product
from backorders.supply.models import PurchaseLine
from tests.factories import (
    TODAY,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_supplier,
    a_warehouse,
    an_order,
    count,
    day,
)

pytestmark = pytest.mark.django_db


def supply(product: Product, *, today: datetime.date = TODAY) -> Supply:
    """The product's only supply."""
    (only,) = read([product.pk]).supplies([product.pk], today=today)[product.pk]
    return only


def at_once(product: Product) -> Product:
    Product.objects.filter(pk=product.pk).update(handling_days=0)
    return product


def test_stock_is_ready_after_the_products_handling_days() -> None:
    product = a_product(stock=5, handling_days=5)
    assert supply(product) == Supply(True, supply(product).id, 5, Window(day(7), day(7)), (0, 1, 0))


def test_a_lot_is_ready_when_its_supplier_lets_it_be() -> None:
    product = at_once(a_product())
    a_purchase(product, 5, eta=7, supplier=a_supplier("Late", early_days=1, late_days=10))
    assert supply(product).ready == Window(day(8), day(17))
    assert not supply(product).is_estimate


def test_without_a_record_the_categorys_usual_lateness_makes_an_estimate() -> None:
    category = Category.objects.create(name="Slow", usual_early_days=2, usual_late_days=9)
    product = at_once(a_product(category=category))
    a_purchase(product, 5, eta=7, supplier=a_supplier("New", early_days=None, late_days=None))
    assert supply(product).ready == Window(day(9), day(16))
    assert supply(product).is_estimate


@pytest.mark.parametrize(
    ("confidence", "eta", "is_dated", "comes_second", "is_estimate"),
    [
        ("confirmed", 7, True, False, False),
        ("estimate", 7, True, True, True),
        ("unconfirmed", 7, False, True, True),
        ("confirmed", None, False, False, False),
    ],
)
def test_what_is_not_sure_gives_no_date_or_an_estimate(
    confidence: str, eta: int | None, is_dated: bool, comes_second: bool, is_estimate: bool
) -> None:
    product = a_product()
    a_purchase(product, 5, eta=eta, confidence=confidence)
    found = supply(product)
    assert (found.ready is not None, found.preference[0], found.is_estimate) == (is_dated, comes_second, is_estimate)


@pytest.mark.parametrize(("days", "is_believed"), [(0, True), (7, True), (10, True), (11, False)])
def test_a_date_is_believed_for_as_long_past_due_as_its_supplier_deserves(days: int, is_believed: bool) -> None:
    product = at_once(a_product())
    a_purchase(product, 5, eta=0, supplier=a_supplier("Vague", confirms_after_days=10))
    found = supply(product, today=day(days))
    assert (found.ready is not None) == is_believed
    assert not found.ready or found.ready.first >= day(days)


def test_nothing_that_is_used_up_is_a_supply() -> None:
    product = a_product(stock=3)
    count(product, 0)
    purchase = a_purchase(product, 5)
    PurchaseLine.objects.filter(pk=purchase.pk).update(received=5)
    assert read([product.pk]).supplies([product.pk], today=TODAY)[product.pk] == []


def test_each_warehouse_keeps_its_own_holidays() -> None:
    product, near, far = a_product(handling_days=1), a_warehouse(), a_warehouse("FAR", rank=2)
    near.holidays.create(on=day(1))
    count(product, 1)
    count(product, 1, where=far)
    ready = {
        s.preference[1]: s.ready.first
        for s in read([product.pk]).supplies([product.pk], today=TODAY)[product.pk]
        if s.ready
    }
    assert ready == {1: day(2), 2: day(1)}
    assert calendars()[far.pk].holidays == frozenset()


def test_units_can_be_put_where_there_were_none() -> None:
    product, other = a_product(stock=2), a_warehouse("OTHER", rank=2)
    situation = read([product.pk])
    situation.add_stock(product.pk, a_warehouse(), 3)
    situation.add_stock(product.pk, other, 4)
    units = [found.quantity for found in situation.supplies([product.pk], today=TODAY)[product.pk]]
    assert sorted(units) == [4, 5]


def test_reading_takes_as_many_statements_for_many_lines_as_for_few() -> None:
    counts = []
    for lines in (1, 30):
        product, other = a_product(stock=5), a_product()
        a_purchase(product, 50)
        for _ in range(lines):
            a_line(product, 2, customer=a_customer("c"))
        an_order((product, 1), (other, 1), is_ship_complete=True)
        with CaptureQueriesContext(connection) as captured:
            situation = read([product.pk])
        assert len(situation.lines) == lines + 1
        assert [line.product_id for line in situation.siblings] == [other.pk]
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 7


def test_what_is_free_is_what_nobody_holds_and_no_more_is_read_than_is_wanted() -> None:
    product = a_product(stock=5)
    a_purchase(product, 9)
    a_line(product, 3)
    makings = makings_of([product])
    enough = read_free({product.pk: 2}, makings=makings)
    assert ([stock.on_hand for stock in enough.stocks.values()], enough.lots) == ([2], {})
    a_line(product, 6)
    short = read_free({product.pk: 9}, makings=makings)
    assert (list(short.stocks), [lot.outstanding for lot in short.lots.values()]) == ([], [5])
