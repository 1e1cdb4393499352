"""Many rows in one statement, on both databases, with every kind of value."""

import datetime
import uuid
import zoneinfo
from collections.abc import Sequence
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from backorders import rows
from backorders.catalog.models import Category, Product
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change
from backorders.notifications.models import MailSwitch, Suppression
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine, StockLevel
from tests.factories import AT, a_line, a_product, a_purchase, day

pytestmark = pytest.mark.django_db


def test_values_of_every_kind_come_back_exactly() -> None:
    category = Category.objects.create(name="c")
    names = ['it\'s "quoted" \\ back', "ş İ ı שלום, {x} %s", "NULL"]
    fields = [
        "sku",
        "name",
        "category",
        "price",
        "cost",
        "currency",
        "weight_grams",
        "is_active",
        "handling_days",
        "backorder_policy",
        "backorder_limit",
    ]
    made = [
        (f"s{i}", name, category.pk, Decimal("19.90"), Decimal("0.10"), "EUR", 5, i == 0, 1, "limited", 7)
        for i, name in enumerate(names)
    ]
    with CaptureQueriesContext(connection) as captured:
        assert rows.insert(Product, fields, made) == 3
    assert len(captured) == 1
    assert list(Product.objects.order_by("sku").values_list(*fields)) == made


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL plans by counts that can be wrong")
def test_many_first_rows_are_counted_once_they_are_there() -> None:
    Category.objects.bulk_create(Category(name=f"c{number}") for number in range(321))
    rows.count_anew(Category, Product)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'catalog_category'::regclass")
        assert cursor.fetchone() == (321,)


def test_documents_moments_and_absent_values_come_back_exactly() -> None:
    document = {"a": [1, None, "it's \"\\"], "ş": True}
    moment = datetime.datetime(2026, 3, 29, 1, 30, 15, 123456, tzinfo=datetime.UTC)
    fields = ["act", "by", "source", "at", "reason", "key", "summary", "before"]
    rows.insert(ChangeSet, fields, [("x", None, "system", moment, "", None, document, {})])
    change = ChangeSet.objects.get()
    assert (change.by, change.at, change.key, change.summary) == (None, moment, None, document)


def test_identifiers_beyond_2_to_the_53_are_exact() -> None:
    change = ChangeSet.objects.create(act="x", source="system", at=AT)
    beyond = 2**53 + 1
    rows.insert(Touch, ["change_set", "kind", "object_id"], [(change.pk, "order", beyond)])
    assert Touch.objects.get().object_id == beyond
    rows.update(Touch, ["object_id", "kind"], [(beyond, "product")])
    assert Touch.objects.get().kind == "product"


def test_an_update_touches_only_its_rows_and_takes_dates_and_nothing() -> None:
    product = a_product()
    first, second = a_purchase(product, 1), a_purchase(product, 1)
    model = type(first)
    with CaptureQueriesContext(connection) as captured:
        rows.update(model, ["id", "eta_on", "eta_until"], [(first.pk, None, None)])
        rows.update(model, ["id", "eta_on", "eta_until"], [(second.pk, day(3), day(4))])
    assert len(captured) == 2
    assert list(model.objects.order_by("id").values_list("eta_on", "eta_until")) == [(None, None), (day(3), day(4))]


def test_a_uuid_is_kept_as_the_database_keeps_it() -> None:
    MailSwitch.objects.update_or_create(id=1, defaults={"instance_id": uuid.uuid4(), "changed_at": AT})
    other = uuid.uuid4()
    rows.update(MailSwitch, ["id", "instance_id"], [(1, other)])
    assert MailSwitch.objects.get(id=1).instance_id == other


def test_what_is_absent_is_absent_in_every_kind_of_column() -> None:
    product = a_product(backorder_limit=5)
    rows.update(Product, ["id", "backorder_limit", "longest_wait_days"], [(product.pk, None, 9)])
    product.refresh_from_db()
    assert (product.backorder_limit, product.longest_wait_days) == (None, 9)
    line, dates = a_line(a_product(), 2), ["id", "first_from", "first_until", "promise_number"]
    for values in ((day(1), day(2), 7), (None, None, None)):
        rows.update(OrderLine, dates, [(line.pk, *values)])
        line.refresh_from_db()
        assert (line.first_from, line.first_until, line.promise_number) == values
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert(ChangeSet, "act source at reason before summary".split(), [("x", "system", AT, "", None, {})])
    fields = ["address", "reason", "at", "lifted_at"]
    rows.insert(Suppression, fields, [("a", "bounce", AT, None), ("b", "bounce", AT, AT)])
    assert list(Suppression.objects.order_by("address").values_list("lifted_at", flat=True)) == [None, AT]


def test_the_largest_and_smallest_values_come_back_exactly() -> None:
    product = a_product()
    rows.update(Product, ["id", "price", "cost"], [(product.pk, Decimal("9999999999.99"), Decimal("0.00"))])
    product.refresh_from_db()
    assert (product.price, product.cost) == (Decimal("9999999999.99"), Decimal("0.00"))
    rows.update(Category, ["id", "usual_early_days"], [(product.category_id, -32_768)])
    assert Category.objects.get().usual_early_days == -32_768
    change = ChangeSet.objects.create(act="x", source="system", at=AT)
    rows.insert(Touch, ["change_set", "kind", "object_id"], [(change.pk, "order", n) for n in (2**63 - 1, -(2**63))])
    assert sorted(Touch.objects.values_list("object_id", flat=True)) == [-(2**63), 2**63 - 1]
    purchase = a_purchase(product, 1)
    rows.update(PurchaseLine, ["id", "eta_on", "eta_until"], [(purchase.pk, datetime.date.min, datetime.date.max)])
    purchase.refresh_from_db()
    assert (purchase.eta_on, purchase.eta_until) == (datetime.date.min, datetime.date.max)


def test_moments_of_any_zone_are_the_same_moment() -> None:
    istanbul = datetime.datetime(2026, 10, 25, 4, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Istanbul"))
    berlin = [datetime.datetime(2026, 10, 25, 2, 30, fold=n, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")) for n in (0, 1)]
    change = ChangeSet.objects.create(act="x", source="system", at=AT)
    for moment in (istanbul, *berlin):
        rows.update(ChangeSet, ["id", "at"], [(change.pk, moment)])
        change.refresh_from_db()
        assert change.at == moment.astimezone(datetime.UTC)


def test_a_thousand_rows_are_one_statement() -> None:
    change = ChangeSet.objects.create(act="x", source="system", at=AT)
    with CaptureQueriesContext(connection) as captured:
        rows.insert(Touch, ["change_set", "kind", "object_id"], [(change.pk, "order", n) for n in range(1000)])
        rows.update(Touch, ["object_id", "kind"], [(n, "product") for n in range(0, 1000, 2)])
        rows.delete(Touch, Touch.objects.filter(kind="order").order_by("id").values_list("id", flat=True))
    assert len(captured) == 4
    assert Touch.objects.filter(kind="product").count() == Touch.objects.count() == 500


def test_deleting_is_one_statement_and_nothing_is_none() -> None:
    touched = [
        Touch(change_set=ChangeSet.objects.create(act="x", source="system", at=AT), kind="order", object_id=i)
        for i in range(3)
    ]
    Touch.objects.bulk_create(touched)
    with CaptureQueriesContext(connection) as captured:
        assert rows.delete(Touch, [touched[0].pk, touched[2].pk]) == 2
        assert rows.delete(Touch, []) == rows.insert(Touch, ["kind"], []) == rows.update(Touch, ["id"], []) == 0
    assert len(captured) == 1
    assert Touch.objects.get().object_id == 1


def test_the_database_still_refuses_what_cannot_be() -> None:
    line = a_line(a_product(), 2)
    with pytest.raises(Exception, match="ordered_is_allocated_waiting_shipped_and_cancelled"):
        rows.update(OrderLine, ["id", "waiting"], [(line.pk, 1)])


def by_id(ids: Sequence[int]) -> QuerySet[OrderLine, tuple[int]]:
    return OrderLine.objects.filter(pk__in=ids).order_by("id").values_list("id")


def test_reading_by_ids_finds_these_rows_and_by_none_finds_none() -> None:
    lines = [a_line(a_product(), 1) for _ in range(3)]
    assert rows.select(by_id, [lines[2].pk, lines[0].pk]) == [(lines[0].pk,), (lines[2].pk,)]
    assert rows.select(by_id, []) == []


def test_a_record_is_created_as_its_save_would() -> None:
    before = {"n": [1, None, 'ö"\\']}
    made = rows.create(ChangeSet(act="count", source=Source.SYSTEM, at=AT, reason="x", before=before))
    known = ChangeSet.objects.get(pk=made.pk)
    assert (known.before, known.at, known.by, known.key) == (before, AT, None, None)
    assert not made._state.adding


def test_writes_sent_together_are_refused_as_one() -> None:
    product = a_product(stock=1)
    touched = Touch.objects.count()
    with pytest.raises(IntegrityError):
        _touch_and_promise_too_much(product)
    assert (Touch.objects.count(), StockLevel.objects.get(product=product).allocated) == (touched, 0)


@transaction.atomic
def _touch_and_promise_too_much(product: Product) -> None:
    change = open_change("count", by=None, at=AT)
    more = "UPDATE supply_stocklevel AS t SET allocated = t.allocated + {1} FROM {source} WHERE t.product_id = {0}"
    with rows.together():
        rows.insert(Touch, ["change_set", "kind", "object_id"], [(change.pk, "order", 1)])
        rows.run(more, StockLevel, ["product", "allocated"], [(product.pk, 2)])
