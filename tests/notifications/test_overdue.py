"""Overdue goods: their customers hear of it once, then once a week, then that there is no date; never day by day."""

import itertools

import pytest

from backorders.actions import clock, queueing
from backorders.actions.bookkeeping import check_books
from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.notifications.books import differences
from backorders.notifications.models import Message, MessageLine
from backorders.notifications.policy import TELLING
from backorders.orders.models import OrderLine
from tests.factories import AT, a_carrier, a_line, a_product, a_purchase, a_supplier, an_order, later, receive, revise
from tests.notifications.desk import announce, promise, send, tell

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


def an_outage(days: int) -> list[Message]:
    """Nothing runs for days; then what the outbox holds is sent, the day starts, and what is to tell is told.

    Return what the provider took; of every day that it names as news some part is still ahead.
    """
    back = later(days=days)
    known = set(Message.objects.filter(state="accepted").values_list("pk", flat=True))
    send(back)
    announce(back)
    send(back)
    clock.start_day(at=back)
    for hours in (1, 2):
        tell(later(days=days, hours=hours))
    taken = Message.objects.filter(state="accepted").exclude(pk__in=known)
    assert not MessageLine.objects.filter(message__in=taken, window_until__lt=business_day(back)).exists()
    assert not Message.objects.filter(state="pending").exists(), "nothing goes round in a circle"
    assert list(check_books(at=later(days=days, hours=3))) == []
    return list(taken.order_by("id"))


def test_a_confirmation_that_an_outage_kept_back_names_no_day_that_has_passed() -> None:
    line = a_line(a_product(stock=5), 5)
    [kept_back] = announce(AT)
    assert [message.kind for message in an_outage(20)] == ["confirmation"]
    kept_back.refresh_from_db()
    assert kept_back.state == "superseded"
    assert promise(line).told_until == promise(line).expected_until > business_day(later(days=20))


def test_an_earlier_date_that_an_outage_kept_back_is_told_as_it_is_then() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=60)
    line = a_line(product, 5)
    tell(AT)
    receive(purchase, 5, at=later(days=5))
    [kept_back] = announce(later(days=5, hours=1))
    assert kept_back.kind == "earlier"
    assert [message.kind for message in an_outage(25)] == ["earlier"]
    assert promise(line).told_until == promise(line).expected_until > business_day(later(days=25))


def test_what_waits_and_was_confirmed_during_an_outage_is_told_the_day_of_then() -> None:
    product = a_product()
    a_purchase(product, 5, eta=5)
    line = a_line(product, 5)
    announce(AT)
    assert [message.kind for message in an_outage(20)] == ["confirmation"]
    assert promise(line).told_until is None or promise(line).told_until > business_day(later(days=20))


def test_a_held_line_whose_day_passed_untold_is_told_that_nobody_knows() -> None:
    product = a_product()
    a_purchase(product, 5, eta=5)
    line = a_line(product, 5)
    announce(AT)
    queueing.hold(line, reason="x", by=None, at=later(hours=1))
    assert [message.kind for message in an_outage(20)] == ["confirmation"]
    assert (promise(line).told_until, promise(line).expected_until) == (None, None)


def test_until_the_day_starts_a_held_line_whose_day_passed_untold_waits_to_be_told() -> None:
    """The day starts within the hour: till then nobody is told a day that is over, and nobody is forgotten."""
    product = a_product()
    purchase = a_purchase(product, 5, eta=5)
    line = a_line(product, 5)
    tell(AT)
    revise(purchase, (12, None), at=later(days=1))
    queueing.hold(line, reason="x", by=None, at=later(days=1, hours=1))
    back = later(days=30)
    assert tell(back) == tell(later(days=30, minutes=40)) == []
    assert Promise.objects.untold().filter(line=line).exists()
    clock.start_day(at=later(days=30, minutes=50))
    assert [message.kind for message in tell(later(days=30, hours=1))] == ["no_date"]
    assert not Promise.objects.untold().exists()


def test_what_was_told_before_it_passed_stands_and_its_neighbours_are_told() -> None:
    """Goods that lie ready and did not leave keep their day; a mail about another line leaves all the same."""
    product, other = a_product(stock=5), a_product()
    purchase = a_purchase(other, 5, eta=40)
    ready, _waiting = an_order((product, 1), (other, 1)).lines.order_by("id")
    tell(AT)
    told = promise(ready).told_until
    revise(purchase, (60, None), at=later(days=20))
    clock.start_day(at=later(days=20))
    assert [message.kind for message in tell(later(days=20, hours=1))] == ["later"]
    assert promise(ready).told_until == promise(ready).expected_until == told
    assert Message.objects.filter(state="accepted", kind="later").exists()
