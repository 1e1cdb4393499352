"""Ninety days of a late order under each law of delays, day by day: what is told, asked, ended and owed."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from backorders.actions import lawful, refunding, selling, shipping
from backorders.actions.bookkeeping import check_books
from backorders.changes.models import Source
from backorders.delays.law import State
from backorders.delays.models import LegalCase, LegalEvent
from backorders.orders.models import OrderLine, Refund
from backorders.supply.models import PurchaseLine
from tests.actions.lawdesk import a_sale, case_of, happened, tick
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, day, later, receive, revise, state

pytestmark = [pytest.mark.django_db, pytest.mark.long]

Happening = Callable[[PurchaseLine, OrderLine, datetime.datetime], Any]


def ninety_days(country: str, happens: dict[int, Happening], **fields: Any) -> tuple[OrderLine, list[tuple[int, str]]]:
    """Let ninety days pass with what happens on some of them; return the line and the (day, kind) of every mail."""
    purchase, line = a_sale(country, **fields)
    mails = []
    for on in range(1, 91):
        at = later(days=on)
        if on in happens:
            line.refresh_from_db()
            happens[on](purchase, line, at)
        made = [*tick(at), *tick(at + datetime.timedelta(minutes=10))]
        mails += [(on, mail.kind) for mail in made if mail.kind not in ("heartbeat", "approaching")]
    assert [found.sentence for found in check_books(at=later(days=91))] == []
    line.refresh_from_db()
    return line, mails


def slips(eta: int | None) -> Happening:
    return lambda purchase, _line, at: revise(purchase, (eta, None), at=at)


def agrees(_purchase: PurchaseLine, line: OrderLine, at: datetime.datetime) -> None:
    lawful.agree(line, until=None, source=Source.CUSTOMER, by=None, at=at)


def arrives_and_leaves(purchase: PurchaseLine, line: OrderLine, at: datetime.datetime) -> None:
    receive(purchase, 9, at=at)
    shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=at)


def is_delivered(_purchase: PurchaseLine, line: OrderLine, at: datetime.datetime) -> None:
    shipping.confirm_delivery(line.order.shipments.get(), by=None, at=at)


def is_paid_back(_purchase: PurchaseLine, line: OrderLine, at: datetime.datetime) -> None:
    refunding.pay_refund(Refund.objects.get(cancellation__line=line), by=None, at=at)


def last_day(days: int) -> Happening:
    return lambda _purchase, line, at: lawful.demand_extra_period(
        line, until=(at + datetime.timedelta(days=days)).date(), source=Source.CUSTOMER, by=None, at=at
    )


def ends(_purchase: PurchaseLine, line: OrderLine, at: datetime.datetime) -> None:
    lawful.end_contract(line, source=Source.CUSTOMER, by=None, at=at)


def test_united_states_silence_on_a_short_delay_and_a_second_one_ends_on_the_date_we_gave() -> None:
    line, mails = ninety_days("US", {2: slips(30), 20: slips(80), 60: is_paid_back})
    kinds = [kind for _on, kind in mails]
    assert kinds.count("answer_needed") >= 3  # the notice, the renewed one, and that we ask again
    assert kinds[-1] == "cancelled"
    case = case_of(line)
    renewed = LegalEvent.objects.filter(case=line.pk, kind="notice").order_by("at")[0].until
    assert renewed
    assert case.vested_on == renewed + datetime.timedelta(days=1)
    assert (case.state, state(line)) == (State.REFUNDED, (0, 0, 0, 2))
    assert happened(line) == ["late", "notice", "late", "notice", "lapse", "refund"]


def test_united_states_a_long_delay_is_agreed_to_and_the_goods_come() -> None:
    line, mails = ninety_days("US", {2: slips(60), 5: agrees, 58: arrives_and_leaves})
    assert [kind for _on, kind in mails if kind == "answer_needed"] == ["answer_needed"]
    assert happened(line) == ["late", "notice", "consent", "ship"]
    assert case_of(line).state == State.SHIPPED
    assert not Refund.objects.exists()


def test_united_states_without_a_date_and_without_an_answer_it_ends_thirty_days_after_the_limit() -> None:
    line, mails = ninety_days("US", {2: slips(None)})
    case = case_of(line)
    assert case.vested_on == case.limit_on + datetime.timedelta(days=31)
    asked = [on for on, kind in mails if kind == "answer_needed"]
    assert len(asked) == 3
    assert Refund.objects.get().paid_at is None
    assert case.state == State.CANCELLED_REFUND_DUE


def test_united_states_a_parcel_before_the_last_day_saves_an_order_without_an_answer() -> None:
    line, _mails = ninety_days("US", {2: slips(60), 40: arrives_and_leaves})
    assert happened(line) == ["late", "notice", "ship"]
    assert state(line) == (0, 0, 2, 0)


@pytest.mark.parametrize("country", ["DE", "GB"])
def test_europe_nothing_ends_by_itself_and_the_customer_ends_it_after_a_last_day(country: str) -> None:
    line, mails = ninety_days(country, {2: slips(None), 30: last_day(7), 45: ends, 50: is_paid_back})
    case = case_of(line)
    assert (case.state, state(line)) == (State.REFUNDED, (0, 0, 0, 2))
    assert case.refund_due_on
    assert case.vested_on
    assert (case.refund_due_on - case.vested_on).days == 7
    assert happened(line) == ["demand", "end", "refund"]
    assert [on for on, kind in mails if kind == "answer_needed"] == [38]  # the day after the last day


@pytest.mark.parametrize("country", ["DE", "GB"])
def test_europe_an_order_that_is_only_late_stays_until_it_is_delivered(country: str) -> None:
    line, _mails = ninety_days(country, {2: slips(70), 70: arrives_and_leaves, 75: is_delivered})
    assert case_of(line).state == State.DELIVERED
    assert happened(line) == ["deliver"]
    assert state(line) == (0, 0, 2, 0)


def test_europe_a_new_date_counts_only_when_the_customer_accepts_it_expressly() -> None:
    (purchase, told), (_other, agreed) = a_sale("DE"), a_sale("DE")
    revise(purchase, (28, None), at=later(days=2))
    mails = [*tick(later(days=2)), *tick(later(days=2, minutes=10))]
    assert [mail.kind for mail in mails] == ["later"]  # silence on it moves nothing
    lawful.agree(agreed, until=day(28), source=Source.CUSTOMER, by=None, at=later(days=8))
    tick(later(days=28))
    assert [case_of(line).state for line in (told, agreed)] == [State.OVERDUE, State.DUE]
    tick(later(days=29))
    assert case_of(agreed).state == State.OVERDUE  # and it is a date like the first
    assert happened(agreed) == ["consent"]
    assert [state(line)[3] for line in (told, agreed)] == [0, 0]


def test_a_business_is_told_of_dates_and_nothing_is_ended_or_owed() -> None:
    product = a_product()
    purchase = a_purchase(product, 9, eta=10)
    line = a_line(product, 2, customer=a_customer(jurisdiction="US", is_business=True), is_paid=True)
    tick(AT)
    revise(purchase, (85, None), at=later(days=2))
    kinds = {mail.kind for on in range(2, 91) for mail in [*tick(later(days=on)), *tick(later(days=on, minutes=10))]}
    assert "later" in kinds
    assert not kinds & {"answer_needed", "cancelled"}
    assert state(line)[3] == 0
    assert not LegalCase.objects.exists()


def test_a_customer_who_cancels_in_time_is_paid_back_by_the_day_of_the_law() -> None:
    cancels: Happening = lambda _purchase, line, at: selling.cancel_line(  # noqa: E731
        line, reason="by the link", source=Source.CUSTOMER, by=None, at=at
    )
    line, mails = ninety_days("US", {2: slips(60), 4: cancels, 6: is_paid_back})
    assert happened(line) == ["late", "notice", "cancel", "refund"]
    assert mails[-1] == (4, "cancelled")
    assert Refund.objects.get().paid_at == later(days=6)
