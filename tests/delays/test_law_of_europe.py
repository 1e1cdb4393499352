"""Every row of the table of Directive 2011/83/EU, article 18; nothing in it is ever ended by a clock."""

import pytest

from backorders.delays.law import OPEN, Case, Event, Kind, State
from backorders.delays.packs import EU, UK, DelayPack
from tests.delays.cases import T, a_case, after, event, on

DEMAND = event(Kind.DEMAND, T + 2, T + 9)


@pytest.fixture(params=[EU, UK], ids=lambda pack: pack.id)
def pack(request: pytest.FixtureRequest) -> DelayPack:
    assert isinstance(request.param, DelayPack)
    return request.param


def case(pack: DelayPack, *events: Event, today: int | None = None, is_essential: bool = False) -> Case:
    return after(a_case(pack, is_essential=is_essential), *events, today=today)


def test_e1_delivery_ends_it(pack: DelayPack) -> None:
    assert case(pack, event(Kind.DELIVER, T)).state == State.DELIVERED
    assert case(pack, event(Kind.SHIP, T - 1)).state == State.DUE  # on its way is not delivered


def test_e2_an_essential_date_that_passes_lets_the_customer_end_the_contract_at_once(pack: DelayPack) -> None:
    assert case(pack, today=T, is_essential=True).state == State.DUE
    assert case(pack, today=T + 1, is_essential=True).state == State.MAY_TERMINATE


def test_e2_a_word_after_the_order_counts_for_dates_to_come_and_makes_nothing_of_the_past(pack: DelayPack) -> None:
    late, in_time = event(Kind.ESSENTIAL, T + 1), event(Kind.ESSENTIAL, T)
    assert case(pack, in_time, today=T + 1).state == State.MAY_TERMINATE
    assert case(pack, late, today=T + 50).state == State.OVERDUE
    again = case(pack, late, event(Kind.CONSENT, T + 2, T + 9), today=T + 10)
    assert again.state == State.MAY_TERMINATE  # the date that was agreed to after it


def test_e2_taking_it_back_takes_neither_the_word_of_the_order_nor_a_right_that_has_arisen(pack: DelayPack) -> None:
    said = event(Kind.ESSENTIAL, 5)
    assert case(pack, said, event(Kind.FLEXIBLE, 6), today=T + 1).state == State.OVERDUE
    assert case(pack, event(Kind.FLEXIBLE, 6), today=T + 1, is_essential=True).state == State.MAY_TERMINATE
    assert case(pack, said, event(Kind.FLEXIBLE, T + 1), today=T + 2).state == State.MAY_TERMINATE


def test_e3_another_date_that_passes_is_overdue(pack: DelayPack) -> None:
    assert case(pack, today=T).state == State.DUE
    assert case(pack, today=T + 1).state == State.OVERDUE


def test_e4_the_customer_sets_an_extra_period(pack: DelayPack) -> None:
    waiting = case(pack, DEMAND)
    assert (waiting.state, waiting.clock_on) == (State.EXTRA_PERIOD, on(T + 9))
    assert case(pack, event(Kind.DEMAND, 3, 9)).state == State.DUE  # not before it is overdue


def test_e5_an_extra_period_that_passes_lets_the_customer_end_the_contract(pack: DelayPack) -> None:
    assert case(pack, DEMAND, today=T + 9).state == State.EXTRA_PERIOD
    assert case(pack, DEMAND, today=T + 90).state == State.MAY_TERMINATE


@pytest.mark.parametrize("day", [10, T + 3])
def test_e6_only_express_consent_moves_the_date(pack: DelayPack, day: int) -> None:
    agreed = case(pack, event(Kind.CONSENT, day, T + 20))
    assert (agreed.state, agreed.clock_on) == (State.DUE, on(T + 20))
    assert case(pack, event(Kind.CONSENT, T + 3)).state == State.OVERDUE  # to a date, not to waiting
    told = case(pack, event(Kind.LATE, 10), event(Kind.NOTICE, 11, T + 20), today=T + 1)
    assert told.state == State.OVERDUE


def test_e7_the_customer_ends_the_contract_and_money_is_owed(pack: DelayPack) -> None:
    ended = case(pack, DEMAND, event(Kind.END, T + 12))
    assert (ended.state, ended.vested_on, ended.refund_due_on) == (State.TERMINATED, on(T + 12), on(T + 19))
    assert case(pack, event(Kind.END, T + 2)).state == State.OVERDUE  # not before there is the right to it
    assert case(pack, DEMAND, event(Kind.END, T + 12), event(Kind.REFUND, T + 15)).state == State.REFUNDED


def test_e8_delivery_before_the_customer_ends_it_ends_it(pack: DelayPack) -> None:
    assert case(pack, DEMAND, event(Kind.DELIVER, T + 11)).state == State.DELIVERED


@pytest.mark.parametrize("is_essential", [True, False])
def test_no_clock_and_no_timer_ends_it(pack: DelayPack, is_essential: bool) -> None:
    lapse = event(Kind.LAPSE, T + 40)
    for events in ((), (DEMAND,), (lapse,), (DEMAND, lapse)):
        assert case(pack, *events, today=900, is_essential=is_essential).state in OPEN


@pytest.mark.parametrize("kind", [Kind.CANCEL, Kind.DROP])
def test_what_the_shop_allows_or_cannot_keep_ends_it_with_a_refund(pack: DelayPack, kind: Kind) -> None:
    ended = case(pack, event(kind, 5))
    assert (ended.state, ended.refund_due_on) == (State.CANCELLED_REFUND_DUE, on(12))
