"""Selling: what is placed, refused, cancelled, changed, put first and held."""

from decimal import Decimal

import pytest

from backorders.actions import accepting, checking, placing, selling, shipping
from backorders.allocation.books import differences
from backorders.allocation.models import Promise
from backorders.catalog.models import Product, Substitute
from backorders.changes.models import ChangeSet
from backorders.orders.models import Cancellation, Order, OrderLine, Refund
from backorders.refusal import Stale
from backorders.supply.models import PurchaseLine, StockLevel
from tests.factories import (
    AT,
    a_carrier,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_supplier,
    a_user,
    an_order,
    count,
    day,
    expected,
    later,
    receive,
    state,
)

pytestmark = pytest.mark.django_db


def in_order() -> None:
    assert list(differences(at=AT)) == []


def test_what_is_free_ships_now_and_the_rest_has_a_first_promise() -> None:
    product = a_product(stock=3)
    a_purchase(product, 10, eta=10)
    line = a_line(product, 5)
    assert state(line) == (3, 2, 0, 0)
    assert (line.first_from, line.first_until) == expected(line) != (None, None)
    assert line.promise_number == 1
    assert PurchaseLine.objects.get().pegged == 2
    in_order()


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
    in_order()


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
    in_order()


def test_a_newcomer_never_takes_what_another_holds_though_it_has_no_date() -> None:
    product = a_product(stock=10)
    plain = a_line(product, 15)
    vip = a_line(product, 5, customer=a_customer(tier=3))
    assert (state(plain), state(vip)) == ((10, 5, 0, 0), (0, 5, 0, 0))
    in_order()


def test_cancelling_the_waiting_moves_the_queue_up_and_makes_no_stock() -> None:
    product = a_product(stock=2)
    a_purchase(product, 3, eta=10)
    a_purchase(product, 9, eta=40)
    first, second = a_line(product, 5), a_line(product, 3)
    before = expected(second)
    done = selling.cancel_line(first, quantity=3, reason="too long", by=None, at=AT)
    assert state(first) == (2, 0, 0, 3)
    assert expected(second) < before
    assert done.impact.counts["earlier"] >= 1
    assert StockLevel.objects.get().on_hand == 2
    in_order()


def test_cancelling_allocated_units_serves_the_next_in_rank() -> None:
    product = a_product(stock=5)
    first, second = a_line(product, 5), a_line(product, 3)
    selling.cancel_line(first, reason="changed my mind", by=None, at=AT)
    assert state(first) == (0, 0, 0, 5)
    assert state(second) == (3, 0, 0, 0)
    assert StockLevel.objects.get().available == 2
    in_order()


def test_a_paid_order_is_owed_a_refund() -> None:
    product = a_product(price=Decimal("19.90"))
    order = an_order((product, 4), is_paid=True)
    selling.cancel_line(order.lines.get(), quantity=3, reason="too long", by=None, at=AT)
    refund = Refund.objects.get()
    assert (refund.amount, refund.currency, refund.due_at) == (Decimal("59.70"), "EUR", later(days=7))


def test_cancelling_an_order_cancels_all_that_is_open() -> None:
    one, two = a_product(stock=5), a_product()
    order = an_order((one, 2), (two, 3))
    selling.cancel_order(order, reason="closed the shop", by=None, at=AT)
    assert [state(line) for line in order.lines.order_by("id")] == [(0, 0, 0, 2), (0, 0, 0, 3)]
    assert Cancellation.objects.count() == 2
    with pytest.raises(selling.NotCancellable, match="Nothing on order"):
        selling.cancel_order(order, reason="again", by=None, at=AT)


def test_what_was_shipped_cannot_be_cancelled() -> None:
    line = a_line(a_product(stock=5), 5)
    shipping.ship(line.order, units=[(line.pk, 5)], by=None, at=AT)
    changes = ChangeSet.objects.count()
    with pytest.raises(selling.NotCancellable, match="what was shipped cannot be cancelled"):
        selling.cancel_line(line, reason="late", by=None, at=AT)
    with pytest.raises(selling.NotCancellable):
        selling.cancel_order(line.order, reason="late", by=None, at=AT)
    assert ChangeSet.objects.count() == changes


@pytest.mark.parametrize("quantity", [0, -2, 1.5, 6])
def test_a_cancelled_quantity_must_be_open_units(quantity: float) -> None:
    line = a_line(a_product(), 5)
    with pytest.raises((checking.NotWholeUnits, selling.NotCancellable)):
        selling.cancel_line(line, quantity=quantity, reason="x", by=None, at=AT)  # type: ignore[arg-type]
    assert state(line) == (0, 5, 0, 0)


def test_a_reason_is_asked_for() -> None:
    line = a_line(a_product(), 5)
    with pytest.raises(checking.NoReason):
        selling.expedite(line, reason="  ", by=None, at=AT)
    assert not OrderLine.objects.get().is_expedited


def test_a_form_that_saw_an_older_order_is_told_what_happened() -> None:
    line = a_line(a_product(), 5)
    seen, mert = line.order.version, a_user(first_name="Mert")
    selling.cancel_line(line, quantity=1, reason="x", by=mert, at=AT)
    with pytest.raises(Stale, match=rf"Cancelled by {mert.username}"):
        selling.cancel_line(line, quantity=1, reason="y", seen_version=seen, by=None, at=AT)
    assert state(line) == (0, 4, 0, 1)


def test_more_joins_at_the_old_place_and_less_is_a_cancellation() -> None:
    product = a_product()
    a_purchase(product, 10)
    first, second = a_line(product, 4), a_line(product, 6)
    selling.change_quantity(first, quantity=6, reason="two more", by=None, at=AT)
    assert state(first) == (0, 6, 0, 0)
    assert Promise.objects.get(line=second).uncovered == 2
    selling.change_quantity(first, quantity=3, reason="fewer", by=None, at=AT)
    first.refresh_from_db()
    assert (first.quantity, first.cancelled, first.waiting) == (6, 3, 3)
    assert Promise.objects.get(line=second).uncovered == 0
    with pytest.raises(checking.NotOpen, match="already 3"):
        selling.change_quantity(first, quantity=3, reason="same", by=None, at=AT)
    in_order()


def test_an_expedited_line_goes_first_and_those_who_lose_are_named() -> None:
    product = a_product(stock=2)
    first, second = a_line(product, 2), a_line(product, 2)
    shown = selling.preview_expedite(second, at=AT)
    assert state(first) == (2, 0, 0, 0)
    done = selling.expedite(second, reason="hospital", by=None, at=AT)
    assert done.impact == shown
    assert [served.line_id for served in done.impact.lost] == [first.pk]
    assert (state(first), state(second)) == ((0, 2, 0, 0), (2, 0, 0, 0))
    in_order()


def test_a_held_line_is_served_nothing_and_keeps_its_place() -> None:
    product = a_product(stock=2)
    first, second = a_line(product, 2), a_line(product, 2)
    promised = expected(first)
    selling.hold(first, reason="payment review", by=None, at=AT)
    assert (state(first), state(second)) == ((0, 2, 0, 0), (2, 0, 0, 0))
    assert expected(first) == promised
    in_order()
    selling.release(first, reason="paid", by=None, at=AT)
    assert (state(first), state(second)) == ((2, 0, 0, 0), (0, 2, 0, 0))
    in_order()


def test_equal_rank_is_decided_by_the_line_id() -> None:
    product = a_product()
    lines = [a_line(product, 1) for _ in range(3)]
    count(product, 2)
    assert [state(line)[0] for line in lines] == [1, 1, 0]


def test_nobody_is_overtaken_for_ever() -> None:
    product = a_product(price=1)
    patient = a_line(product, 1)
    for number in range(4):
        a_line(product, 1, customer=a_customer(tier=3), at=later(hours=number + 1))
        level = StockLevel.objects.filter(product=product).first()
        count(product, (level.on_hand if level else 0) + 1)
    assert state(patient) == (1, 0, 0, 0)
    patient.refresh_from_db()
    assert patient.overtaken == 3
    in_order()


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
    in_order()
    count(product, 4)
    assert (state(plain)[0], state(vip)[0]) == (4, 0)


@pytest.mark.parametrize("verb", ["expedite", "hold", "cancel_line"])
def test_a_preview_looks_at_what_the_act_looks_at_in_a_whole_order_too(verb: str) -> None:
    one, two = a_product(stock=1), a_product(stock=5)
    order = an_order((one, 2), (two, 2), is_ship_complete=True)
    a_line(two, 9)
    line = order.lines.get(product=two)
    shown = getattr(selling, f"preview_{verb.removesuffix('_line')}")(line, at=AT)
    assert getattr(selling, verb)(line, reason="x", by=None, at=AT).impact == shown
