"""What the delay law lets a customer decide, and that the decisions count."""

import datetime
from typing import Any

import pytest

from backorders.actions import lawful, selling, undoing
from backorders.changes.models import ChangeSet, Source
from backorders.delays import casework
from backorders.delays.caseload import open_missing
from backorders.delays.law import Kind, State
from backorders.delays.models import LegalCase
from backorders.orders.models import OrderLine, Refund
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, day, later

pytestmark = pytest.mark.django_db


def a_case(country: str = "US", **fields: Any) -> OrderLine:
    """A waiting line of a consumer with a case; the goods are stated to come in about ten days."""
    product = a_product()
    a_purchase(product, 9, eta=10)
    line = a_line(product, 2, customer=a_customer(jurisdiction=country), is_paid=True, **fields)
    assert open_missing(at=AT) == 1
    return line


def case_of(line: OrderLine) -> LegalCase:
    return LegalCase.objects.get(pk=line.pk)


def happens(line: OrderLine, kind: Kind, *, until: datetime.date | None = None, at: datetime.datetime = AT) -> None:
    casework.write([casework.heard(case_of(line), kind, key=f"test:{kind}:{at}", until=until, at=at)])
    casework.settle([case_of(line)], at=at)


def told(line: OrderLine, until: datetime.date | None) -> None:
    happens(line, Kind.LATE)
    happens(line, Kind.NOTICE, until=until)


def choices(line: OrderLine, at: datetime.datetime = AT) -> lawful.LegalChoices:
    return lawful.choices_of(OrderLine.objects.get(pk=line.pk), at=at)


def test_without_a_law_the_customer_may_still_cancel() -> None:
    for line in (a_line(a_product(), 1), a_line(a_product(), 1, customer=a_customer(jurisdiction="US"))):
        open_missing(at=AT)  # the second is not paid: its clock does not run
        assert choices(line) == lawful.LegalChoices(may_cancel=True)


def test_a_business_has_no_case() -> None:
    a_line(a_product(), 1, customer=a_customer(jurisdiction="DE", is_business=True))
    assert open_missing(at=AT) == 0


def test_the_limit_of_shipping_is_not_that_of_delivery() -> None:
    american, european = a_case(), a_case("DE")
    assert case_of(european).limit_on == european.first_until
    assert american.first_until is not None
    assert american.first_until - datetime.timedelta(days=7) < case_of(american).limit_on < american.first_until
    assert case_of(american).in_time_until == american.first_until


def test_a_short_delay_needs_no_answer_and_silence_is_consent() -> None:
    line = a_case()
    told(line, day(30))
    offered = choices(line)
    assert (offered.state, offered.needs_answer, offered.silence) == (State.OPT_SHORT, False, "consent")
    assert (offered.answer_by, offered.offered, offered.may_cancel) == (day(30), day(30), True)


@pytest.mark.parametrize("until", [day(90), None])
def test_a_long_delay_needs_an_answer_and_silence_cancels(until: datetime.date | None) -> None:
    line = a_case()
    told(line, until)
    asked = choices(line)
    assert (asked.state, asked.needs_answer, asked.silence) == (State.OPT_LONG, True, "cancel")
    assert asked.answer_by == case_of(line).limit_on + datetime.timedelta(days=30)
    assert asked.offered == until


def test_agreeing_to_what_was_offered_takes_its_date() -> None:
    line = a_case()
    told(line, day(90))
    lawful.agree(line, until=None, source=Source.CUSTOMER, by=None, at=later(days=2))
    agreed = choices(line)
    assert (agreed.state, agreed.needs_answer) == (State.AGREED, False)
    assert agreed.answered == lawful.Answered("consent", later(days=2), day(90))
    assert ChangeSet.objects.get(act="agree").source == "customer"


def test_agreeing_without_a_date_leaves_the_right_to_cancel() -> None:
    line = a_case()
    told(line, None)
    lawful.agree(line, until=None, by=None, at=AT)
    assert (choices(line).state, choices(line).may_cancel) == (State.AGREED_OPEN, True)


def test_there_must_be_something_to_agree_to() -> None:
    line = a_case()
    with pytest.raises(lawful.NothingToAgree, match="nothing to agree"):
        lawful.agree(line, until=day(90), by=None, at=AT)
    told(line, day(90))
    with pytest.raises(lawful.NothingToAgree, match="has passed"):
        lawful.agree(line, until=day(-1), by=None, at=AT)
    with pytest.raises(lawful.NothingToAgree, match="nothing to agree"):
        lawful.agree(line, until=day(90), by=None, at=later(days=80))  # its time was over
    with pytest.raises(lawful.NothingToAgree, match="no law"):
        lawful.agree(a_line(a_product(), 1), until=None, by=None, at=AT)
    assert choices(line).answered is None


def test_a_customers_cancellation_ends_the_case_with_the_refund_of_the_law() -> None:
    line = a_case()
    told(line, day(90))
    selling.cancel_line(line, reason="by the link", source=Source.CUSTOMER, by=None, at=AT)
    case = case_of(line)
    assert (case.state, case.vested_on) == (State.CANCELLED_REFUND_DUE, day(0))
    assert case.refund_due_on == day(9)  # seven working days after a Monday
    assert Refund.objects.get().due_at == datetime.datetime(2026, 6, 10, 21, tzinfo=datetime.UTC)
    ended = choices(line)
    assert (ended.may_cancel, ended.answered and ended.answered.what) == (False, "cancel")


def test_a_part_that_is_cancelled_leaves_the_case_open() -> None:
    line = a_case()
    selling.cancel_line(line, quantity=1, reason="one is enough", by=None, at=AT)
    assert case_of(line).state == State.ON_TIME
    assert Refund.objects.get().due_at == datetime.datetime(2026, 6, 10, 21, tzinfo=datetime.UTC)


def test_a_cancellation_that_is_undone_was_none() -> None:
    line = a_case()
    done = selling.cancel_line(line, reason="a mistake", by=None, at=AT)
    assert case_of(line).state == State.CANCELLED_REFUND_DUE
    undoing.undo(done.change_set, by=None, at=AT)
    assert (case_of(line).state, case_of(line).vested_on) == (State.ON_TIME, None)


def test_an_extra_period_and_the_end_of_a_contract() -> None:
    line = a_case("DE")
    over = later(days=40)
    with pytest.raises(lawful.NoExtraPeriod, match="no last day"):
        lawful.demand_extra_period(line, until=day(60), by=None, at=AT)
    assert choices(line, over).may_set_extra_period
    with pytest.raises(lawful.NoExtraPeriod, match="has passed"):
        lawful.demand_extra_period(line, until=day(39), by=None, at=over)
    with pytest.raises(lawful.NotYetYours):
        lawful.end_contract(line, by=None, at=over)
    lawful.demand_extra_period(line, until=day(47), by=None, at=over)
    assert choices(line, later(days=47)).state == State.EXTRA_PERIOD
    assert choices(line, later(days=48)).may_end_contract
    lawful.end_contract(line, source=Source.CUSTOMER, by=None, at=later(days=50))
    case = case_of(line)
    assert (case.state, case.vested_on, case.refund_due_on) == (State.TERMINATED, day(50), day(57))
    assert Refund.objects.get().amount == 20
    line.refresh_from_db()
    assert (line.open_quantity, line.cancelled) == (0, 2)


def test_consent_moves_the_date_of_a_delivery_only_with_a_date() -> None:
    line = a_case("GB")
    with pytest.raises(lawful.NothingToAgree, match="until when"):
        lawful.agree(line, until=None, by=None, at=AT)
    lawful.agree(line, until=day(60), by=None, at=AT)
    assert choices(line, later(days=60)).state == State.DUE
    assert choices(line, later(days=61)).state == State.OVERDUE
