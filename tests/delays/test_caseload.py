"""Which lines need a case, which cases ran out or are expected late, and what happened to them beside the verbs."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import shipping
from backorders.changes.models import ChangeSet
from backorders.delays import caseload, casework
from backorders.delays.caseload import OverByLaw
from backorders.delays.law import Kind, State
from backorders.delays.models import LegalCase
from backorders.orders.models import Cancellation, OrderLine, Refund
from tests.actions.lawdesk import a_sale, case_of
from tests.factories import AT, a_customer, a_line, a_product, later, receive, revise

pytestmark = pytest.mark.django_db


def a_consumer_line(country: str = "US", *, is_paid: bool = True, **customer: object) -> OrderLine:
    return a_line(a_product(), 1, customer=a_customer(jurisdiction=country, **customer), is_paid=is_paid)


def kinds(at: datetime.datetime = AT) -> list[tuple[int, Kind]]:
    """What would be written down now, by line."""
    return [(entry.line_id, entry.event.kind) for entry in caseload.observed(at=at)]


def follow(at: datetime.datetime) -> None:
    casework.write(caseload.observed(at=at))
    casework.settle(list(LegalCase.objects.all()), at=at)


def test_open_lines_of_consumers_whom_a_law_covers_and_whom_we_write_to_need_a_case() -> None:
    wanted = {
        a_consumer_line().pk,
        a_consumer_line("DE", is_paid=False).pk,
    }
    a_consumer_line(is_paid=False)
    a_consumer_line("TR")
    a_consumer_line("DE", is_business=True)
    a_consumer_line("DE", is_written_to=False)
    assert caseload.open_missing(at=AT) == 2
    assert set(LegalCase.objects.values_list("pk", flat=True)) == wanted
    assert caseload.open_missing(at=AT) == 0


def test_missing_cases_are_opened_in_two_statements_however_many() -> None:
    for number in (1, 6):
        for _ in range(number):
            a_consumer_line()
        with CaptureQueriesContext(connection) as seen:
            assert caseload.open_missing(at=AT) == number
        assert len(seen) == 2


def test_a_line_expected_after_its_limit_is_late_until_it_is_expected_in_time_again() -> None:
    purchase, line = a_sale()
    a_sale()
    assert kinds() == []
    revise(purchase, (60, None), at=later(hours=1))
    assert [row.pk for row in caseload.expected_late()] == [line.pk]
    assert kinds(later(hours=1)) == [(line.pk, Kind.LATE)]
    follow(later(hours=1))
    assert case_of(line).state == State.NOTICE_DUE
    assert kinds(later(hours=2)) == []
    revise(purchase, (10, None), at=later(hours=2))
    assert kinds(later(hours=2)) == [(line.pk, Kind.IN_TIME)]
    follow(later(hours=2))
    assert case_of(line).state == State.ON_TIME


def test_a_line_without_a_date_is_late() -> None:
    purchase, line = a_sale()
    revise(purchase, (None, None), at=later(hours=1))
    assert kinds(later(hours=1)) == [(line.pk, Kind.LATE)]


@pytest.mark.parametrize(("country", "kind"), [("US", Kind.SHIP), ("DE", Kind.DELIVER)])
def test_goods_that_left_or_arrived_are_heard_of_where_that_counts(country: str, kind: Kind) -> None:
    purchase, line = a_sale(country)
    receive(purchase, 9, at=later(days=1))
    parcel = shipping.ship(line.order, units=[(line.pk, 2)], by=None, at=later(days=2)).made
    assert kinds(later(days=3)) == ([(line.pk, Kind.SHIP)] if kind == Kind.SHIP else [])
    shipping.confirm_delivery(parcel, by=None, at=later(days=4))
    [entry] = caseload.observed(at=later(days=5))
    assert entry.event.kind == kind
    assert entry.event.at == (later(days=2) if kind == Kind.SHIP else later(days=4))


def test_a_clock_has_run_out_somewhere_when_the_day_is_over_furthest_east() -> None:
    line = a_sale()[1]
    LegalCase.objects.filter(pk=line.pk).update(clock_on=AT.date())
    midnight = datetime.datetime.combine(AT.date() + datetime.timedelta(days=1), datetime.time(), AT.tzinfo)
    east = midnight - caseload.FURTHEST_EAST
    assert not caseload.run_out(at=east - datetime.timedelta(seconds=1)).exists()
    assert [row.pk for row in caseload.run_out(at=east)] == [line.pk]
    LegalCase.objects.filter(pk=line.pk).update(state=State.AGREED_OPEN, clock_on=None)
    assert not caseload.run_out(at=later(days=900)).exists()


def test_what_the_law_has_ended_does_not_leave_even_before_the_clock_came_round() -> None:
    (_p, over), (_q, german) = a_sale(), a_sale("DE")
    ids, at = [over.pk, german.pk], later(days=90)
    caseload.check_not_over(ids, at=AT)
    with pytest.raises(OverByLaw, match="the time in which it was to be sent is over"):
        caseload.check_not_over(ids, at=at)
    caseload.check_not_over([german.pk], at=at)
    assert not caseload.lapsed().exists(), "nothing was noted by asking"
    casework.settle([case_of(over)], at=at)
    assert [row.pk for row in caseload.lapsed()] == [over.pk]
    with pytest.raises(OverByLaw):
        caseload.check_not_over(ids, at=AT)


def test_money_that_is_owed_by_nobody_settles_a_case_once_nothing_is_open() -> None:
    line = a_sale()[1]
    casework.settle([case_of(line)], at=later(days=90))
    assert kinds(later(days=90)) == [], "units are still open: nobody has cancelled them yet"
    OrderLine.objects.filter(pk=line.pk).update(waiting=0, cancelled=2)
    change = ChangeSet.objects.latest("id")
    made = Cancellation.objects.create(line=line, change_set=change, quantity=2, at=AT)
    owed = Refund.objects.create(cancellation=made, amount=20, currency="EUR", due_at=AT)
    assert kinds(later(days=90)) == []
    Refund.objects.filter(pk=owed.pk).update(paid_at=AT)
    assert kinds(later(days=90)) == [(line.pk, Kind.REFUND)]
