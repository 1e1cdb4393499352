"""Legal deadlines as staff read them: what has to be told, answered, delivered or paid back, and by which day."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import lawful
from backorders.actions.lawful import LegalChoices
from backorders.backoffice.dates import short_date
from backorders.backoffice.order_page import LineShown
from backorders.delays import law
from backorders.delays.law import State
from backorders.delays.models import LegalCase
from backorders.delays.packs import NOTE, pack_named
from backorders.orders.models import OrderLine

SOON_DAYS = 3  # a limit that nobody has to act on is shown so many days before

_RUNNING = (State.ON_TIME, State.OPT_SHORT, State.AGREED, State.DUE)
KINDS: dict[str, tuple[Any, tuple[State, ...]]] = {
    "tell": (gettext_lazy("To tell"), (State.NOTICE_DUE,)),
    "answer": (gettext_lazy("Customer decides"), (State.OPT_LONG, State.OPT_RENEWED, State.MAY_TERMINATE)),
    "deliver": (gettext_lazy("To deliver"), (*_RUNNING, State.OVERDUE, State.EXTRA_PERIOD)),
    "refund": (gettext_lazy("To pay back"), (State.CANCELLED_REFUND_DUE, State.TERMINATED)),
}
WHAT: dict[State, Any] = {
    State.NOTICE_DUE: gettext_lazy("Tell the customer of the delay"),
    State.OPT_LONG: gettext_lazy("The customer must answer, or it is cancelled"),
    State.OPT_RENEWED: gettext_lazy("The customer must answer, or it is cancelled"),
    State.MAY_TERMINATE: gettext_lazy("The customer may end the contract"),
    State.ON_TIME: gettext_lazy("Hand it to the carrier"),
    State.OPT_SHORT: gettext_lazy("Hand it to the carrier"),
    State.AGREED: gettext_lazy("Hand it to the carrier"),
    State.DUE: gettext_lazy("Deliver it"),
    State.OVERDUE: gettext_lazy("Deliver it: the day has passed"),
    State.EXTRA_PERIOD: gettext_lazy("Deliver it by the customer's last day"),
    State.CANCELLED_REFUND_DUE: gettext_lazy("Pay the money back"),
    State.TERMINATED: gettext_lazy("Pay the money back"),
}


ON_ITS_WAY = gettext_lazy("On its way: see that it arrives")


class Deadline(NamedTuple):
    """One row of the board: what is due for how many units."""

    case: LegalCase
    what: str
    units: int
    on: datetime.date
    days_left: int
    tone: str

    @property
    def when(self) -> str:
        """How much time is left, in words."""
        if self.days_left < 0:
            over = -self.days_left
            return ngettext("%(days)s day overdue", "%(days)s days overdue", over) % {"days": over}
        if not self.days_left:
            return _("today")
        return ngettext("in %(days)s day", "in %(days)s days", self.days_left) % {"days": self.days_left}


def open_deadlines(*, today: datetime.date, kind: str = "") -> "QuerySet[LegalCase]":
    """Cases in which something is due, or will be soon, the earliest first; `kind` is one of `KINDS`, or all."""
    states = KINDS[kind][1] if kind in KINDS else tuple(WHAT)
    soon = today + datetime.timedelta(days=SOON_DAYS)
    running = [state.value for state in _RUNNING]
    wanted = Q(state__in=[state.value for state in states if state not in _RUNNING])
    wanted |= Q(state__in=[state.value for state in states if state in _RUNNING], clock_on__lte=soon)
    owed = Case(When(state__in=running, then=F("clock_on")), default=F("refund_due_on"))
    deadline = Coalesce(owed, "clock_on", "revised_on", "limit_on")
    cases = LegalCase.objects.filter(wanted).annotate(deadline=deadline).order_by("deadline", "line")
    return cases.select_related("line__order__customer", "line__product")


def rows(cases: Iterable[Any], *, today: datetime.date) -> list[Deadline]:
    """Return the cases (of `open_deadlines`) as the board shows them."""
    return [_row(case, today) for case in cases]


def _row(case: Any, today: datetime.date) -> Deadline:
    left = (case.deadline - today).days
    tone = "bad" if left < 0 or is_alarming(case, today=today) else "warn" if left <= 1 else ""
    what, units = _due(State(case.state), case.line)
    return Deadline(case, str(what), units, case.deadline, left, tone)


def _due(state: State, line: OrderLine) -> tuple[Any, int]:
    if state in KINDS["refund"][1]:
        return WHAT[state], line.cancelled
    if not line.open_quantity:
        return ON_ITS_WAY, line.shipped
    return WHAT[state], line.open_quantity


def is_alarming(case: LegalCase, *, today: datetime.date) -> bool:
    """Whether money has been owed for so long that somebody must act at once."""
    if case.vested_on is None or case.state == State.REFUNDED:
        return False
    return (today - case.vested_on).days >= pack_named(case.pack, case.pack_version).alarm_days


# -- on the order's page ----------------------------------------------------------------------------------------------


class LegalShown(NamedTuple):
    """A line's case in words, and what can be written down for the customer."""

    sentences: list[str]
    choices: LegalChoices
    note: str


def with_law(lines: Sequence[LineShown], *, at: datetime.datetime) -> list[LineShown]:
    """Return the lines with their legal facts. Three statements."""
    choices = lawful.choices_of_lines([shown.line for shown in lines], at=at)
    return [shown._replace(law=_shown(choices[shown.line.pk])) for shown in lines]


def _shown(choices: LegalChoices) -> LegalShown | None:
    if not choices.state:
        return None
    label = LegalCase(state=choices.state).get_state_display()
    sentences = [_("Law of delays: %(state)s.") % {"state": _(str(label))}]
    for when, day in (
        (_("In time until %(day)s."), choices.limit_on),
        (_("Answer by %(day)s."), choices.answer_by),
        (_("Money back by %(day)s."), choices.refund_due_on),
    ):
        if day is not None:
            sentences.append(when % {"day": short_date(day)})
    if choices.silence in SILENCES:
        sentences.append(str(SILENCES[choices.silence]))
    return LegalShown(sentences, choices, NOTE)


def essential_words(left: Sequence[tuple[OrderLine, law.Case | None]]) -> list[str]:
    """Say of each open line what its customer may do about a late date, as its case (or None) would be left."""
    return [_essential(line, case) for line, case in left]


def _essential(line: OrderLine, case: law.Case | None) -> str:
    if case is None or case.pack.lapses:
        words = _("%(product)s: kept on record; the law of delays that covers it, if any, asks nothing more of it.")
        return words % {"product": line.product.name}
    named = {"product": line.product.name, "day": case.clock_on and short_date(case.clock_on)}
    if case.state != State.DUE:
        return _("%(product)s: its day has passed. This counts only for a new day that the customer agrees to.") % named
    if case.is_said_essential:
        return _("%(product)s: if it has not arrived by %(day)s, the customer may end the contract.") % named
    if case.is_essential:
        words = _(
            "%(product)s: that its date is essential was said with the order and stays: if it has not arrived by "
            "%(day)s, the customer may end the contract."
        )
        return words % named
    return (
        _("%(product)s: if it has not arrived by %(day)s, the customer first sets a last day for it to arrive.") % named
    )


SILENCES = {
    "consent": gettext_lazy("No answer means that the customer agrees."),
    "cancel": gettext_lazy("No answer means that it is cancelled."),
}
