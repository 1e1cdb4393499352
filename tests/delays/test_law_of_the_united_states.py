"""Every row of the table of 16 CFR 435: from which state, by which event, under which condition, to which state."""

import dataclasses

import pytest

from backorders.delays import law
from backorders.delays.law import Case, Event, Kind, State
from backorders.delays.packs import US, Silence
from tests.delays.cases import O, T, a_case, after, event, on

LATE = event(Kind.LATE, 10)
SHORT = event(Kind.NOTICE, 11, T + 20)  # a definite date within thirty days after the limit
LONG = event(Kind.NOTICE, 11, T + 40)
NO_DATE = event(Kind.NOTICE, 11)
AGAIN = event(Kind.LATE, 40, key="late again")
RENEWED = event(Kind.NOTICE, 41, T + 45, key="renewed")
AGREED = (LATE, LONG, event(Kind.CONSENT, 12, T + 40))
AGREED_OPEN = (LATE, NO_DATE, event(Kind.CONSENT, 12))

STATES: dict[State, tuple[Event, ...]] = {
    State.ON_TIME: (),
    State.NOTICE_DUE: (LATE,),
    State.OPT_SHORT: (LATE, SHORT),
    State.OPT_LONG: (LATE, LONG),
    State.AGREED: AGREED,
    State.AGREED_OPEN: AGREED_OPEN,
    State.OPT_RENEWED: (LATE, SHORT, AGAIN, RENEWED),
}


def case(*events: Event, today: int | None = None) -> Case:
    return after(a_case(US), *events, today=today)


@pytest.mark.parametrize("state", STATES)
def test_the_states_are_reached(state: State) -> None:
    assert case(*STATES[state]).state == state


@pytest.mark.parametrize("state", STATES)
def test_row_1_goods_that_the_carrier_takes_end_every_open_case(state: State) -> None:
    assert case(*STATES[state], event(Kind.SHIP, 42)).state == (
        State.CANCELLED_REFUND_DUE if state in (State.ON_TIME, State.NOTICE_DUE) else State.SHIPPED
    )
    assert case(*STATES[state][:2], event(Kind.SHIP, 12)).state == State.SHIPPED


def test_row_1_nothing_ships_after_a_cancellation_was_received() -> None:
    ended = case(event(Kind.CANCEL, 5, hour=12), event(Kind.SHIP, 5, hour=13))
    assert (ended.state, ended.vested_on) == (State.CANCELLED_REFUND_DUE, on(5))
    assert case(event(Kind.CANCEL, 5, hour=13), event(Kind.SHIP, 5, hour=12)).state == State.SHIPPED
    assert case(event(Kind.CANCEL, 5), event(Kind.SHIP, 5)).state == State.CANCELLED_REFUND_DUE


def test_row_2_a_date_past_the_limit_makes_a_notice_due_and_the_limit_runs_on() -> None:
    due = case(LATE)
    assert (due.state, due.clock_on) == (State.NOTICE_DUE, on(T))


def test_a_date_that_comes_back_in_time_makes_no_notice() -> None:
    assert case(LATE, event(Kind.IN_TIME, 11)).state == State.ON_TIME
    assert case(*AGREED, AGAIN, event(Kind.IN_TIME, 41)).state == State.AGREED


@pytest.mark.parametrize("until", [T + 1, T + 30])
def test_row_3_a_definite_date_up_to_thirty_days_later_is_a_short_delay(until: int) -> None:
    told = case(LATE, event(Kind.NOTICE, T, until))
    assert (told.state, told.clock_on, told.revised_on) == (State.OPT_SHORT, on(until), on(until))
    assert law.silence_of(told.state, pack=US) == Silence.CONSENT


@pytest.mark.parametrize("until", [T + 31, None])
def test_row_4_a_later_date_or_none_is_a_long_delay(until: int | None) -> None:
    told = case(LATE, event(Kind.NOTICE, T, until))
    assert (told.state, told.clock_on) == (State.OPT_LONG, on(T + 30))
    assert law.silence_of(told.state, pack=US) == Silence.CANCEL


@pytest.mark.parametrize("events", [(), (LATE,)])
def test_row_5_a_limit_without_a_notice_ends_the_order(events: tuple[Event, ...]) -> None:
    assert case(*events, today=T).is_open
    for today in (T + 1, T + 2, T + 200):  # however late anybody looks
        ended = case(*events, today=today)
        assert (ended.state, ended.vested_on) == (State.CANCELLED_REFUND_DUE, on(T + 1))


def test_row_5_a_notice_after_the_limit_does_not_help() -> None:
    ended = case(LATE, event(Kind.NOTICE, T + 1, T + 10))
    assert (ended.state, ended.vested_on) == (State.CANCELLED_REFUND_DUE, on(T + 1))


def test_row_6_the_buyer_cancels_a_short_delay() -> None:
    ended = case(LATE, SHORT, event(Kind.CANCEL, T + 20))
    assert (ended.state, ended.vested_on) == (State.CANCELLED_REFUND_DUE, on(T + 20))


@pytest.mark.parametrize(("events", "limit"), [((LATE, SHORT), T + 20), (AGREED, T + 40)])
def test_row_7_another_delay_makes_a_renewed_notice_due(events: tuple[Event, ...], limit: int) -> None:
    due = case(*events, AGAIN)
    assert (due.state, due.clock_on) == (State.NOTICE_DUE, on(limit))


@pytest.mark.parametrize("until", [T + 25, T + 300, None])
def test_row_8_a_renewed_notice_leaves_the_limit_where_it_is(until: int | None) -> None:
    told = case(LATE, SHORT, AGAIN, event(Kind.NOTICE, T + 20, until, key="renewed"))
    assert (told.state, told.clock_on) == (State.OPT_RENEWED, on(T + 20))
    assert told.revised_on == (None if until is None else on(until))
    assert law.silence_of(told.state, pack=US) == Silence.CANCEL


@pytest.mark.parametrize(
    ("events", "limit"),
    [
        ((LATE, SHORT), T + 20),
        (AGREED, T + 40),
        ((LATE, SHORT, AGAIN), T + 20),
        ((LATE, SHORT, AGAIN, RENEWED), T + 20),
    ],
)
def test_row_9_the_end_of_the_revised_date_ends_the_order(events: tuple[Event, ...], limit: int) -> None:
    assert case(*events, today=limit).is_open
    ended = case(*events, today=limit + 9)
    assert (ended.state, ended.vested_on) == (State.CANCELLED_REFUND_DUE, on(limit + 1))


def test_row_10_consent_to_a_date_counts_until_that_date() -> None:
    agreed = case(LATE, LONG, event(Kind.CONSENT, T + 30, T + 40))
    assert (agreed.state, agreed.clock_on) == (State.AGREED, on(T + 40))
    assert not case(LATE, LONG, event(Kind.CONSENT, T + 31, T + 40)).is_open


def test_row_11_consent_to_an_open_date_has_no_clock() -> None:
    agreed = case(LATE, NO_DATE, event(Kind.CONSENT, T + 30), today=T + 500)
    assert (agreed.state, agreed.clock_on) == (State.AGREED_OPEN, None)


def test_row_12_silence_on_a_long_delay_ends_the_order_after_thirty_days() -> None:
    assert case(LATE, LONG, today=T + 30).is_open
    ended = case(LATE, LONG, today=T + 99)
    assert (ended.state, ended.vested_on) == (State.CANCELLED_REFUND_DUE, on(T + 31))


def test_a_parcel_before_the_end_of_row_12_saves_the_order_without_an_answer() -> None:
    assert case(LATE, LONG, event(Kind.SHIP, T + 30), today=T + 99).state == State.SHIPPED


@pytest.mark.parametrize("until", [T + 45, None])
def test_row_13_consent_to_a_renewed_notice(until: int | None) -> None:
    agreed = case(*STATES[State.OPT_RENEWED], event(Kind.CONSENT, T + 20, until))
    assert agreed.state == (State.AGREED_OPEN if until is None else State.AGREED)
    assert agreed.clock_on == (None if until is None else on(until))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", [Kind.CANCEL, Kind.DROP])
def test_rows_14_and_15_the_buyer_cancels_or_we_drop_it_in_any_open_state(state: State, kind: Kind) -> None:
    day = 12 if state in (State.ON_TIME, State.NOTICE_DUE) else 42
    ended = case(*STATES[state], event(kind, day))
    assert (ended.state, ended.vested_on, ended.clock_on) == (State.CANCELLED_REFUND_DUE, on(day), None)
    assert ended.refund_due_on is not None


def test_row_16_a_refund_settles_it_and_only_then() -> None:
    assert case(event(Kind.CANCEL, 5), event(Kind.REFUND, 9)).state == State.REFUNDED
    assert case(event(Kind.REFUND, 9)).state == State.ON_TIME


def test_a_notice_that_never_arrived_was_none() -> None:
    void = event(Kind.VOID, 13, key="bounced", of=SHORT.key)
    assert case(LATE, SHORT, void).state == State.NOTICE_DUE
    ended = case(LATE, SHORT, void, today=T + 2)
    assert (ended.state, ended.vested_on) == (State.CANCELLED_REFUND_DUE, on(T + 1))


def test_a_call_in_time_takes_the_place_of_a_notice_that_never_arrived() -> None:
    void = event(Kind.VOID, 13, key="bounced", of=SHORT.key)
    assert case(LATE, SHORT, void, event(Kind.NOTICE, 14, T + 20, key="call")).state == State.OPT_SHORT


def test_a_better_date_needs_no_option() -> None:
    assert case(LATE, SHORT, event(Kind.NOTICE, 20, T + 5)) == case(LATE, SHORT)
    assert case(LATE, event(Kind.NOTICE, 11, T)) == case(LATE)


def test_a_second_notice_of_an_open_question_changes_its_date_and_not_its_last_day() -> None:
    for events, clock in ((STATES[State.OPT_LONG], T + 30), (STATES[State.OPT_RENEWED], T + 20)):
        again = case(*events, event(Kind.NOTICE, T + 15, T + 60, key="once more"))
        assert (again.state, again.clock_on, again.revised_on) == (case(*events).state, on(clock), on(T + 60))


@pytest.mark.parametrize(("events", "day"), [((), T), ((LATE,), T), ((LATE, SHORT, AGAIN), 42)])
def test_nobody_agrees_to_what_was_not_offered(events: tuple[Event, ...], day: int) -> None:
    assert case(*events, event(Kind.CONSENT, day, T + 60)) == case(*events, today=day)


def test_nobody_agrees_to_a_day_that_has_passed() -> None:
    assert case(LATE, LONG, event(Kind.CONSENT, T + 10, T + 9)).state == State.OPT_LONG
    assert case(LATE, LONG, event(Kind.CONSENT, T + 10, T + 10)).clock_on == on(T + 10)


def test_a_time_that_ended_before_the_order_ends_on_its_day() -> None:
    assert law.opened(US, ordered_on=O, stated_on=on(-3)).limit_on == O
    assert law.opened(US, ordered_on=O, stated_on=None).limit_on == on(30)


def test_a_refund_has_seven_working_days_from_the_day_after() -> None:
    monday, saturday = (case(event(Kind.CANCEL, day)).refund_due_on for day in (7, 12))
    assert (monday, saturday) == (on(16), on(22))


def test_where_silence_is_never_consent_a_short_delay_is_asked_like_a_long_one() -> None:
    wary = dataclasses.replace(US, silence_first_short=Silence.NONE)
    assert after(a_case(wary), LATE, SHORT).state == State.OPT_LONG


def test_what_the_timer_did_stays_done() -> None:
    lapse = event(Kind.LAPSE, T + 31, T + 31)
    late_answer = event(Kind.CONSENT, T + 30, T + 40, hour=1)
    assert case(LATE, LONG, lapse).vested_on == on(T + 31)
    assert case(LATE, LONG, late_answer, lapse).state == State.CANCELLED_REFUND_DUE
    assert case(LATE, LONG, late_answer, event(Kind.LAPSE, T + 31, T + 90)).vested_on == on(T + 31)


def test_the_variant_of_a_notice_and_its_silence_come_from_one_answer() -> None:
    due = case(LATE)
    assert law.option_for(due, until=on(T + 30)) == State.OPT_SHORT
    assert law.option_for(due, until=on(T + 31)) == State.OPT_LONG
    assert law.option_for(due, until=None) == State.OPT_LONG
    assert law.option_for(case(LATE, SHORT, AGAIN), until=on(T + 25)) == State.OPT_RENEWED
    for until in (T + 10, T + 40, None):
        notice = event(Kind.NOTICE, 12, until)
        assert after(a_case(US), LATE, notice).state == law.option_for(due, until=notice.until)
