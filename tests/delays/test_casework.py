"""Cases are opened where a pack covers the line, write down once what happened, and their columns follow from that."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from backorders.delays import casework, law
from backorders.delays.casework import Uncased
from backorders.delays.days import DAY, arrives_by
from backorders.delays.law import Kind, State
from backorders.delays.models import LegalCase, LegalEvent
from backorders.delays.packs import EU, US
from backorders.orders.models import OrderLine
from tests.actions.lawdesk import a_sale, case_of
from tests.delays.cases import T, a_case, event, on
from tests.delays.cases import after as after_events
from tests.factories import AT, TODAY, a_line, a_product, day, later


def uncased(line: OrderLine, country: str = "US", **fields: object) -> Uncased:
    usual = {"is_business": False, "zone": "UTC", "transit_days": 2, "placed_at": AT, "first_until": None}
    return Uncased(line.pk, country, **{**usual, "is_essential": False, "is_paid": True, **fields})  # type: ignore[arg-type]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("country", "fields", "pack"),
    [
        ("US", {}, "us-ftc"),
        ("US", {"is_paid": False}, None),
        ("DE", {"is_paid": False}, "eu"),
        ("GB", {}, "uk"),
        ("TR", {}, None),
        ("DE", {"is_business": True}, None),
    ],
)
def test_a_case_is_opened_where_a_pack_covers_the_line(country: str, fields: dict[str, object], pack: object) -> None:
    line = a_line(a_product(), 1)
    assert casework.open_cases([uncased(line, country, **fields)], at=AT) == (pack is not None)
    assert list(LegalCase.objects.values_list("line", "pack")) == ([(line.pk, pack)] if pack else [])


@pytest.mark.django_db
def test_a_stated_arrival_is_moved_back_to_the_day_of_leaving_where_that_counts() -> None:
    lines = [a_line(a_product(), 1) for _ in range(2)]
    stated = TODAY + 10 * DAY
    casework.open_cases(
        [uncased(line, country, first_until=stated) for line, country in zip(lines, ("US", "DE"), strict=True)], at=AT
    )
    american, german = (case_of(line) for line in lines)
    assert american.limit_on < stated == german.limit_on
    assert arrives_by(american.limit_on, transit_days=2) == american.in_time_until
    assert american.in_time_until is not None
    assert american.in_time_until <= stated


@pytest.mark.django_db
def test_a_case_whose_time_was_over_before_there_was_one_gets_some_days_anew() -> None:
    old, new = (a_line(a_product(), 1) for _ in range(2))
    long_ago = AT - datetime.timedelta(days=90)
    casework.open_cases([uncased(old, placed_at=long_ago), uncased(new)], at=AT)
    assert (case_of(old).is_inherited, case_of(old).limit_on) == (True, TODAY + casework.GRACE_DAYS * DAY)
    assert (case_of(new).is_inherited, case_of(new).limit_on) == (False, TODAY + US.default_days * DAY)


@pytest.mark.django_db
def test_what_is_heard_twice_is_written_once_and_only_what_moved_is_returned() -> None:
    (_p, line), (_q, other) = a_sale("DE"), a_sale("DE")
    rows = [case_of(line), case_of(other)]
    said = casework.heard(rows[0], Kind.ESSENTIAL, key="k", at=later(days=1))
    casework.write([said, said])
    casework.write([said])
    assert LegalEvent.objects.filter(case=line.pk).count() == 1
    assert casework.settle(rows, at=later(days=1)) == [], "an essential date moves nothing before it passes"
    over = later(days=90)
    moved = {each.line_id: (each.old, each.case.state) for each in casework.settle(rows, at=over)}
    assert moved == {line.pk: (State.DUE, State.MAY_TERMINATE), other.pk: (State.DUE, State.OVERDUE)}
    assert (case_of(line).state, case_of(other).state) == (State.MAY_TERMINATE, State.OVERDUE)
    assert casework.settle([case_of(line), case_of(other)], at=over) == []


@pytest.mark.django_db
def test_a_case_that_moves_to_what_must_be_told_is_told_anew() -> None:
    row = case_of(a_sale()[1])
    LegalCase.objects.filter(pk=row.pk).update(notice_at=AT)
    row.refresh_from_db()
    casework.write([casework.heard(row, Kind.LATE, key="late", at=later(days=1))])
    casework.settle([row], at=later(days=1))
    now = LegalCase.objects.get(pk=row.pk)
    assert (now.state, now.notice_at) == (State.NOTICE_DUE, None)


@pytest.mark.django_db
def test_statements_do_not_grow_with_the_cases_that_move() -> None:
    counts = []
    for number in (1, 5):
        rows = [case_of(a_sale("DE")[1]) for _ in range(number)]
        with CaptureQueriesContext(connection) as seen:
            casework.write(casework.heard(row, Kind.ESSENTIAL, key="k", at=AT) for row in rows)
            assert len(casework.settle(rows, at=later(days=90))) == number
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.django_db
@pytest.mark.parametrize("is_due", [True, False])
def test_what_is_split_off_has_the_same_history_and_is_owed_a_notice_that_has_not_left(is_due: bool) -> None:
    row = case_of(a_sale()[1])
    to = a_line(a_product(), 1)
    casework.write([casework.heard(row, Kind.LATE if is_due else Kind.IN_TIME, key="k", at=AT)])
    casework.settle([row], at=AT)
    LegalCase.objects.filter(pk=row.pk).update(notice_at=AT)
    casework.copy(row.pk, to=to.pk)
    twin = case_of(to)
    assert [event.key for event in casework.events_of([to.pk])[to.pk]] == ["k"]
    assert (twin.state, twin.limit_on) == (row.state, row.limit_on)
    assert twin.notice_at == (None if is_due else AT)
    casework.copy(a_line(a_product(), 1).pk, to=to.pk)
    assert LegalCase.objects.count() == 2, "what has no case leaves none"


def test_goods_expected_by_a_day_keep_the_limit_in_force_or_there_is_none() -> None:
    american, german = a_case(US), a_case(EU)
    assert casework.in_time_until(german, transit_days=3) == on(T)
    assert casework.in_time_until(american, transit_days=3) == arrives_by(on(T), transit_days=3) > on(T)
    asked = after_events(american, event(Kind.LATE, 3), event(Kind.NOTICE, 3, 90))
    assert asked.state == State.OPT_LONG
    assert casework.in_time_until(asked, transit_days=3) is None
    assert casework.in_time_until(after_events(german, event(Kind.END, T + 5)), transit_days=3) is None


@given(told=st.integers(0, T), until=st.integers(T + 1, 200))
def test_whoever_must_answer_is_reminded_between_tomorrow_and_the_last_day_and_nobody_else_is(
    told: int, until: int
) -> None:
    case = after_events(a_case(US), event(Kind.LATE, told), event(Kind.NOTICE, told, until))
    remind = casework.first_reminder(case, today=on(told))
    if law.silence_of(case.state, pack=US) != "cancel":
        assert case.state == State.OPT_SHORT
        assert remind is None
        return
    assert case.clock_on
    assert remind is not None
    assert on(told) < remind <= casework.last_reminder(case.clock_on) < case.clock_on
    assert casework.first_reminder(a_case(US), today=on(told)) is None


def test_the_last_reminder_leaves_two_days() -> None:
    assert casework.last_reminder(day(10)) == day(8)
