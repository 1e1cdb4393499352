"""Noticing: which lines a customer must hear of by law, and what such a notice offers; nothing filters it.

What the notice says of silence is never typed: the variant, its last day and what silence means are read from the state
that the notice puts the case into.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from backorders.delays import caseload, casework, law
from backorders.delays.days import DAY, day_in, end_of, leaves_by
from backorders.delays.law import Case, Event, Kind, State
from backorders.delays.models import LegalCase
from backorders.delays.packs import Measures, Silence
from backorders.notifications.letters import Option
from backorders.rows import batches

PRESSING_DAYS = 1  # so close to the last day a notice does not wait for more changes
_TO_TELL = [State.NOTICE_DUE.value, State.MAY_TERMINATE.value]
_ASKED = [State.OPT_LONG.value, State.OPT_RENEWED.value]
_MOVABLE = [*(state.value for state in law.DATED), State.NOTICE_DUE.value, *_ASKED]
CHUNK = 10_000


class Owed(NamedTuple):
    """A line's case as the telling sees it. `is_told`: its notice is queued or was sent; `is_reminded`: one is due.

    `is_ahead`: the dates or the day have run ahead of what the case has noted. Nothing is said of its date until the
    clock has noted it: the words for it depend on that.
    """

    line_id: int
    case: Case
    transit_days: int
    today: datetime.date
    is_told: bool
    is_reminded: bool
    is_ahead: bool = False
    zone: str = "UTC"

    @property
    def silences(self) -> bool:
        """Whether the usual mails about dates would say the wrong thing: that nothing need be done."""
        return self.case.state == State.NOTICE_DUE or self.is_asked or self.is_ahead

    @property
    def is_asked(self) -> bool:
        """Whether the customer has to answer, or the order ends."""
        return law.silence_of(self.case.state, pack=self.case.pack) == Silence.CANCEL

    @property
    def presses(self) -> bool:
        """Whether the last day for the notice is so close that nothing more is waited for."""
        return self.case.clock_on is None or self.case.clock_on <= self.today + PRESSING_DAYS * DAY

    @property
    def over_at(self) -> datetime.datetime | None:
        """When what a notice of now says is over: with the last day of what runs, where the goods go."""
        return end_of(self.case.clock_on, zone=self.zone) if self.case.clock_on else None

    @property
    def remind_next_on(self) -> datetime.date | None:
        """When to ask again after being asked today, or None if it was the last time."""
        if self.case.clock_on is None:
            return None
        last = casework.last_reminder(self.case.clock_on)
        return last if last > self.today else None


def due(*, today: datetime.date) -> "QuerySet[LegalCase]":
    """Cases of which the customer is to hear now: for the first time, or once more."""
    return LegalCase.objects.filter(Q(state__in=_TO_TELL, notice_at=None) | Q(remind_on__lte=today)).order_by()


def owed(customers: Sequence[int], *, at: datetime.datetime, today: datetime.date) -> dict[int, Owed]:
    """Return the cases of these customers that change what they are told, by line. Two statements."""
    told = [*_TO_TELL, *_ASKED]
    mine = LegalCase.objects.filter(line__order__customer__in=customers)
    mine = mine.annotate(is_late=Exists(caseload.expected_late().filter(pk=OuterRef("pk"))))
    over = caseload.run_out(at=at).filter(lapses=True).values("pk")
    rows = list(mine.filter(Q(state__in=told) | Q(is_late=True) | Q(pk__in=over)).order_by("pk"))
    now = casework.cases_now(rows, at=at) if rows else {}
    ahead = {row.pk for row in rows if row.is_late or not now[row.pk].is_open}
    return {
        row.pk: Owed(
            row.pk,
            now[row.pk],
            row.transit_days,
            day_in(row.zone, at),
            row.notice_at is not None,
            row.remind_on is not None and row.remind_on <= today,
            row.pk in ahead,
            row.zone,
        )
        for row in rows
        if row.pk in ahead or row.state in told
    }


def noted(owing: Owed, *, at: datetime.datetime) -> Owed:
    """Return what is owed once it is noted that the goods come after the limit in force."""
    case = law.after(owing.case, Event(Kind.LATE, at, owing.today, "late"))
    if not owing.is_ahead or case.state != State.NOTICE_DUE:
        return owing
    return owing._replace(case=case, is_told=False, is_ahead=False)


def stated(owing: Owed, expected_until: datetime.date | None) -> datetime.date | None:
    """Return the date that an expected window to this day is in what the case's pack measures."""
    if expected_until is None or owing.case.pack.measures == Measures.DELIVER:
        return expected_until
    return leaves_by(expected_until, transit_days=owing.transit_days)


def option(owing: Owed, expected_until: datetime.date | None, *, at: datetime.datetime) -> Option | None:
    """Return what a notice of this date offers, or None if none is owed: the date is in time again, or was told."""
    case = owing.case
    if owing.is_ahead:
        return None
    if case.state == State.MAY_TERMINATE:
        return None if owing.is_told else Option(case.state.value, Silence.NONE.value, None, None)
    until = stated(owing, expected_until)
    told = law.after(case, Event(Kind.NOTICE, at, owing.today, "notice", until))
    if told.state not in law.OPTIONS or (case.state == State.NOTICE_DUE and owing.is_told):
        return None
    silence = law.silence_of(told.state, pack=case.pack)
    is_reminder = case.state == told.state and told.revised_on == case.revised_on
    return Option(told.state.value, silence.value, until, told.clock_on, case.pack.measures.value, is_reminder)


def foreseen(expected: Mapping[int, datetime.date | None], *, at: datetime.datetime) -> dict[int, Option]:
    """Return the new notices that these lines (ids) would owe if they were expected by these days, by line.

    Two statements for every ten thousand lines.
    """
    found: dict[int, Option] = {}
    for some in batches(sorted(expected), CHUNK):
        rows = list(LegalCase.objects.filter(pk__in=some, state__in=_MOVABLE).order_by())
        now = casework.cases_now(rows, at=at) if rows else {}
        offers = {row.pk: _would_offer(row, now[row.pk], expected[row.pk], at=at) for row in rows}
        found |= {pk: offer for pk, offer in offers.items() if offer and not offer.is_reminder}
    return found


def _would_offer(row: LegalCase, case: Case, until: datetime.date | None, *, at: datetime.datetime) -> Option | None:
    """Return what a notice would offer if its goods were expected by this day; a notice that is due is not yet told.

    Whoever has been asked is asked anew of a later date only.
    """
    today = day_in(row.zone, at)
    case = law.after(case, Event(Kind.IN_TIME, at, today, "before"))
    in_time = casework.in_time_until(case, transit_days=row.transit_days)
    if until and in_time and until <= in_time:
        return None
    is_ahead = case.state in law.DATED
    owing = Owed(row.pk, case, row.transit_days, today, False, False, is_ahead, row.zone)
    offer = option(noted(owing, at=at), until, at=at)
    is_better = offer and offer.until and case.revised_on and offer.until <= case.revised_on
    return None if owing.is_asked and is_better else offer
