"""Buying: what suppliers say, whom it moves, and what is refused."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import buying, checking, clock
from backorders.allocation.books import differences
from backorders.allocation.models import Promise, PromiseChange
from backorders.changes.models import ChangeSet
from backorders.refusal import Stale
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


def in_order(at: datetime.datetime = AT) -> None:
    assert list(differences(at=at)) == []


def test_ordering_goods_dates_those_who_wait() -> None:
    product = a_product()
    line = a_line(product, 5)
    assert expected(line) is None
    purchase = a_purchase(product, 9, eta=7)
    assert expected(line) is not None
    assert purchase.pegged == 5 or PurchaseLine.objects.get().pegged == 5
    assert EtaRevision.objects.get().new_on == day(7)
    in_order()


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
    in_order()


def test_an_eta_is_a_window_a_date_or_none() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    line = a_line(product, 5)
    wide = buying.EtaChange(purchase.pk, [buying.EtaPart(day(10), day(20))])
    buying.revise_eta([wide], reason_code="transport", by=None, at=AT)
    assert (expected(line)[1] - expected(line)[0]).days >= 7
    revise(purchase, (None, None), reason_code="silence")
    assert expected(line) is None
    in_order()


def test_an_unconfirmed_date_feeds_no_promise() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    line = a_line(product, 5)
    revise(purchase, (10, None), confidence="unconfirmed")
    assert expected(line) is None
    assert Promise.objects.get().uncovered == 0
    in_order()


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
    in_order()


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
    with pytest.raises(buying.Refused, match=sentence):
        revise(purchase, *parts)
    purchase.refresh_from_db()
    assert (purchase.eta_on, purchase.quantity, ChangeSet.objects.count()) == (day(10), 10, before)


def test_an_eta_before_the_order_date_or_backwards_is_refused() -> None:
    purchase = a_purchase(a_product(), 10)
    with pytest.raises(buying.BadEta, match="is in the past"):
        revise(purchase, (2, None), at=later(days=3))
    PurchaseOrder.objects.update(ordered_on=day(5))
    with pytest.raises(buying.BadEta, match="before the order date"):
        revise(purchase, (2, None))
    backwards = buying.EtaChange(purchase.pk, [buying.EtaPart(day(9), day(8))])
    with pytest.raises(buying.BadEta, match="before it starts"):
        buying.revise_eta([backwards], reason_code="transport", by=None, at=AT)
    with pytest.raises(buying.BadEta, match="not one of the reasons"):
        revise(purchase, (9, None), reason_code="aliens")
    with pytest.raises(buying.UnknownPurchaseLine):
        buying.revise_eta([buying.EtaChange(10**9, [buying.EtaPart(day(9))])], reason_code="transport", by=None, at=AT)


def test_one_bad_line_saves_none_of_them() -> None:
    product = a_product()
    good, bad = a_purchase(product, 5), a_purchase(product, 5)
    changes = [
        buying.EtaChange(good.pk, [buying.EtaPart(day(30))]),
        buying.EtaChange(bad.pk, [buying.EtaPart(day(-3))]),
    ]
    with pytest.raises(buying.BadEta):
        buying.revise_eta(changes, reason_code="transport", by=None, at=AT)
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
    change = buying.EtaChange(purchase.pk, [buying.EtaPart(day(10), quantity=4), buying.EtaPart(day(30), quantity=6)])
    with CaptureQueriesContext(connection) as captured:
        shown = buying.preview_eta([change], at=AT)
    assert not [q["sql"] for q in captured if q["sql"].startswith(("INSERT", "UPDATE", "DELETE")) or "FOR " in q["sql"]]
    done = buying.revise_eta([change], reason_code="production", by=None, at=AT)
    assert shown == done.impact
    assert shown.counts["later"] > 0


def test_closing_a_purchase_line_lets_its_pegs_fall_to_the_next() -> None:
    product = a_product()
    sooner, later_one = a_purchase(product, 5, eta=5), a_purchase(product, 3, eta=30)
    first, second = a_line(product, 3), a_line(product, 2)
    shown = buying.preview_close(sooner, at=AT)
    done = buying.close_purchase_line(sooner, reason="the supplier gave up", by=None, at=AT)
    assert shown == done.impact
    assert expected(first)[1] > day(30)
    assert expected(second) is None
    assert PurchaseLine.objects.get(pk=later_one.pk).pegged == 3
    with pytest.raises(checking.NotOpen):
        buying.close_purchase_line(sooner, reason="again", by=None, at=AT)
    in_order()


def test_a_change_made_by_sql_is_found_recorded_and_felt() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    line = a_line(product, 5)
    before = expected(line)
    assert buying.notice_unrecorded_etas(at=AT) is None
    PurchaseLine.objects.filter(pk=purchase.pk).update(eta_on=day(40), eta_until=day(40))
    done = buying.notice_unrecorded_etas(at=AT)
    assert [found.pk for found in done.made] == [purchase.pk]
    assert expected(line) > before
    assert EtaRevision.objects.first().old_on == day(10)
    assert buying.notice_unrecorded_etas(at=AT) is None
    PurchaseLine.objects.filter(pk=purchase.pk).update(eta_on=None, eta_until=None)
    assert buying.notice_unrecorded_etas(at=AT) is not None
    assert expected(line) is None
    in_order()


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
    in_order(later(days=16))
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


def test_of_two_acts_the_one_that_waited_for_the_lock_has_the_last_word() -> None:
    purchase = a_purchase(a_product(), 5)
    revise(purchase, (20, None), at=later(seconds=2))
    revise(purchase, (25, None), at=later(seconds=1))
    assert list(differences(at=later(seconds=3))) == []
    assert buying.notice_unrecorded_etas(at=later(seconds=3)) is None


def test_a_form_opened_before_a_change_by_sql_was_found_is_stale() -> None:
    purchase = a_purchase(a_product(), 5)
    PurchaseLine.objects.update(eta_on=day(20), eta_until=day(20))
    buying.notice_unrecorded_etas(at=AT)
    with pytest.raises(Stale, match="ETA found changed"):
        revise(purchase, (30, None), seen_version=purchase.version)
