"""What the law asks holds at the edges: bounces, parts, undone acts, replayed forms, absurd dates."""

import datetime

import pytest

from backorders.actions import deadlines, deciding, lawful, refunding, selling, shipping, substituting, telling, undoing
from backorders.catalog.models import Substitute
from backorders.changes.models import Source
from backorders.delays.caseload import OverByLaw
from backorders.delays.days import end_of
from backorders.delays.law import State
from backorders.notifications.models import Message, ProviderEvent
from backorders.notifications.tracking import process_events
from backorders.orders.models import Refund
from tests.actions.lawdesk import a_sale, case_of, tick
from tests.actions.test_deadlines import slips
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, an_order, day, later, receive, revise, state

pytestmark = pytest.mark.django_db


def test_a_notice_that_bounced_softly_counts_when_it_is_repeated() -> None:
    _purchase, line = a_sale()
    [notice] = slips(_purchase, 30, on=1)
    at = later(days=1, hours=1)
    said = {"recipient": notice.recipient, "message": notice, "occurred_at": at, "received_at": at}
    ProviderEvent.objects.create(event_key="soft", event_type="bounced", reason="soft", **said)
    process_events(at=at)
    tick(later(days=1, hours=2))
    tick(later(days=1, hours=6))
    assert Message.objects.latest("id").state == "accepted"
    assert case_of(line).state == State.OPT_SHORT
    limit = datetime.datetime.combine(case_of(line).limit_on, datetime.time(9), tzinfo=datetime.UTC)
    tick(limit + datetime.timedelta(days=1))
    assert state(line)[3] == 0


def test_a_notice_counts_that_shares_its_mail_with_a_cancellation() -> None:
    purchase, line = a_sale()
    other = a_line(a_product(), 1, customer=line.order.customer, is_paid=True)
    a_purchase(other.product, 5, eta=10)
    tick(later(hours=2))
    revise(purchase, (30, None), at=later(days=1))
    other.refresh_from_db()
    selling.cancel_line(other, reason="x", by=None, at=later(days=1))
    mails = tick(later(days=1, minutes=10))
    assert [mail.kind for mail in mails] == ["answer_needed"]
    assert other.order.number in mails[0].text
    assert case_of(line).state == State.OPT_SHORT


def test_a_notice_that_is_sent_again_leaves_while_its_question_is_open() -> None:
    purchase, line = a_sale()
    [notice] = slips(purchase, 90, on=1)
    again = telling.resend(notice, by=None, at=later(days=18)).made
    tick(later(days=18))
    again.refresh_from_db()
    assert again.state == "accepted"
    assert case_of(line).notice_at == again.created_at


def test_a_notice_sent_again_is_true_as_long_as_what_it_asks_whatever_else_stands_in_it() -> None:
    asked, beside = a_product(), a_product()
    late, sooner = a_purchase(asked, 9, eta=10), a_purchase(beside, 9, eta=10)
    order = an_order((asked, 1), (beside, 1), customer=a_customer(jurisdiction="US", time_zone="UTC"), is_paid=True)
    tick(AT)
    revise(late, (60, None), at=later(days=1))
    revise(sooner, (3, None), at=later(days=1))
    [notice] = [*tick(later(days=1)), *tick(later(days=1, minutes=10))]
    assert notice.kind == "answer_needed"
    asks, only_stands_there = (case_of(line) for line in order.lines.order_by("pk"))
    assert set(notice.lines.values_list("line", flat=True)) == {asks.pk, only_stands_there.pk}
    assert [each.state for each in (asks, only_stands_there)] == [State.OPT_LONG, State.ON_TIME]
    assert only_stands_there.clock_on < asks.clock_on
    again = telling.resend(notice, by=None, at=later(days=2)).made
    assert again.expires_at == end_of(asks.clock_on, zone="UTC")


def test_who_agrees_to_wait_agrees_for_what_lies_ready_too() -> None:
    ready, waits = a_product(stock=5), a_product()
    purchase = a_purchase(waits, 9, eta=10)
    customer = a_customer(jurisdiction="US", time_zone="UTC")
    order = an_order((ready, 1), (waits, 1), customer=customer, is_paid=True, is_ship_complete=True)
    tick(AT)
    slips(purchase, 90, on=1)
    deciding.keep_waiting(order, at=later(days=2))
    tick(later(days=60))
    assert [state(line)[3] for line in order.lines.order_by("pk")] == [0, 0]


def test_goods_whose_time_is_over_do_not_leave_before_they_are_cancelled() -> None:
    purchase, line = a_sale()
    receive(purchase, 9, at=later(days=5))
    deadlines.follow(at=later(days=60))
    with pytest.raises(OverByLaw):
        shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=later(days=60))


def test_a_refund_in_two_parts_settles_the_case() -> None:
    _purchase, line = a_sale()
    for quantity, on in ((1, 1), (None, 3)):
        line.refresh_from_db()
        selling.cancel_line(line, quantity=quantity, reason="x", source=Source.CUSTOMER, by=None, at=later(days=on))
        refunding.pay_refund(Refund.objects.get(paid_at=None), by=None, at=later(days=on + 1))
    tick(later(days=5))
    assert case_of(line).state == State.REFUNDED


def test_an_exchange_that_is_undone_leaves_the_rest_of_a_part_shipped_line_its_case() -> None:
    purchase, line = a_sale()
    other = a_product(stock=5)
    Substitute.objects.create(product=line.product, substitute=other)
    receive(purchase, 1, at=later(days=1))
    shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=later(days=1))
    line.refresh_from_db()
    done = substituting.substitute(line, product=other, reason="agreed", by=None, at=later(days=2))
    deadlines.keep(at=later(days=2))
    undoing.undo(done.change_set, by=None, at=later(days=2, minutes=1))
    deadlines.keep(at=later(days=2, minutes=2))
    assert (state(line)[1], case_of(line).state) == (1, State.ON_TIME)


@pytest.mark.parametrize("until", [datetime.date(9999, 12, 31), day(3)], ids=["far away", "before the limit"])
def test_nobody_agrees_to_a_date_that_is_a_slip_of_the_hand(until: datetime.date) -> None:
    purchase, line = a_sale()
    slips(purchase, 90, on=1)
    with pytest.raises(lawful.NothingToAgree, match="digit"):
        lawful.agree(line, until=until, by=None, at=later(days=2))
