"""Casework: cases are opened, what happens is written down once, and the columns of a case follow from its events.

Everything here takes many lines at a time; the statements do not grow with them.
"""

import datetime
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from backorders import rows
from backorders.allocation.models import Promise
from backorders.delays import law
from backorders.delays.days import DAY, arrives_by, day_in, leaves_by
from backorders.delays.law import OPTIONS, Case, Event, Kind, State
from backorders.delays.models import LegalCase, LegalEvent
from backorders.delays.packs import Measures, Silence, pack_for, pack_named

# A shop that begins to keep cases has lines whose time is over. They get so many days anew, to be told in.
GRACE_DAYS = 7
LAST_REMINDER_DAYS = 2


class Uncased(NamedTuple):
    """An open line of a consumer for which there is no case yet."""

    line_id: int
    country: str
    is_business: bool
    zone: str
    transit_days: int
    placed_at: datetime.datetime
    first_until: datetime.date | None
    is_essential: bool
    is_paid: bool


class Entry(NamedTuple):
    """An event of a line's case, and what a date it states rests on."""

    line_id: int
    event: Event
    basis: dict[str, object] | None = None


class Moved(NamedTuple):
    """A case that is in another state than its columns said, or whose clock is another."""

    line_id: int
    old: State
    case: Case


def open_cases(found: Iterable[Uncased], *, at: datetime.datetime) -> int:
    """Open a case for each line that a pack covers; return how many. In two statements."""
    made = [row for line in found if (row := _opened(line, at))]
    rows.insert(LegalCase, _CASE, made)
    return len(made)


_CASE = [
    *("line", "pack", "pack_version", "lapses", "zone", "transit_days", "ordered_on", "is_essential", "is_inherited"),
    *("opened_at", "limit_on", "state", "clock_on", "in_time_until"),
]


def _opened(line: Uncased, at: datetime.datetime) -> tuple[object, ...] | None:
    pack = pack_for(line.country, is_business=line.is_business)
    if pack is None or (pack.needs_payment and not line.is_paid):
        return None
    ordered_on, today = day_in(line.zone, line.placed_at), day_in(line.zone, at)
    stated = line.first_until
    if stated and pack.measures == Measures.SHIP:
        stated = leaves_by(stated, transit_days=line.transit_days)
    case = law.opened(pack, ordered_on=ordered_on, stated_on=stated, is_essential=line.is_essential)
    is_inherited = case.limit_on < today
    limit = today + GRACE_DAYS * DAY if is_inherited else case.limit_on
    in_time = arrives_by(limit, transit_days=line.transit_days) if pack.measures == Measures.SHIP else limit
    return (
        *(line.line_id, pack.id, pack.version, pack.lapses, line.zone[:60], line.transit_days, ordered_on),
        *(line.is_essential, is_inherited, at, limit, case.state.value, limit, in_time),
    )


def lock_cases(line_ids: Collection[int]) -> list[LegalCase]:
    """Lock the promises of these lines, then their cases (that is the order); return the cases, by line."""
    mine: dict[str, Any] = {"no_key": True, "of": ("self",)}
    list(Promise.objects.select_for_update(**mine).filter(pk__in=line_ids).order_by("pk").values_list("pk"))
    return list(LegalCase.objects.select_for_update(**mine).filter(pk__in=line_ids).order_by("pk"))


def heard(
    row: LegalCase,
    kind: Kind,
    *,
    key: str,
    until: datetime.date | None = None,
    of: str = "",
    basis: dict[str, object] | None = None,
    at: datetime.datetime,
) -> Entry:
    """Return what happened to a case at a moment, dated by the day where its goods go."""
    return Entry(row.pk, Event(kind, at, day_in(row.zone, at), key[:80], until, of), basis)


def paid_back(row: LegalCase, *, at: datetime.datetime) -> Entry:
    """Return that no money is owed in a case; it may come to that more than once, each time under a key of its own."""
    return heard(row, Kind.REFUND, key=f"refund:{at:%Y%m%d%H%M%S%f}", at=at)


_WRITE = """
    INSERT INTO delays_legalevent (case_id, kind, key, at, "on", until, of, basis)
    SELECT {0}, {1}, {2}, {3}, {4}, {5}, {6}, {7} FROM {source} WHERE true
    ON CONFLICT (case_id, key) DO NOTHING
"""


def write(entries: Iterable[Entry]) -> None:
    """Write down what happened; what was heard before is not written again. One statement."""
    rows.run(
        _WRITE,
        LegalEvent,
        ["case", "kind", "key", "at", "on", "until", "of", "basis"],
        [
            (
                *(entry.line_id, entry.event.kind.value, entry.event.key, entry.event.at, entry.event.on),
                *(entry.event.until, entry.event.of, entry.basis or {}),
            )
            for entry in entries
        ],
    )


def events_of(line_ids: Collection[int]) -> dict[int, list[Event]]:
    """Return what happened to these cases, in no particular order. One statement."""
    found: dict[int, list[Event]] = {}
    fields = ("case_id", "kind", "at", "on", "key", "until", "of")
    for line_id, kind, *rest in LegalEvent.objects.filter(case__in=line_ids).order_by().values_list(*fields):
        found.setdefault(line_id, []).append(Event(Kind(kind), *rest))
    return found


def value_of(row: LegalCase) -> Case:
    """Return the case as it was when it was opened, before anything happened."""
    pack = pack_named(row.pack, row.pack_version)
    first = State.ON_TIME if pack.lapses else State.DUE
    return Case(pack, row.ordered_on, row.limit_on, first, row.limit_on, row.is_essential)


def cases_now(cases: Sequence[LegalCase], *, at: datetime.datetime) -> dict[int, Case]:
    """Return the cases as they stand at a moment, clocks that ran out since included. One statement."""
    events = events_of([row.pk for row in cases])
    return {row.pk: law.replay(value_of(row), events.get(row.pk, []), today=day_in(row.zone, at)) for row in cases}


def settle(cases: Sequence[LegalCase], *, at: datetime.datetime) -> list[Moved]:
    """Let the columns of these cases follow from their events and the day; return those that moved. Four statements."""
    now = cases_now(cases, at=at)
    moved = [row for row in cases if _columns(row, now[row.pk]) != _kept(row)]
    states = {row.pk: State(row.state) for row in moved}
    to_tell = [row.pk for row in moved if _has_news(row, now[row.pk])]
    reminders = [
        (row.pk, first_reminder(now[row.pk], today=day_in(row.zone, at)))
        for row in moved
        if now[row.pk].state != row.state
    ]
    for row in moved:
        for name, value in zip(_FOLLOWING, _columns(row, now[row.pk]), strict=True):
            setattr(row, name, value)
    rows.update(LegalCase, ["line", *_FOLLOWING], [(row.pk, *_kept(row)) for row in moved])
    rows.update(LegalCase, ["line", "remind_on"], reminders)
    rows.update(LegalCase, ["line", "notice_at"], [(pk, None) for pk in to_tell])
    return [Moved(row.pk, states[row.pk], now[row.pk]) for row in moved]


_FOLLOWING = ("state", "clock_on", "revised_on", "vested_on", "refund_due_on", "in_time_until")


def _kept(row: LegalCase) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in _FOLLOWING)


def _columns(row: LegalCase, case: Case) -> tuple[object, ...]:
    in_time = in_time_until(case, transit_days=row.transit_days)
    return (case.state.value, case.clock_on, case.revised_on, case.vested_on, case.refund_due_on, in_time)


def in_time_until(case: Case, *, transit_days: int) -> datetime.date | None:
    """Return the last day of an expected window that keeps the limit in force, or None where there is no such limit."""
    if case.clock_on is None or case.state not in (*law.DATED, State.NOTICE_DUE, State.DUE):
        return None
    if case.pack.measures == Measures.DELIVER:
        return case.clock_on
    return arrives_by(case.clock_on, transit_days=transit_days)


def _has_news(row: LegalCase, case: Case) -> bool:
    """Whether there is something new to tell. A notice that came back is not told again: somebody calls."""
    is_late = case.state == State.NOTICE_DUE and case.before == row.state
    return is_late or (case.state == State.MAY_TERMINATE and row.state != State.MAY_TERMINATE)


def first_reminder(case: Case, *, today: datetime.date) -> datetime.date | None:
    """Return when to ask again at half the time left, or None where silence costs the customer nothing."""
    if case.clock_on is None or not asks_again(case):
        return None
    half = today + (case.clock_on - today) // 2
    return max(half, today + DAY) if half < last_reminder(case.clock_on) else last_reminder(case.clock_on)


def last_reminder(clock_on: datetime.date) -> datetime.date:
    """Return the day of the last reminder."""
    return clock_on - LAST_REMINDER_DAYS * DAY


def asks_again(case: Case) -> bool:
    """Whether the customer has to answer, and is reminded of it."""
    silence = law.silence_of(case.state, pack=case.pack)
    return case.state in OPTIONS and silence == Silence.CANCEL


def copy(line_id: int, *, to: int) -> None:
    """Give a line that was split off another the same case: what was said of the whole was said of the part.

    A notice that has not left speaks of the whole alone; the part is owed its own.
    """
    row = LegalCase.objects.filter(pk=line_id).first()
    if row is None:
        return
    events = list(LegalEvent.objects.filter(case=row).order_by("at", "id"))
    row.line_id = to
    if row.state == State.NOTICE_DUE:
        row.notice_at = None
    row._state.adding = True
    row.save(force_insert=True)
    for event in events:
        event.pk, event.case_id = None, to
    LegalEvent.objects.bulk_create(events)
