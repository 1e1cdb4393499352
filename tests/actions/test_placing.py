"""Placing: what is promised, refused, and placed once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import accepting, placing
from backorders.allocation.books import differences
from backorders.allocation.models import Promise
from backorders.catalog.models import Product, Substitute
from backorders.changes.models import ChangeSet
from backorders.orders.models import Order, OrderLine
from backorders.supply.models import PurchaseLine, StockLevel
from tests.factories import (
    AT,
    a_carrier,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_supplier,
    an_order,
    count,
    day,
    expected,
    later,
    receive,
    state,
)

pytestmark = pytest.mark.django_db


def test_what_is_free_ships_now_and_the_rest_has_a_first_promise() -> None:
    product = a_product(stock=3)
    a_purchase(product, 10, eta=10)
    line = a_line(product, 5)
    assert state(line) == (3, 2, 0, 0)
    assert (line.first_from, line.first_until) == expected(line) != (None, None)
    assert line.promise_number == 1
    assert PurchaseLine.objects.get().pegged == 2
    assert list(differences(at=AT)) == []


def test_a_line_that_nothing_reaches_has_no_date() -> None:
    line = a_line(a_product(), 5)
    assert expected(line) is None
    assert Promise.objects.get().uncovered == 5
    assert line.promise_number is None


def test_a_ship_complete_order_is_dated_by_its_last_line() -> None:
    ready, waits = a_product(stock=5), a_product()
    a_purchase(waits, 5, eta=20)
    order = an_order((ready, 1), (waits, 1), is_ship_complete=True)
    first, second = order.lines.order_by("id")
    assert expected(first) == expected(second) == (first.first_from, first.first_until)
    assert first.first_until > day(20)
    assert list(differences(at=AT)) == []


def test_the_first_promise_stays_when_dates_move() -> None:
    product = a_product()
    purchase = a_purchase(product, 5)
    line = a_line(product, 5)
    promised = (line.first_from, line.first_until)
    receive(purchase, 5)
    line.refresh_from_db()
    assert (line.first_from, line.first_until) == promised != expected(line)


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({"backorder_policy": "never"}, "only 2 available"),
        ({"backorder_policy": "limited", "backorder_limit": 2}, "0 units wait already, and at most 2 may"),
        ({"backorder_policy": "inbound"}, "2 more than what is on its way"),
        ({"longest_wait_days": 5}, "no date can be given"),
    ],
)
def test_a_policy_refuses_and_names_what_is_in_stock_instead(policy: dict[str, object], sentence: str) -> None:
    product = a_product(stock=2, **policy)
    a_purchase(product, 1)
    other, none_left = a_product("OTHER", stock=5), a_product("NONE")
    Substitute.objects.create(product=product, substitute=other)
    Substitute.objects.create(product=product, substitute=none_left)
    with pytest.raises(accepting.NotAccepted, match=sentence) as refusal:
        an_order((product, 5))
    assert [offer.sku for offer in refusal.value.details["substitutes"]] == ["OTHER"]
    assert "In stock instead: OTHER" in str(refusal.value)
    assert not Order.objects.exists()
    assert StockLevel.objects.get(product=product).allocated == 0


def test_a_wait_longer_than_allowed_is_refused_and_a_shorter_one_is_not() -> None:
    product = a_product(longest_wait_days=20)
    a_purchase(product, 1, eta=3)
    a_purchase(product, 9, eta=60)
    assert a_line(product, 1).waiting == 1
    with pytest.raises(accepting.NotAccepted, match="at most 20 are allowed"):
        an_order((product, 1))


def test_no_new_backorder_leans_on_a_supplier_at_risk() -> None:
    product = a_product(stock=1)
    a_purchase(product, 9, supplier=a_supplier("Risky", is_at_risk=True))
    assert a_line(product, 1).allocated == 1
    with pytest.raises(accepting.NotAccepted, match="supplier is at risk"):
        an_order((product, 1))


def test_an_unknown_or_retired_product_is_refused() -> None:
    a_product("OLD", is_active=False)
    for sku, sentence in (("NOPE", "No product has the SKU NOPE"), ("OLD", "not sold any more")):
        with pytest.raises(accepting.UnknownProduct, match=sentence):
            an_order((sku, 1))  # type: ignore[arg-type]
    with pytest.raises(placing.NoLines):
        an_order()


def test_the_same_shop_order_arrives_once() -> None:
    product = a_product(stock=9)
    who = {"customer": a_customer(), "shop": "web", "external_id": "77", "number": "W-77"}
    first = an_order((product, 2), **who)
    assert an_order((product, 2), **who).pk == first.pk
    assert Order.objects.count() == OrderLine.objects.count() == 1
    with pytest.raises(placing.NumberTaken, match="other content"):
        an_order((product, 3), **who)
    assert an_order((product, 2), **{**who, "shop": "app", "number": "A-77"}).pk != first.pk


def test_a_key_places_once() -> None:
    product, who = a_product(stock=9), a_customer()
    new = placing.NewOrder("K-1", who, a_carrier(), [placing.NewLine(product, 1)])
    one = placing.place_order(new, key="form-1", by=None, at=AT)
    two = placing.place_order(new, key="form-1", by=None, at=AT)
    assert one.made == two.made
    assert ChangeSet.objects.filter(act="place_order").count() == 1


def test_a_newcomer_never_takes_what_the_queue_needs() -> None:
    product = a_product()
    a_purchase(product, 5, eta=10)
    told = a_line(product, 5)
    vip = a_line(product, 5, customer=a_customer(tier=3), at=later(hours=1))
    assert expected(told) is not None
    assert expected(vip) is None
    assert list(differences(at=AT)) == []


def test_a_newcomer_never_takes_what_another_holds_though_it_has_no_date() -> None:
    product = a_product(stock=10)
    plain = a_line(product, 15)
    vip = a_line(product, 5, customer=a_customer(tier=3))
    assert (state(plain), state(vip)) == ((10, 5, 0, 0), (0, 5, 0, 0))
    assert list(differences(at=AT)) == []


def test_names_in_any_script_are_stored_exactly() -> None:
    product = a_product("ş" * 200, name="מוצר لامع İıŞ", stock=1)
    line = a_line(product, 1, customer=a_customer("Ünïcödé שלום"))
    assert Product.objects.get().sku == "ş" * 200
    assert OrderLine.objects.get(pk=line.pk).order.customer.name == "Ünïcödé שלום"


def test_a_dated_newcomer_of_a_higher_tier_stays_behind_those_promised_before() -> None:
    product = a_product()
    a_purchase(product, 3, eta=5)
    a_purchase(product, 5, eta=30)
    plain = a_line(product, 4)
    vip = a_line(product, 4, customer=a_customer(tier=3), at=later(hours=1))
    assert (plain.promise_number, vip.promise_number) == (1, 2)
    assert list(differences(at=AT)) == []
    count(product, 4)
    assert (state(plain)[0], state(vip)[0]) == (4, 0)


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
