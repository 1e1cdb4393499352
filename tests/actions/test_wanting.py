"""Those who buy are asked for what nothing covers: how much it is now, once while they have not read it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.access.checking import NotAllowed
from backorders.access.table import AUDITOR, PURCHASING, SERVICE
from backorders.actions import minding, selling, wanting
from backorders.actions.wanting import NothingToBuy
from backorders.backoffice.notices import shown
from backorders.catalog.models import Product
from backorders.inbox.models import Notice
from tests.factories import AT, a_product, a_purchase, a_user, an_order, later

pytestmark = pytest.mark.django_db


def test_every_buyer_finds_how_many_units_of_which_product_nothing_covers() -> None:
    kettle, buyers, clerk = a_product(stock=1), {a_user(PURCHASING), a_user(PURCHASING)}, a_user(SERVICE)
    an_order((kettle, 5))
    an_order((kettle, 2))
    assert wanting.ask_to_buy(kettle, by=clerk, at=AT) == 2
    found = Notice.objects.all()
    assert {notice.person for notice in found} == buyers
    for notice in found:
        assert (notice.kind, notice.object_id) == (Notice.Kind.UNCOVERED, kettle.pk)
        assert notice.words == {"product": str(kettle), "units": 6, "person": clerk.get_username()}


def test_it_is_asked_once_while_unread_and_anew_when_it_was_read_or_more_is_missing() -> None:
    kettle, buyer, clerk = a_product(), a_user(PURCHASING), a_user(SERVICE)
    an_order((kettle, 5))
    wanting.ask_to_buy(kettle, by=clerk, at=AT)
    with pytest.raises(NothingToBuy, match="asked already"):
        wanting.ask_to_buy(kettle, by=clerk, at=later(minutes=1))
    assert Notice.objects.get().count == 1
    an_order((kettle, 2))
    wanting.ask_to_buy(kettle, by=clerk, at=later(minutes=2))
    notice = Notice.objects.get()
    assert notice.words["units"] == 7
    minding.mark_read([notice.pk], by=buyer, at=later(minutes=3))
    assert wanting.asked_for(kettle) is None
    wanting.ask_to_buy(kettle, by=clerk, at=later(minutes=4))
    assert wanting.asked_for(kettle) == Notice.objects.get(read_at=None)


def test_of_what_comes_nobody_is_asked() -> None:
    kettle, clerk = a_product(), a_user(SERVICE)
    an_order((kettle, 5))
    a_purchase(kettle, 5, eta=10)
    with pytest.raises(NothingToBuy, match="covered"):
        wanting.ask_to_buy(kettle, by=clerk, at=AT)
    with pytest.raises(NotAllowed):
        wanting.ask_to_buy(kettle, by=a_user(AUDITOR), at=AT)
    assert not Notice.objects.exists()


def test_goods_that_are_ordered_settle_what_they_cover_and_say_what_did() -> None:
    kettle, lamp, buyer = a_product(), a_product(), a_user(PURCHASING)
    for product in (kettle, lamp):
        an_order((product, 5))
        wanting.ask_to_buy(product, by=a_user(SERVICE), at=AT)
    a_purchase(kettle, 3, eta=10)
    assert asked(kettle).words["units"] == 2, "a part of them is covered"
    assert asked(kettle).read_at is None
    number = a_purchase(kettle, 2, eta=20).purchase_order.number
    assert (asked(kettle).read_at, asked(kettle).words["settled"]) == (AT, number)
    assert shown(asked(kettle)).sentence.endswith(f"Settled: {number} covers it.")
    assert wanting.asked_for(kettle) is None
    assert (asked(lamp).person, asked(lamp).read_at) == (buyer, None)


def test_what_is_covered_another_way_is_settled_by_the_clock() -> None:
    kettle = a_product()
    a_user(PURCHASING)
    order = an_order((kettle, 5))
    wanting.ask_to_buy(kettle, by=a_user(SERVICE), at=AT)
    assert wanting.settle_covered(at=later(minutes=1)) == 0
    assert asked(kettle).read_at is None
    selling.cancel_order(order, reason="x", by=None, at=later(minutes=2))
    assert wanting.settle_covered(at=later(minutes=3)) == 1
    assert asked(kettle).read_at == later(minutes=3)
    assert shown(asked(kettle)).sentence.endswith("Settled: nothing is uncovered any more.")


def test_more_that_is_uncovered_than_was_asked_for_changes_nothing_by_itself() -> None:
    kettle = a_product()
    a_user(PURCHASING)
    an_order((kettle, 5))
    wanting.ask_to_buy(kettle, by=a_user(SERVICE), at=AT)
    an_order((kettle, 4))
    assert wanting.settle_covered(at=later(minutes=1)) == 0
    assert asked(kettle).words["units"] == 5


def test_settling_takes_as_many_statements_for_many_as_for_one() -> None:
    for many in (1, 3):
        a_user(PURCHASING)
        products = [a_product() for _ in range(many)]
        orders = [an_order((product, 5)) for product in products]
        for product, order in zip(products, orders, strict=True):
            wanting.ask_to_buy(product, by=a_user(SERVICE), at=AT)
            selling.cancel_order(order, reason="x", by=None, at=later(minutes=2))
        with CaptureQueriesContext(connection) as found:
            assert wanting.settle_covered(at=later(minutes=3)) >= many
        assert len([each for each in found if "SAVEPOINT" not in each["sql"]]) == 3


def asked(product: Product) -> Notice:
    return Notice.objects.get(object_id=product.pk)


def test_an_order_that_began_before_the_buyers_were_asked_settles_it_all_the_same() -> None:
    kettle = a_product()
    a_user(PURCHASING)
    an_order((kettle, 5))
    wanting.ask_to_buy(kettle, by=a_user(SERVICE), at=later(minutes=1))
    a_purchase(kettle, 5, eta=10)
    assert asked(kettle).read_at == later(minutes=1), "nothing is read before it came"
