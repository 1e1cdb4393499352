"""Those who buy are asked for what nothing covers: how much it is now, once while they have not read it."""

import pytest

from backorders.access.checking import NotAllowed
from backorders.access.table import AUDITOR, PURCHASING, SERVICE
from backorders.actions import minding, wanting
from backorders.actions.wanting import NothingToBuy
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
