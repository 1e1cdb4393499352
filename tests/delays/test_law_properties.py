"""What no sequence of events can do to a case, and that neither their order nor their number matters."""

import datetime
import itertools

from hypothesis import given
from hypothesis import strategies as st

from backorders.delays import law
from backorders.delays.law import LAPSING, OPEN, Event, Kind, State
from backorders.delays.packs import EU, UK, US, stricter
from tests.delays.cases import O, a_case, after, event, on

BOTH = stricter(US, EU)
DAYS = st.integers(0, 90)


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """What may happen to a case in ninety days, each with a key of its own; some of it void."""
    numbers = itertools.count()

    def one() -> Event:
        kind = draw(st.sampled_from([kind for kind in Kind if kind != Kind.VOID]))
        until = draw(st.none() | st.integers(1, 150))
        return event(kind, draw(DAYS), until, key=str(next(numbers)), hour=draw(st.integers(0, 23)))

    made = [one() for _ in range(draw(st.integers(0, 9)))]
    if made and draw(st.booleans()):
        made.append(event(Kind.VOID, draw(DAYS), key="void", of=draw(st.sampled_from(made)).key))
    return made


PACKS = st.sampled_from([US, EU, UK, BOTH])


@given(PACKS, events(), st.booleans(), st.data())
def test_duplicates_and_any_order_give_the_same_case(pack, made, is_essential, data) -> None:  # type: ignore[no-untyped-def]
    opened = a_case(pack, is_essential=is_essential)
    heard = data.draw(st.permutations(made + data.draw(st.lists(st.sampled_from(made)) if made else st.just([]))))
    assert law.replay(opened, heard, today=on(90)) == law.replay(opened, made, today=on(90))


PARCELS = (Kind.SHIP, Kind.DELIVER, Kind.EXCHANGE)


@given(PACKS, events(), DAYS, st.lists(st.tuples(st.sampled_from(PARCELS), st.integers(0, 30)), min_size=1, max_size=3))
def test_nothing_ships_after_a_cancellation_was_received(pack, made, on_day, parcels) -> None:  # type: ignore[no-untyped-def]
    others = [each for each in made if each.kind not in PARCELS]
    cancel = event(Kind.CANCEL, on_day, key="cancel")
    later = [event(kind, on_day + days, key=f"parcel {n}", hour=12 + n) for n, (kind, days) in enumerate(parcels)]
    case = after(a_case(pack), *others, cancel, *later, today=200)
    assert case.state not in (State.SHIPPED, State.DELIVERED, State.CLOSED)
    assert case.vested_on is not None
    assert case.vested_on <= on(on_day)


@given(st.sampled_from([US, BOTH]), events(), DAYS)
def test_no_limit_passes_unshipped_without_money_being_due(pack, made, today) -> None:  # type: ignore[no-untyped-def]
    made = [each for each in made if each.on <= on(today)]
    case = after(a_case(pack), *made, today=today)
    if case.is_open:
        assert case.state in LAPSING
        assert (case.clock_on is None) == (case.state == State.AGREED_OPEN)
        assert case.clock_on is None or case.clock_on >= on(today)
        later = law.passed(case, today=(case.clock_on or O) + datetime.timedelta(days=1))
        if case.clock_on:
            assert (later.state, later.vested_on) == (
                State.CANCELLED_REFUND_DUE,
                case.clock_on + datetime.timedelta(days=1),
            )
            assert later.refund_due_on is not None


@given(st.sampled_from([EU, UK]), events(), st.booleans())
def test_no_line_of_the_union_is_ever_ended_by_a_timer(pack, made, is_essential) -> None:  # type: ignore[no-untyped-def]
    ends = {Kind.CANCEL, Kind.DROP, Kind.END, Kind.DELIVER, Kind.EXCHANGE}
    made = [each for each in made if each.kind not in ends]
    assert after(a_case(pack, is_essential=is_essential), *made, today=10_000).state in OPEN


@given(st.sampled_from([US, EU, UK, BOTH]), events(), DAYS, DAYS)
def test_looking_more_often_changes_nothing(pack, made, one, other) -> None:  # type: ignore[no-untyped-def]
    case = after(a_case(pack), *made, today=90)
    looked = law.passed(law.passed(case, today=on(90 + min(one, other))), today=on(90 + max(one, other)))
    assert looked == law.passed(case, today=on(90 + max(one, other)))


@given(PACKS, events(), DAYS)
def test_money_is_owed_from_a_day_on_which_it_was_already_due(pack, made, today) -> None:  # type: ignore[no-untyped-def]
    case = after(a_case(pack), *[each for each in made if each.on <= on(today)], today=today)
    if case.vested_on is not None:
        assert case.vested_on <= on(today)
        assert case.refund_due_on is not None
        assert case.refund_due_on > case.vested_on
