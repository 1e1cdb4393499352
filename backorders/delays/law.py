"""The delay law as a pure state machine: a case, what happened, and the day decide; nothing is read or written here.

Two tables share it. Where a limit that passes ends the order (16 CFR 435), the cases run from `on_time` through options
to an end; where ending is the customer's right (Directive 2011/83/EU, article 18), from `due` to `may_terminate`. What
happened may arrive twice and in any order: `replay` gives the same case. A clock that ran out is seen on whatever later
day anybody looks, and says the same.
"""

import datetime
import enum
from collections.abc import Callable, Iterable
from typing import NamedTuple

from backorders.delays.days import DAY, after_working_days
from backorders.delays.packs import Days, DelayPack, Silence


class State(enum.StrEnum):
    """Where a case stands."""

    ON_TIME = "on_time"
    NOTICE_DUE = "notice_due"
    OPT_SHORT = "opt_short"
    OPT_LONG = "opt_long"
    AGREED = "agreed"
    AGREED_OPEN = "agreed_open"
    OPT_RENEWED = "opt_renewed"
    SHIPPED = "shipped"
    DUE = "due"
    OVERDUE = "overdue"
    EXTRA_PERIOD = "extra_period"
    MAY_TERMINATE = "may_terminate"
    TERMINATED = "terminated"
    DELIVERED = "delivered"
    CANCELLED_REFUND_DUE = "cancelled_refund_due"
    REFUNDED = "refunded"
    CLOSED = "closed"


OPTIONS = (State.OPT_SHORT, State.OPT_LONG, State.OPT_RENEWED)
LAPSING = (State.ON_TIME, State.NOTICE_DUE, *OPTIONS, State.AGREED, State.AGREED_OPEN)
LASTING = (State.DUE, State.OVERDUE, State.EXTRA_PERIOD, State.MAY_TERMINATE)
OPEN = (*LAPSING, *LASTING)
OWING = (State.CANCELLED_REFUND_DUE, State.TERMINATED)
DATED = (State.ON_TIME, State.OPT_SHORT, State.AGREED)  # a limit holds, and no option is open beyond it


class Kind(enum.StrEnum):
    """What can happen to a case, in the order of two things at the same moment: the customer's word comes first."""

    CANCEL = "cancel"
    END = "end"
    DROP = "drop"
    LAPSE = "lapse"
    SHIP = "ship"
    DELIVER = "deliver"
    EXCHANGE = "exchange"
    IN_TIME = "in_time"
    LATE = "late"
    NOTICE = "notice"
    CONSENT = "consent"
    DEMAND = "demand"
    FLEXIBLE = "flexible"
    ESSENTIAL = "essential"  # of both at once the stronger word counts
    REFUND = "refund"
    VOID = "void"


ANSWERS = (Kind.CANCEL, Kind.END, Kind.CONSENT, Kind.DEMAND)
_RANK = {kind: rank for rank, kind in enumerate(Kind)}


class Event(NamedTuple):
    """Something that happened: when, on which day where the goods go, and under which key it counts once.

    `until` is the date it speaks of: offered by a notice, agreed to, demanded, or expected. `of` is the key of what
    it makes void.
    """

    kind: Kind
    at: datetime.datetime
    on: datetime.date
    key: str
    until: datetime.date | None = None
    of: str = ""


class Case(NamedTuple):
    """An order line before the law.

    `limit_on` is the last day of the applicable time, `clock_on` the last day of what runs now (None: nothing does),
    `revised_on` the definite date of the newest notice or agreement. `before` is the state that a due notice left.
    `is_essential`: late goods are of no use, as was said with the order, which nothing unsays; `is_said_essential`: as
    the customer said later, and may take back.
    """

    pack: DelayPack
    ordered_on: datetime.date
    limit_on: datetime.date
    state: State
    clock_on: datetime.date | None
    is_essential: bool = False
    revised_on: datetime.date | None = None
    before: State | None = None
    vested_on: datetime.date | None = None
    refund_due_on: datetime.date | None = None
    is_said_essential: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the goods are still owed."""
        return self.state in OPEN


def opened(
    pack: DelayPack,
    *,
    ordered_on: datetime.date,
    stated_on: datetime.date | None,
    is_essential: bool = False,
) -> Case:
    """Return a new case. `stated_on` is the end of the time stated to the buyer, in what the pack measures; without
    one, the pack's days count from the day of the order."""
    limit = max(stated_on or ordered_on + pack.default_days * DAY, ordered_on)
    return Case(pack, ordered_on, limit, State.ON_TIME if pack.lapses else State.DUE, limit, is_essential)


def replay(case: Case, events: Iterable[Event], *, today: datetime.date) -> Case:
    """Return an opened case after everything that happened to it, as it stands on `today`."""
    events = list(events)
    void = {event.of for event in events if event.kind == Kind.VOID}
    standing = {event.key: event for event in events if event.kind != Kind.VOID and event.key not in void}
    for event in sorted(standing.values(), key=lambda each: (each.at, _RANK[each.kind], each.key)):
        case = after(passed(case, today=event.on), event)
    return passed(case, today=today)


def passed(case: Case, *, today: datetime.date) -> Case:
    """Return the case as time alone has left it by `today`, however long ago its clock ran out (rows 5, 9, 12)."""
    if case.clock_on is None or today <= case.clock_on or not case.is_open:
        return case
    if case.state in LAPSING:
        return _ended(case, State.CANCELLED_REFUND_DUE, case.clock_on + DAY)
    if case.state == State.DUE and not (case.is_essential or case.is_said_essential):
        return case._replace(state=State.OVERDUE, clock_on=None)  # E3
    return case._replace(state=State.MAY_TERMINATE, clock_on=None)  # E2, E5


def after(case: Case, event: Event) -> Case:
    """Return the case after one event; what means nothing in its state leaves it as it is."""
    if event.kind == Kind.REFUND:
        return case._replace(state=State.REFUNDED) if case.state in OWING else case  # row 16
    if not case.is_open:
        return case
    return _STEPS[event.kind](case, event)


def silence_of(state: State, *, pack: DelayPack) -> Silence:
    """Return what it means in this state that the customer does not answer."""
    if state == State.OPT_SHORT:
        return pack.silence_first_short
    return pack.silence_other if state in OPTIONS else Silence.NONE


def option_for(case: Case, *, until: datetime.date | None) -> State:
    """Return the state in which a valid notice of this revised date (None: none can be given) puts the case.

    From this one answer come the variant of the notice, what its silence means and the day it counts on.
    """
    if case.before not in (None, State.ON_TIME) or case.state not in (State.ON_TIME, State.NOTICE_DUE):
        return State.OPT_LONG if case.state == State.OPT_LONG else State.OPT_RENEWED  # row 8
    short = until is not None and until <= case.limit_on + case.pack.short_limit_days * DAY
    return State.OPT_SHORT if short and case.pack.silence_first_short == Silence.CONSENT else State.OPT_LONG


def refund_due(vested_on: datetime.date, *, pack: DelayPack) -> datetime.date:
    """Return the last day on which a refund is in time; the day on which the right arose is not counted."""
    if pack.refund_day_type == Days.WORKING:
        return after_working_days(vested_on, pack.refund_days)
    return vested_on + pack.refund_days * DAY


# -- the steps --------------------------------------------------------------------------------------------------------


def _ended(case: Case, state: State, vested_on: datetime.date) -> Case:
    due = refund_due(vested_on, pack=case.pack)
    return case._replace(state=state, clock_on=None, vested_on=vested_on, refund_due_on=due)


def _cancelled(case: Case, event: Event) -> Case:
    """Rows 6, 14, 15; and before any right to it, because the shop allows it until the goods leave."""
    return _ended(case, State.CANCELLED_REFUND_DUE, event.on)


def _lapsed(case: Case, event: Event) -> Case:
    """What the timer did stays done; it never ends an order that only the customer may end."""
    return (
        _ended(case, State.CANCELLED_REFUND_DUE, min(event.until or event.on, event.on)) if case.pack.lapses else case
    )


def _terminated(case: Case, event: Event) -> Case:
    return _ended(case, State.TERMINATED, event.on) if case.state == State.MAY_TERMINATE else case  # E7


def _shipped(case: Case, event: Event) -> Case:
    """Row 1. Where delivery is measured, goods on their way are not delivered."""
    return case._replace(state=State.SHIPPED, clock_on=None) if case.pack.measures == "ship" else case


def _delivered(case: Case, event: Event) -> Case:
    state = State.DELIVERED if case.pack.measures == "deliver" else State.SHIPPED
    return case._replace(state=state, clock_on=None)  # E1, E8


def _exchanged(case: Case, event: Event) -> Case:
    return case._replace(state=State.CLOSED, clock_on=None)


def _late(case: Case, event: Event) -> Case:
    """Rows 2 and 7: we know that we will miss the limit in force, so a notice is due; the limit runs on."""
    return case._replace(state=State.NOTICE_DUE, before=case.state) if case.state in DATED else case


def _in_time(case: Case, event: Event) -> Case:
    """The date came back before anybody was told of another."""
    if case.state != State.NOTICE_DUE or case.before is None:
        return case
    return case._replace(state=case.before, before=None)


def _noticed(case: Case, event: Event) -> Case:
    """Rows 3, 4 and 8. That it was sent in time is known: a limit that has passed has ended the case before."""
    in_force = case.clock_on or case.limit_on
    if case.state not in (*OPTIONS, *DATED, State.NOTICE_DUE) or (event.until and event.until <= in_force):
        return case
    state = option_for(case, until=event.until)
    clock = {
        State.OPT_SHORT: event.until,
        State.OPT_LONG: case.limit_on + case.pack.long_grace_days * DAY,
        State.OPT_RENEWED: in_force,
    }
    return case._replace(state=state, clock_on=clock[state], revised_on=event.until, before=None)


def _consented(case: Case, event: Event) -> Case:
    """Rows 10, 11, 13 and E6. Consent to a date counts until that date, to an open one until the customer cancels."""
    if event.until is not None and event.until < event.on:
        return case
    if case.state in (State.DUE, State.OVERDUE):
        if event.until is None:
            return case
        return case._replace(state=State.DUE, clock_on=event.until, revised_on=event.until)
    if case.state not in (*OPTIONS, State.AGREED, State.AGREED_OPEN):
        return case
    state = State.AGREED_OPEN if event.until is None else State.AGREED
    return case._replace(state=state, clock_on=event.until, revised_on=event.until)


def _demanded(case: Case, event: Event) -> Case:
    """E4: the extra period is the consumer's to set."""
    if case.state != State.OVERDUE or event.until is None:
        return case
    return case._replace(state=State.EXTRA_PERIOD, clock_on=event.until)


def _essential(case: Case, event: Event) -> Case:
    """E2: it counts for a date that is still to come; one that has passed has made of the case what it has."""
    return case._replace(is_said_essential=True)


def _flexible(case: Case, event: Event) -> Case:
    """The customer takes back what was said after the order; a right that has arisen stays."""
    return case._replace(is_said_essential=False)


_STEPS: dict[Kind, Callable[[Case, Event], Case]] = {
    Kind.CANCEL: _cancelled,
    Kind.DROP: _cancelled,
    Kind.LAPSE: _lapsed,
    Kind.END: _terminated,
    Kind.SHIP: _shipped,
    Kind.DELIVER: _delivered,
    Kind.EXCHANGE: _exchanged,
    Kind.LATE: _late,
    Kind.IN_TIME: _in_time,
    Kind.NOTICE: _noticed,
    Kind.CONSENT: _consented,
    Kind.DEMAND: _demanded,
    Kind.ESSENTIAL: _essential,
    Kind.FLEXIBLE: _flexible,
}
