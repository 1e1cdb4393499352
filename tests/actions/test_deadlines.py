"""What the law does by itself when time passes: cases follow what happened, however late, and as often as one likes."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.access.table import SERVICE
from backorders.actions import (
    deadlines,
    deciding,
    lawful,
    refunding,
    selling,
    shipping,
    splitting,
    substituting,
    telling,
    undoing,
)
from backorders.catalog.models import Substitute
from backorders.changes.models import ChangeSet, Source
from backorders.delays import casework
from backorders.delays.caseload import OverByLaw
from backorders.delays.days import end_of
from backorders.delays.law import State
from backorders.delays.models import LegalCase, LegalEvent
from backorders.notifications.announcing import announce_due
from backorders.notifications.models import CallTask, Message
from backorders.orders.models import Cancellation, OrderLine, Refund
from tests.actions.lawdesk import a_sale, case_of, comes_back, happened, tick
from tests.factories import (
    AT,
    a_customer,
    a_line,
    a_product,
    a_purchase,
    a_user,
    an_order,
    day,
    later,
    receive,
    revise,
    state,
)
from tests.notifications.desk import inbox, send

pytestmark = pytest.mark.django_db
MINUTES = datetime.timedelta(minutes=10)


def slips(purchase: object, eta: int | None, *, on: int) -> list[Message]:
    """Let goods come later, as the supplier says on a day; return the mails of the ten minutes after."""
    at = later(days=on)
    revise(purchase, (eta, None), at=at)  # type: ignore[arg-type]
    return [*tick(at), *tick(at + MINUTES)]


def test_a_case_is_opened_once_for_each_open_line_of_a_consumer() -> None:
    a_sale()
    a_line(a_product(), 1, customer=a_customer(jurisdiction="TR"))
    assert deadlines.keep(at=AT) == (0, 0, 0)
    assert LegalCase.objects.count() == 1


def test_goods_expected_after_the_limit_make_a_notice_due_and_it_is_told() -> None:
    purchase, line = a_sale()
    [notice] = slips(purchase, 30, on=1)
    assert (notice.kind, notice.state) == ("answer_needed", "accepted")
    assert case_of(line).state == State.OPT_SHORT
    assert happened(line) == ["late", "notice"]
    assert tick(later(days=2)) == []


def test_a_date_that_comes_back_before_it_was_told_needs_no_notice() -> None:
    purchase, line = a_sale()
    revise(purchase, (30, None), at=later(days=1))
    deadlines.keep(at=later(days=1))
    assert case_of(line).state == State.NOTICE_DUE
    revise(purchase, (10, None), at=later(days=1, minutes=3))
    assert tick(later(days=1, minutes=20)) == []
    assert case_of(line).state == State.ON_TIME


@pytest.mark.parametrize("late_by", [1, 3, 40])
def test_silence_on_a_long_delay_ends_the_order_however_late_the_clock_comes(late_by: int) -> None:
    purchase, line = a_sale()
    [notice] = slips(purchase, 90, on=1)
    assert "we cancel what has not been sent by then" in " ".join(notice.text.split())
    case = case_of(line)
    assert (case.state, case.clock_on) == (State.OPT_LONG, case.limit_on + datetime.timedelta(days=30))
    assert case.clock_on
    last_day = datetime.datetime.combine(case.clock_on, datetime.time(12), tzinfo=datetime.UTC)
    tick(last_day)
    assert case_of(line).state == State.OPT_LONG
    over = last_day + datetime.timedelta(days=late_by)
    mails = tick(over)
    assert [mail.kind for mail in mails if mail.kind == "cancelled"] == ["cancelled"]
    ended = case_of(line)
    assert (ended.state, ended.vested_on) == (State.CANCELLED_REFUND_DUE, case.clock_on + datetime.timedelta(days=1))
    assert state(line) == (0, 0, 0, 2)
    refund = Refund.objects.get()
    assert refund.amount == 20
    assert ended.refund_due_on
    assert refund.due_at.date() == ended.refund_due_on + datetime.timedelta(days=1)  # the end of that day
    assert deadlines.keep(at=over) == (0, 0, 0)
    assert Cancellation.objects.count() == 1


def test_silence_on_a_short_delay_is_consent_and_ends_it_only_at_the_new_date() -> None:
    purchase, line = a_sale()
    [notice] = slips(purchase, 30, on=1)
    assert "we take it that you agree" in notice.text
    revised = case_of(line).clock_on
    assert revised
    tick(datetime.datetime.combine(revised, datetime.time(9), tzinfo=datetime.UTC))
    assert state(line)[3] == 0
    tick(datetime.datetime.combine(revised + datetime.timedelta(days=2), datetime.time(9), tzinfo=datetime.UTC))
    assert state(line)[3] == 2


def test_goods_that_leave_in_time_end_the_case() -> None:
    purchase, line = a_sale()
    receive(purchase, 9, at=later(days=5))
    shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=later(days=5))
    tick(later(days=5))
    assert case_of(line).state == State.ON_TIME  # a part of it
    shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=later(days=6))
    tick(later(days=9))
    assert case_of(line).state == State.SHIPPED
    assert LegalEvent.objects.get(kind="ship").at == later(days=6)


def test_nothing_leaves_whose_time_is_over_even_before_the_clock_came_round() -> None:
    purchase, line = a_sale()
    receive(purchase, 9, at=later(days=5))
    with pytest.raises(OverByLaw, match="is over"):
        shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=later(days=60))
    assert state(line) == (2, 0, 0, 0)
    tick(later(days=60))
    assert state(line) == (0, 0, 0, 2)


@pytest.mark.parametrize("country", ["DE", "GB"])
def test_no_line_of_europe_is_cancelled_by_the_clock(country: str) -> None:
    purchase, line = a_sale(country)
    slips(purchase, 90, on=1)
    for on in (20, 60, 400):
        tick(later(days=on))
    assert state(line)[3] == 0
    assert case_of(line).state == State.OVERDUE


def test_delivery_ends_a_case_of_europe_and_shipment_does_not() -> None:
    purchase, line = a_sale("DE")
    receive(purchase, 9, at=later(days=5))
    parcel = shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=later(days=5)).made
    tick(later(days=6))
    assert case_of(line).state == State.DUE
    shipping.confirm_delivery(parcel, by=None, at=later(days=7))
    tick(later(days=8))
    assert case_of(line).state == State.DELIVERED


def test_an_essential_date_that_passes_lets_the_customer_end_the_contract_and_says_so() -> None:
    purchase, line = a_sale("DE", is_date_essential=True)
    slips(purchase, 60, on=1)
    mails = tick(later(days=40))
    assert [mail.kind for mail in mails] == ["answer_needed"]
    assert "We cancel nothing by ourselves" in " ".join(mails[0].text.split())
    assert lawful.choices_of(line, at=later(days=41)).may_end_contract
    assert [mail.kind for mail in tick(later(days=42))] == []
    assert state(line)[3] == 0


@pytest.mark.parametrize("said_with_order", [False, True])
@pytest.mark.parametrize(("is_essential", "days"), [(True, 1), (False, 1), (True, 61)])
def test_the_preview_of_an_essential_date_is_what_the_tick_does(
    said_with_order: bool, is_essential: bool, days: int
) -> None:
    line = a_sale("DE", is_date_essential=said_with_order)[1]
    other = a_line(a_product(), 1, customer=a_customer())
    at = later(days=days)
    [(seen, left)] = deciding.preview_essential(line.order, is_essential=is_essential, at=at)
    assert not LegalEvent.objects.filter(case=line.pk).exists()
    deciding.mark_essential(line.order, is_essential=is_essential, by=a_user(SERVICE), at=at)
    assert (seen, left) == (line, casework.cases_now([case_of(line)], at=at)[line.pk])
    assert deciding.preview_essential(other.order, is_essential=is_essential, at=at) == [(other, None)]


def test_a_tick_before_the_limit_counts_and_one_after_it_makes_nothing_of_the_past() -> None:
    (_purchase, early), (_other, late) = a_sale("DE"), a_sale("DE")
    deciding.mark_essential(early.order, is_essential=True, at=later(days=2))
    tick(later(days=60))
    assert (case_of(early).state, case_of(late).state) == (State.MAY_TERMINATE, State.OVERDUE)
    deciding.mark_essential(late.order, is_essential=True, at=later(days=61))
    deciding.mark_essential(early.order, is_essential=False, at=later(days=61))
    tick(later(days=62))
    assert (case_of(early).state, case_of(late).state) == (State.MAY_TERMINATE, State.OVERDUE)
    assert happened(early) == ["essential", "flexible"]


def test_a_tick_is_seen_by_whatever_is_split_off_and_once_only_with_one_key() -> None:
    _purchase, line = a_sale("DE")
    for _ in range(2):
        deciding.mark_essential(line.order, is_essential=True, key="k", at=later(days=1))
    assert happened(line) == ["essential"]
    made = splitting.split(line.order, units=[(line.pk, 1)], reason="x", by=None, at=later(days=2)).made
    tick(later(days=60))
    assert case_of(made.lines.get()).state == State.MAY_TERMINATE


def test_a_refund_that_is_paid_settles_the_case() -> None:
    _purchase, line = a_sale()
    selling.cancel_line(line, reason="x", source=Source.CUSTOMER, by=None, at=later(days=1))
    tick(later(days=1))
    assert case_of(line).state == State.CANCELLED_REFUND_DUE
    refunding.pay_refund(Refund.objects.get(), by=None, at=later(days=3))
    assert case_of(line).state == State.REFUNDED


def test_where_nothing_was_paid_there_is_nothing_to_refund() -> None:
    line = an_order((a_product(), 2), customer=a_customer(jurisdiction="DE")).lines.get()
    tick(AT)
    selling.cancel_line(line, reason="x", by=None, at=AT)
    tick(AT)
    assert case_of(line).state == State.REFUNDED


def test_a_line_that_is_exchanged_needs_no_date_and_an_undone_exchange_does() -> None:
    _purchase, line = a_sale()
    other = a_product(stock=5)
    Substitute.objects.create(product=line.product, substitute=other)
    done = substituting.substitute(line, product=other, reason="agreed", by=None, at=later(days=1))
    deadlines.keep(at=later(days=1))
    assert case_of(line).state == State.CLOSED
    undoing.undo(done.change_set, by=None, at=later(days=1))
    deadlines.keep(at=later(days=1, minutes=1))
    assert case_of(line).state == State.ON_TIME


def test_what_is_split_off_keeps_the_answer_that_was_given() -> None:
    purchase, line = a_sale()
    slips(purchase, 90, on=1)
    lawful.agree(line, until=None, by=None, at=later(days=2))
    made = splitting.split(line.order, units=[(line.pk, 1)], reason="x", by=None, at=later(days=2)).made
    part = made.lines.get()
    assert case_of(part).state == State.AGREED
    tick(later(days=50))
    assert state(part)[3] == 0


def test_a_shop_that_begins_to_keep_cases_cancels_nothing_on_its_first_day() -> None:
    product = a_product()
    a_purchase(product, 9, eta=10)
    line = a_line(product, 2, customer=a_customer(jurisdiction="US"), is_paid=True)
    tick(later(days=100))
    case = case_of(line)
    assert case.is_inherited
    assert case.limit_on == day(107)
    assert state(line)[3] == 0


@pytest.mark.parametrize("is_in_time", [True, False])
def test_a_notice_whose_last_day_has_passed_does_not_leave_even_before_the_clock_came_round(is_in_time: bool) -> None:
    purchase, line = a_sale()
    over = end_of(case_of(line).limit_on, zone="UTC")
    at = over - MINUTES
    revise(purchase, (90, None), at=at)
    deadlines.keep(at=at)
    announce_due(at=at)
    notice = Message.objects.get(kind="answer_needed")
    assert notice.expires_at == over
    before = len(inbox())
    sent = send(over - MINUTES / 10 if is_in_time else over)
    assert sent == ({"accepted": 1} if is_in_time else {"superseded": 1})
    assert len(inbox()) - before == is_in_time
    mails = tick(over + MINUTES)
    assert [mail.kind for mail in mails] == ([] if is_in_time else ["cancelled"]), "it is written anew"
    assert CallTask.objects.count() == 0


@pytest.mark.parametrize("moves", [True, False], ids=["moved meanwhile", "as it was"])
def test_a_notice_that_bounced_softly_is_none_until_it_is_given_again(moves: bool) -> None:
    purchase, line = a_sale("US", eta=10)
    revise(purchase, (60, None), at=later(days=2))
    [first] = tick(later(days=2, hours=1))
    if moves:
        revise(purchase, (70, None), at=later(days=3))
    comes_back(first, reason="", at=later(days=3))
    told = [message for hours in (1, 5, 30, 60) for message in tick(later(days=3, hours=hours))]
    assert len(told) == moves  # as it was, its words go once more
    notices = Message.objects.filter(kind="answer_needed", state="accepted", delivery__lt=Message.Delivery.BOUNCED)
    assert notices.get().pk != first.pk
    assert (happened(line)[-2:], case_of(line).state) == (["void", "notice"], "opt_long")


def test_a_notice_that_comes_back_is_none_and_somebody_calls_while_the_clock_runs() -> None:
    purchase, line = a_sale()
    [notice] = slips(purchase, 30, on=1)
    comes_back(notice, at=later(days=2))
    tick(later(days=2))
    assert case_of(line).state == State.NOTICE_DUE
    assert CallTask.objects.get(done_at=None).message == notice
    assert tick(later(days=3)) == []  # not another mail to the same address


def test_a_call_in_time_is_the_notice() -> None:
    purchase, line = a_sale()
    [notice] = slips(purchase, 30, on=1)
    comes_back(notice, at=later(days=2))
    tick(later(days=2))
    CallTask.objects.filter(message=notice).update(done_at=later(days=3), done_by=a_user())
    tick(later(days=3))
    assert case_of(line).state == State.OPT_SHORT


def test_a_notice_that_comes_back_after_the_customer_answered_changes_nothing() -> None:
    purchase, line = a_sale()
    [notice] = slips(purchase, 90, on=1)
    lawful.agree(line, until=None, by=None, at=later(days=2))
    comes_back(notice, at=later(days=3))
    tick(later(days=3))
    assert case_of(line).state == State.AGREED


def test_a_stated_date_keeps_what_it_rested_on() -> None:
    purchase, line = a_sale()
    slips(purchase, 30, on=1)
    [basis] = LegalEvent.objects.get(kind="notice").basis["supplies"]
    assert basis["purchase_line"] == purchase.pk
    assert (basis["supplier"], basis["confidence"], basis["eta_on"]) == ("Contoso", "confirmed", day(30).isoformat())
    assert datetime.datetime.fromisoformat(basis["said_at"]) == later(days=1)
    assert LegalCase.objects.get(pk=line.pk).revised_on == LegalEvent.objects.get(kind="notice").until


def test_statements_do_not_grow_with_the_cases() -> None:
    def statements(lines: int) -> int:
        product = a_product()
        purchase = a_purchase(product, 500, eta=10)
        customer = a_customer(jurisdiction="US", time_zone="UTC")
        for _ in range(lines):
            a_line(product, 1, customer=customer, is_paid=True)
        deadlines.keep(at=AT)
        revise(purchase, (90, None), at=AT)
        with CaptureQueriesContext(connection) as queries:
            assert deadlines.keep(at=later(minutes=1)).moved == lines
        return len(queries)

    assert statements(20) == statements(3)


def test_many_orders_end_together_each_with_its_refund() -> None:
    lines = [a_sale()[1] for _ in range(5)]
    assert deadlines.keep(at=later(days=90)).cancelled == 5
    assert [state(line) for line in lines] == [(0, 0, 0, 2)] * 5
    assert Refund.objects.count() == 5
    assert ChangeSet.objects.filter(act="cancel_by_law").count() == 1
    assert not OrderLine.objects.open().exists()


def split_off(line: OrderLine, *, at: datetime.datetime) -> OrderLine:
    """One unit of a line in an order of its own."""
    made = splitting.split(line.order, units=[(line.pk, 1)], reason="one first", by=None, at=at).made
    return made.lines.get()


def test_a_notice_that_came_back_was_none_for_what_was_split_off_since_and_a_call_is_for_both() -> None:
    purchase, line = a_sale()
    [notice] = slips(purchase, 90, on=1)
    part = split_off(line, at=later(days=1, hours=1))
    comes_back(notice, at=later(days=1, hours=2))
    deadlines.keep(at=later(days=1, hours=2))
    assert [case_of(each).state for each in (line, part)] == [State.NOTICE_DUE] * 2
    assert happened(part) == ["late", "notice", "void"]
    task = CallTask.objects.get(message=notice)
    telling.mark_called(task, by=a_user(), at=later(days=2))
    deadlines.keep(at=later(days=2))
    deadlines.keep(at=later(days=2, hours=1))
    assert [case_of(each).state for each in (line, part)] == [State.OPT_LONG] * 2
    assert [happened(each)[-2:] for each in (line, part)] == [["void", "notice"]] * 2


def test_what_is_split_off_before_its_notice_left_gets_one() -> None:
    purchase, line = a_sale()
    revise(purchase, (90, None), at=later(days=1))
    deadlines.keep(at=later(days=1))
    announce_due(at=later(days=1) + MINUTES)
    assert Message.objects.filter(kind="answer_needed", state="pending").count() == 1
    part = split_off(line, at=later(days=1, minutes=11))
    for minutes in (12, 30, 60):
        tick(later(days=1, minutes=minutes))
    assert [case_of(each).state for each in (line, part)] == [State.OPT_LONG] * 2
