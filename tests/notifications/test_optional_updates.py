"""Whoever wants only what they need to know hears of later dates and of none, not of good news or of nothing new."""

import pytest

from backorders.notifications.announcing import announce_due
from backorders.notifications.models import Message, NextUpdate
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine
from tests.factories import a_customer, a_product, later, revise
from tests.notifications.desk import announce, promise, tell
from tests.notifications.test_announcing import a_told_line

pytestmark = pytest.mark.django_db


def quiet_customer(*, eta: int = 30) -> tuple[PurchaseLine, OrderLine]:
    return a_told_line(eta=eta, product=a_product(), customer=a_customer(wants_all_updates=False))


def kinds() -> list[str]:
    return list(Message.objects.exclude(kind="confirmation").order_by("id").values_list("kind", flat=True))


def test_good_news_is_not_written() -> None:
    purchase, line = quiet_customer()
    revise(purchase, (12, None))
    announce(later(minutes=10))
    assert kinds() == []
    assert not promise(line).is_untold, "it was weighed, so nobody has to be told"


def test_a_later_date_is_written() -> None:
    purchase, _line = quiet_customer()
    revise(purchase, (60, None))
    announce(later(minutes=10))
    assert kinds() == ["later"]


def test_that_the_date_is_near_is_not_written_and_asked_again_later() -> None:
    _purchase, line = quiet_customer(eta=10)
    due = NextUpdate.objects.get(line=line).on
    for days in range(1, 12):
        announce_due(at=later(days=days))
    assert kinds() == []
    assert NextUpdate.objects.get(line=line).on > due


def test_that_there_is_still_no_date_is_written_as_promised() -> None:
    purchase, _line = quiet_customer()
    revise(purchase, (None, None))
    tell(later(minutes=10))
    for days in range(1, 20):
        tell(later(days=days))
    assert kinds()[0] == "no_date"
    assert len(kinds()) >= 2
