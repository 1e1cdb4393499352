"""Overdue goods: their customers hear of it once, then once a week, then that there is no date; never day by day."""

import itertools

import pytest

from backorders.actions import clock
from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.notifications.books import differences
from backorders.notifications.models import Message, MessageLine
from backorders.notifications.policy import TELLING
from backorders.orders.models import OrderLine
from tests.factories import AT, a_carrier, a_line, a_product, a_purchase, a_supplier, later, receive, revise
from tests.notifications.desk import promise, tell

pytestmark = pytest.mark.django_db

Told = list[tuple[str, int]]


def live(days: range) -> Told:
    """The mails of these days by kind and day: each begins with its plan, and mail leaves twice a day.

    On every evening everybody is told what we believe, or what differs is not worth a mail, or was written to lately.
    """
    made: list[Message] = []
    for number in days:
        clock.start_day(at=later(days=number))
        for hours in (1, 8):
            made_at = later(days=number, hours=hours)
            told = tell(made_at)
            assert not MessageLine.objects.filter(message__in=told, window_until__lt=business_day(made_at)).exists()
            made += told
        heard_lately = Message.objects.filter(created_at__gt=made_at - TELLING.cap)
        assert heard_lately.exists() or not Promise.objects.untold().exists()
        assert list(differences()) == []
    return [(message.kind, (message.created_at - AT).days) for message in made]


def a_line_that_waits(*, eta: int, transit_days: int = 2, handling_days: int = 1) -> OrderLine:
    product = a_product(handling_days=handling_days)
    a_purchase(product, 5, eta=eta)
    line = a_line(product, 5, carrier=a_carrier(f"{transit_days} days", transit_days=transit_days))
    tell(AT)
    return line


def test_sixty_days_of_goods_that_do_not_come_make_six_mails() -> None:
    """The reminder, two dates a week apart, that nobody knows any more, and that twice again after long silence."""
    line = a_line_that_waits(eta=8)
    assert live(range(1, 61)) == [
        ("approaching", 8),
        ("later", 9),
        ("later", 16),
        ("no_date", 23),
        ("heartbeat", 37),
        ("heartbeat", 51),
    ]
    assert promise(line).told_until is None


def test_goods_that_lie_ready_and_do_not_leave_are_announced_for_no_day_that_has_passed() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    line = a_line(product, 5)
    tell(AT)
    receive(purchase, 5, at=later(days=9))
    assert live(range(9, 60)) == [("earlier", 9)]
    assert promise(line).told_until == promise(line).expected_until


@pytest.mark.parametrize("eta", range(2, 7))
@pytest.mark.parametrize(("transit_days", "handling_days"), [(0, 0), (3, 2)])
def test_on_whatever_day_goods_were_due_their_customer_hears_once_a_week(
    eta: int, transit_days: int, handling_days: int
) -> None:
    a_line_that_waits(eta=eta, transit_days=transit_days, handling_days=handling_days)
    told = live(range(1, 25))
    slides = [on for kind, on in told if kind == "later"]
    assert len(slides) >= 2
    assert all(after - before == 7 for before, after in itertools.pairwise(slides))
    assert [kind for kind, on in told if on >= slides[0]] == ["later"] * len(slides) + ["no_date"]


def test_a_supplier_who_is_believed_for_long_is_heard_of_once_a_week_for_as_long() -> None:
    line = a_line_that_waits(eta=4)
    a_supplier().__class__.objects.update(confirms_after_days=60)
    slides = [on for kind, on in live(range(1, 61)) if kind == "later"]
    assert len(slides) == 8
    assert {after - before for before, after in itertools.pairwise(slides)} == {7}
    assert promise(line).told_until is not None


def test_a_new_date_for_overdue_goods_is_told_at_once_and_goods_that_came_too() -> None:
    line = a_line_that_waits(eta=4)
    assert ("later", 5) in live(range(1, 7))
    [purchase] = line.product.purchase_lines.all()
    revise(purchase, (30, None), at=later(days=7))
    assert live(range(7, 9)) == [("later", 7)]
    receive(purchase, 5, at=later(days=9))
    assert live(range(9, 11)) == [("earlier", 9)]
