"""What suppliers say of their dates, and what it does."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import clock, etas, revising
from backorders.allocation.books import differences
from backorders.allocation.models import Promise, PromiseChange
from backorders.changes.models import ChangeSet
from backorders.refusal import Refused, Stale
from backorders.supply.models import EtaRevision, PurchaseLine, PurchaseOrder
from tests.factories import (
    AT,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_supplier,
    a_user,
    a_warehouse,
    day,
    expected,
    later,
    revise,
    state,
)

pytestmark = pytest.mark.django_db


def test_a_later_eta_moves_everyone_behind_it_and_is_remembered() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    line = a_line(product, 5)
    before = expected(line)
    done = revise(purchase, (24, None), note="a part is short", reason_code="part_shortage")
    assert expected(line) > before
    assert done.impact.counts["later"] == 1
    revision = EtaRevision.objects.first()
    assert (revision.old_on, revision.new_on, revision.reason_code) == (day(10), day(24), "part_shortage")
    change = PromiseChange.objects.get()
    assert ((change.old_from, change.old_until), (change.new_from, change.new_until)) == (before, expected(line))
    assert change.change_set == done.change_set
    assert list(differences(at=AT)) == []


def test_an_eta_is_a_window_a_date_or_none() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    line = a_line(product, 5)
    wide = etas.EtaChange(purchase.pk, [etas.EtaPart(day(10), day(20))])
    revising.revise_eta([wide], reason_code="transport", by=None, at=AT)
    assert (expected(line)[1] - expected(line)[0]).days >= 7
    revise(purchase, (None, None), reason_code="silence")
    assert expected(line) is None
    assert list(differences(at=AT)) == []


def test_an_unconfirmed_date_feeds_no_promise() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    line = a_line(product, 5)
    revise(purchase, (10, None), confidence="unconfirmed")
    assert expected(line) is None
    assert Promise.objects.get().uncovered == 0
    assert list(differences(at=AT)) == []


def test_a_split_gives_each_its_own_date() -> None:
    product = a_product()
    purchase = a_purchase(product, 10, eta=10)
    first, second = a_line(product, 6), a_line(product, 4)
    revise(purchase, (10, 6), (40, 4))
    parts = PurchaseLine.objects.order_by("id")
    assert [(part.quantity, part.eta_on, part.split_from_id) for part in parts] == [
        (6, day(10), None),
        (4, day(40), purchase.pk),
    ]
    assert expected(first) < expected(second)
    assert list(differences(at=AT)) == []


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([(-1, None)], "before the order date"),
        ([(10, 5)], "the parts are 5 units, but 10 are outstanding"),
        ([(10, 6), (20, 5)], "the parts are 11 units"),
        ([(10, 5), (20, None)], "whole number"),
        ([(10, 0), (20, 10)], "whole number"),
        ([], "give a date"),
    ],
)
def test_a_date_or_split_that_cannot_be_is_refused_and_nothing_is_written(
    parts: list[tuple[int | None, int | None]], sentence: str
) -> None:
    purchase = a_purchase(a_product(), 10)
    before = ChangeSet.objects.count()
    with pytest.raises(Refused, match=sentence):
        revise(purchase, *parts)
    purchase.refresh_from_db()
    assert (purchase.eta_on, purchase.quantity, ChangeSet.objects.count()) == (day(10), 10, before)


def test_an_eta_before_the_order_date_or_backwards_is_refused() -> None:
    purchase = a_purchase(a_product(), 10)
    with pytest.raises(etas.BadEta, match="is in the past"):
        revise(purchase, (2, None), at=later(days=3))
    PurchaseOrder.objects.update(ordered_on=day(5))
    with pytest.raises(etas.BadEta, match="before the order date"):
        revise(purchase, (2, None))
    backwards = etas.EtaChange(purchase.pk, [etas.EtaPart(day(9), day(8))])
    with pytest.raises(etas.BadEta, match="before it starts"):
        revising.revise_eta([backwards], reason_code="transport", by=None, at=AT)
    with pytest.raises(etas.BadEta, match="not one of the reasons"):
        revise(purchase, (9, None), reason_code="aliens")
    with pytest.raises(revising.UnknownPurchaseLine):
        revising.revise_eta([etas.EtaChange(10**9, [etas.EtaPart(day(9))])], reason_code="transport", by=None, at=AT)


def test_one_bad_line_saves_none_of_them() -> None:
    product = a_product()
    good, bad = a_purchase(product, 5), a_purchase(product, 5)
    changes = [
        etas.EtaChange(good.pk, [etas.EtaPart(day(30))]),
        etas.EtaChange(bad.pk, [etas.EtaPart(day(-3))]),
    ]
    with pytest.raises(etas.BadEta):
        revising.revise_eta(changes, reason_code="transport", by=None, at=AT)
    assert {line.eta_on for line in PurchaseLine.objects.all()} == {day(10)}


def test_the_second_of_two_editors_is_told_what_the_first_did() -> None:
    purchase, first = a_purchase(a_product(), 10), a_user()
    revise(purchase, (20, None), by=first)
    with pytest.raises(Stale, match=f"ETA changed by {first.username}.*its ETA is now {day(20):%-d %b %Y}"):
        revise(purchase, (30, None), seen_version=purchase.version)
    assert PurchaseLine.objects.get().eta_on == day(20)


def test_the_same_key_revises_once() -> None:
    purchase = a_purchase(a_product(), 10)
    for _ in range(2):
        revise(purchase, (20, None), key="supplier-mail-7")
    assert PurchaseLine.objects.get().version == 2
    assert EtaRevision.objects.filter(reason_code="production").count() == 1


def test_a_preview_is_the_act_without_writing() -> None:
    product = a_product(stock=2)
    purchase = a_purchase(product, 10, eta=10)
    for _ in range(4):
        a_line(product, 3)
    change = etas.EtaChange(purchase.pk, [etas.EtaPart(day(10), quantity=4), etas.EtaPart(day(30), quantity=6)])
    with CaptureQueriesContext(connection) as captured:
        shown = revising.preview_eta([change], at=AT)
    assert not [q["sql"] for q in captured if q["sql"].startswith(("INSERT", "UPDATE", "DELETE")) or "FOR " in q["sql"]]
    done = revising.revise_eta([change], reason_code="production", by=None, at=AT)
    assert shown == done.impact
    assert shown.counts["later"] > 0


def test_supplies_are_used_by_date_confidence_and_warehouse() -> None:
    product = a_product()
    second = a_warehouse("SECOND", rank=2)
    estimate = a_purchase(product, 1, eta=10, confidence="estimate")
    far = a_purchase(product, 1, eta=10, where=second)
    near = a_purchase(product, 1, eta=10)
    lines = [a_line(product, 1) for _ in range(3)]
    pegs = [line.allocations.get().purchase_line_id for line in lines]
    assert pegs == [near.pk, far.pk, estimate.pk]


def test_a_late_supplier_widens_the_window() -> None:
    product = a_product()
    a_purchase(product, 1, eta=10, supplier=a_supplier("Slow", early_days=3, late_days=9))
    line = a_line(product, 1)
    first, last = expected(line)
    assert first >= day(13)
    assert last >= day(19)
    assert not Promise.objects.get().is_estimate


def test_a_supplier_without_a_record_gives_an_estimate() -> None:
    product = a_product()
    a_purchase(product, 1, supplier=a_supplier("New", early_days=None, late_days=None))
    a_line(product, 1)
    assert Promise.objects.get().is_estimate


def test_a_date_long_past_is_believed_no_more() -> None:
    product = a_product()
    a_purchase(product, 5, eta=1)
    line = a_line(product, 5)
    clock.start_day(at=later(days=10))
    assert expected(line)[0] > day(10)
    clock.start_day(at=later(days=16))
    assert expected(line) is None
    assert list(differences(at=later(days=16))) == []
    changes = ChangeSet.objects.count()
    clock.start_day(at=later(days=16))
    assert ChangeSet.objects.count() == changes


def test_the_number_of_statements_does_not_grow_with_the_queue() -> None:
    counts = []
    for size in (3, 60):
        product = a_product()
        purchase = a_purchase(product, size, eta=10)
        who = a_customer()
        for _ in range(size):
            a_line(product, 1, customer=who)
        with CaptureQueriesContext(connection) as captured:
            revise(purchase, (30, None))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_who_did_it_is_on_record() -> None:
    buyer: User = a_user()
    purchase = a_purchase(a_product(), 5)
    change = revise(purchase, (20, None), by=buyer, note="by phone").change_set
    assert (change.act, change.by, change.source, change.reason) == ("revise_eta", buyer, "staff", "by phone")
    assert list(change.touches.values_list("kind", "object_id")) == [("purchase_order", purchase.purchase_order_id)]
    assert state(a_line(a_product(stock=1), 1)) == (1, 0, 0, 0)
