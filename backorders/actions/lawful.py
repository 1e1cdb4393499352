"""Lawful: what the delay law lets the customer of a line decide, and the customer's decisions as verbs.

Cancelling is not here: it is one verb for everybody, and what the customer cancels counts as the customer's word.
"""

import datetime
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions import selling
from backorders.actions.done import Done
from backorders.actions.etas import FARTHEST
from backorders.actions.freshness import fresh_order, order_changed
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.delays import casework, law
from backorders.delays.days import day_in
from backorders.delays.law import ANSWERS, OPTIONS, Case, Kind, State
from backorders.delays.models import LegalCase, LegalEvent
from backorders.delays.packs import Silence
from backorders.orders.models import Cancellation, OrderLine
from backorders.refusal import Refused

ABSURD = _("%(line)s: nobody agrees to wait until %(until)s. Is a digit wrong?")


class NothingToAgree(Refused):
    """The law asks the customer nothing about this line now."""


class NoExtraPeriod(Refused):
    """There is no period for the customer to set, or its last day has passed."""


class NotYetYours(Refused):
    """The customer may not end the contract now."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the customer decided last (a `law.Kind`), when, and for which date."""

    what: str
    at: datetime.datetime
    until: datetime.date | None


@dataclass(frozen=True, slots=True)
class LegalChoices:
    """What the customer of a line may decide now, and what it means not to.

    `state` is a `law.State`, or empty where no law of delays covers the line. `needs_answer`: silence would end the
    order. `answer_by` is the last day of the option. `offered` is the date we named, for shipping or delivery as the
    pack measures; None: none could be given. `silence` is a `packs.Silence`.
    """

    state: str = ""
    pack: str = ""
    measures: str = ""
    needs_answer: bool = False
    answer_by: datetime.date | None = None
    offered: datetime.date | None = None
    silence: str = Silence.NONE.value
    may_agree: bool = False
    may_cancel: bool = False
    may_set_extra_period: bool = False
    may_end_contract: bool = False
    limit_on: datetime.date | None = None
    refund_due_on: datetime.date | None = None
    answered: Answered | None = None


def choices_of(line: OrderLine, *, at: datetime.datetime) -> LegalChoices:
    """Return what the customer of a line may decide at this moment; clocks that ran out since are seen. A pure read."""
    return choices_of_lines([line], at=at)[line.pk]


def choices_of_lines(lines: list[OrderLine], *, at: datetime.datetime) -> dict[int, LegalChoices]:
    """Return the choices for many lines at once, by line id. Three statements."""
    rows = list(LegalCase.objects.filter(pk__in=[line.pk for line in lines]))
    cases = casework.cases_now(rows, at=at)
    answers = _answers([row.pk for row in rows])
    return {line.pk: _choices(line, cases.get(line.pk), answers.get(line.pk)) for line in lines}


def _choices(line: OrderLine, case: Case | None, answered: Answered | None) -> LegalChoices:
    may_cancel = line.open_quantity > 0
    if case is None:
        return LegalChoices(may_cancel=may_cancel)
    silence = law.silence_of(case.state, pack=case.pack)
    is_asked = case.state in OPTIONS
    return LegalChoices(
        state=case.state.value,
        pack=case.pack.id,
        measures=case.pack.measures.value,
        needs_answer=is_asked and silence == Silence.CANCEL,
        answer_by=case.clock_on if is_asked else None,
        offered=case.revised_on,
        silence=silence.value,
        may_agree=case.state in (*OPTIONS, State.DUE, State.OVERDUE),
        may_cancel=may_cancel and case.is_open,
        may_set_extra_period=case.state == State.OVERDUE,
        may_end_contract=case.state == State.MAY_TERMINATE and may_cancel,
        limit_on=case.limit_on,
        refund_due_on=case.refund_due_on,
        answered=answered,
    )


def _answers(line_ids: list[int]) -> dict[int, Answered]:
    void = set(LegalEvent.objects.filter(case__in=line_ids, kind=Kind.VOID).values_list("case_id", "of"))
    said = LegalEvent.objects.filter(case__in=line_ids, kind__in=ANSWERS).order_by("case", "at", "id")
    return {
        line: Answered(kind, at, until)
        for line, key, kind, at, until in said.values_list("case_id", "key", "kind", "at", "until")
        if (line, key) not in void
    }


@act
def agree(
    line: OrderLine,
    *,
    until: datetime.date | None,
    source: Source | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[LegalCase]:
    """Write down that the customer agrees expressly to wait until a date, or (None) for the date we offered.

    Where none was offered, None agrees to wait without a date; the customer may still cancel until the goods leave.
    Raises `NothingToAgree` if nothing was offered, the time to answer is over, or the date has passed.
    """
    change, row, case = _opened(line, "agree", source, by, at)
    until = until or case.revised_on
    if case.state not in (*OPTIONS, State.AGREED, State.AGREED_OPEN, State.DUE, State.OVERDUE):
        raise NothingToAgree(_("%(line)s: there is nothing to agree to now."), line=line)
    if until is None and not case.pack.lapses:
        raise NothingToAgree(_("%(line)s: say until when the customer agrees to wait."), line=line)
    if until is not None and until < day_in(row.zone, at):
        raise NothingToAgree(_("%(line)s: %(until)s has passed; agree to a later day."), line=line, until=until)
    if until is not None and (_is_absurd(until, at) or (case.pack.lapses and until < case.limit_on)):
        raise NothingToAgree(ABSURD, line=line, until=until)
    return _decided(change, row, Kind.CONSENT, until, at)


@act
def demand_extra_period(
    line: OrderLine,
    *,
    until: datetime.date,
    source: Source | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[LegalCase]:
    """Write down the last day on which an overdue delivery is still accepted; after it the contract may be ended.

    Raises `NoExtraPeriod` if the delivery is not overdue under a law that knows such a period, or the day has passed.
    """
    change, row, case = _opened(line, "demand_extra_period", source, by, at)
    if case.state != State.OVERDUE:
        raise NoExtraPeriod(_("%(line)s: no last day can be set now."), line=line)
    if until < day_in(row.zone, at):
        raise NoExtraPeriod(_("%(line)s: %(until)s has passed; set a later day."), line=line, until=until)
    if _is_absurd(until, at):
        raise NoExtraPeriod(ABSURD, line=line, until=until)
    return _decided(change, row, Kind.DEMAND, until, at)


@act
def end_contract(
    line: OrderLine,
    *,
    source: Source | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[Cancellation]]:
    """End the contract about a line because it was not delivered in time: what is open is cancelled and paid back.

    Raises `NotYetYours` before the right to it exists, `NotCancellable` if the goods are on their way.
    """
    change, row, case = _opened(line, "end_contract", source, by, at)
    if case.state != State.MAY_TERMINATE:
        raise NotYetYours(_("%(line)s: the contract cannot be ended on this ground now."), line=line)
    _decided(change, row, Kind.END, None, at)
    return selling.cancel_units_of(line, change_set=change, at=at)


def _opened(
    line: OrderLine, verb: str, source: Source | None, by: AbstractBaseUser | None, at: datetime.datetime
) -> tuple[ChangeSet, LegalCase, Case]:
    """Lock what the line hangs on and return the act's change set and the case, as it stands now."""
    lock_products(selling.planned_with(line.order, [line.pk]))
    fresh_order(line.order, seen_version=None)
    line.refresh_from_db()
    row = next(iter(casework.lock_cases([line.pk])), None)
    if row is None:
        raise NothingToAgree(_("%(line)s: no law of delays covers it."), line=line)
    change = open_change(verb, source=source, summary={"line": line.pk}, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[line.order_id])
    order_changed(line.order_id)
    return change, row, casework.cases_now([row], at=at)[row.pk]


def _decided(
    change: ChangeSet, row: LegalCase, kind: Kind, until: datetime.date | None, at: datetime.datetime
) -> Done[Any]:
    casework.write([casework.heard(row, kind, key=f"change:{change.pk}", until=until, at=at)])
    casework.settle([row], at=at)
    return Done(change, Impact(), row)


def _is_absurd(until: datetime.date, at: datetime.datetime) -> bool:
    return until - at.date() > FARTHEST
