"""Followers find in their inbox what others did with a thing since they followed it: once, in flat statements."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import minding, queueing
from backorders.desk.following import OLDEST, SETTLED, followed, tell_followers
from backorders.desk.models import Follow
from backorders.inbox.models import Notice
from backorders.orders.models import Order, OrderLine
from tests.factories import AT, a_line, a_product, a_purchase, a_user, count, later, receive, revise

pytestmark = pytest.mark.django_db

Thing = Follow.Thing
DONE = later(minutes=10)
TOLD = DONE + SETTLED


def held(line: OrderLine, *, by: object = None, at: datetime.datetime = DONE) -> None:
    queueing.hold(line, reason="payment", by=by, at=at)  # type: ignore[arg-type]


def notices() -> list[tuple[int, int | None, int]]:
    return list(Notice.objects.filter(kind="followed").order_by("id").values_list("person", "object_id", "count"))


def test_a_follower_hears_of_an_order_what_others_did_and_hears_it_once() -> None:
    line, reader = a_line(a_product(), 1), a_user()
    minding.follow(Thing.ORDER, line.order_id, name="Order 1", by=reader, at=AT)
    assert list(Order.objects.filter(followed(Thing.ORDER, by=reader))) == [line.order]
    held(line)
    assert [tell_followers(at=at) for at in (TOLD, TOLD, later(hours=1))] == [1, 0, 0]
    notice = Notice.objects.get(kind="followed")
    assert (notice.person, notice.object_id, notice.count) == (reader, line.order_id, 1)
    assert notice.words["acts"] == ["hold"]
    queueing.release(line, reason="paid", by=None, at=later(minutes=30))
    assert tell_followers(at=later(hours=1)) == 1
    notice.refresh_from_db()
    assert (notice.count, notice.words["acts"]) == (2, ["release", "hold"]), "what lies unread is not forgotten"


def test_what_is_too_young_waits_and_what_is_too_old_is_told_to_nobody() -> None:
    line, reader = a_line(a_product(), 1), a_user()
    minding.follow(Thing.ORDER, line.order_id, name="Order 1", by=reader, at=AT)
    held(line)
    assert tell_followers(at=DONE) == 0
    assert tell_followers(at=DONE + OLDEST + SETTLED) == 0
    assert tell_followers(at=TOLD) == 1


def test_nobody_hears_of_their_own_acts_of_the_past_or_of_what_they_left() -> None:
    line = a_line(a_product(), 1)
    doer, late, left, reader = (a_user() for _ in range(4))
    for person in (doer, left, reader):
        minding.follow(Thing.ORDER, line.order_id, name="Order 1", by=person, at=AT)
    held(line, by=doer)
    minding.follow(Thing.ORDER, line.order_id, name="Order 1", by=late, at=later(minutes=11))
    assert minding.unfollow(Thing.ORDER, line.order_id, by=left)
    assert tell_followers(at=TOLD) == 1
    assert notices() == [(reader.pk, line.order_id, 1)]


def test_a_changed_eta_is_heard_by_followers_of_its_order_product_and_purchase_order_alike() -> None:
    product, reader = a_product(), a_user()
    purchase, line = a_purchase(product, 5, eta=10), a_line(product, 1)
    things = [
        (Thing.ORDER, line.order_id),
        (Thing.PRODUCT, product.pk),
        (Thing.PURCHASE_ORDER, purchase.purchase_order_id),
    ]
    for thing, pk in things:
        minding.follow(thing, pk, name=thing.label, by=reader, at=AT)
    revise(purchase, (20, 5), at=DONE)
    assert tell_followers(at=TOLD) == 3
    told = {notice.key: notice.words for notice in Notice.objects.filter(kind="followed")}
    assert set(told) == {f"follow:{thing}:{pk}" for thing, pk in things}
    assert all(words["acts"] == ["revise_eta"] for words in told.values())
    assert told[f"follow:order:{line.order_id}"]["is_move"]


def test_of_a_product_receipts_and_counts_are_heard() -> None:
    product, reader = a_product(), a_user()
    purchase = a_purchase(product, 5, eta=10)
    minding.follow(Thing.PRODUCT, product.pk, name="Kettle", by=reader, at=AT)
    receive(purchase, 5, at=DONE)
    count(product, 7, at=later(minutes=12))
    assert tell_followers(at=later(minutes=15)) == 1
    notice = Notice.objects.get(kind="followed")
    assert (notice.count, notice.words["acts"]) == (2, ["adjust_stock", "receive"])


def test_many_followed_things_that_one_act_changed_need_no_more_statements() -> None:
    def statements(number: int) -> int:
        product = a_product()
        purchase = a_purchase(product, 200, eta=10)
        lines = [a_line(product, 1) for _ in range(number)]
        for line in lines:
            minding.follow(Thing.ORDER, line.order_id, name="Order", by=a_user(), at=AT)
        revise(purchase, (20, 200), at=DONE)
        with CaptureQueriesContext(connection) as queries:
            assert tell_followers(at=TOLD) == number
        return len(queries)

    assert statements(12) == statements(2)


def test_an_act_that_nobody_follows_costs_the_clock_four_statements() -> None:
    held(a_line(a_product(), 1))
    with CaptureQueriesContext(connection) as queries:
        assert tell_followers(at=TOLD) == 0
    assert sum(query["sql"].startswith("SELECT") for query in queries) == 4
