"""Where an answer is owed to a customer, and since when: each source is one question over an index of open work.

Whatever else makes us owe an answer (a question, a consent that runs out) is one more source here.
"""

import datetime
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db.models import DateField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.workbench.among import AT_MOST
from backorders.delays.law import State
from backorders.delays.models import LegalCase
from backorders.notifications.models import MessageLine, NextUpdate
from backorders.orders.models import OrderLine, Question


class Source(NamedTuple):
    """One reason for owing an answer. `due` gives (line id, day it was or is due) of everything due by today.

    `line` is what its rows call the line.
    """

    label: Any
    due: Callable[[datetime.date], "QuerySet[Any, Any]"]
    line: str = "line_id"


def _updates(today: datetime.date) -> "QuerySet[Any, Any]":
    """Lines whose customer was promised to hear by a day that has passed."""
    return NextUpdate.objects.filter(on__lt=today).order_by().values_list("line_id", "on")


def _calls(_today: datetime.date) -> "QuerySet[Any, Any]":
    """Lines of a message that reached nobody: somebody has to call."""
    open_calls = MessageLine.objects.filter(message__call_task__done_at=None, message__call_task__isnull=False)
    opened = TruncDate("message__call_task__opened_at", output_field=DateField())
    return open_calls.order_by().values_list("line_id", opened)


def _questions(_today: datetime.date) -> "QuerySet[Any, Any]":
    """Lines of which a customer asked something, each until it is answered; one line where it is about the order."""
    theirs = OrderLine.objects.filter(order=OuterRef("order")).order_by("-waiting", "id").values("id")[:1]
    wanted = TruncDate("answer_due_at", output_field=DateField())
    asked = Question.objects.filter(answered_at=None).order_by().annotate(about=Coalesce("line", Subquery(theirs)))
    return asked.values_list("about", wanted)


def _deadlines(today: datetime.date) -> "QuerySet[Any, Any]":
    """Lines whose customer has to be told of a delay by law, or has to answer, by tomorrow at the latest."""
    states = [state.value for state in (State.NOTICE_DUE, State.OPT_LONG, State.OPT_RENEWED)]
    cases = LegalCase.objects.filter(state__in=states, clock_on__lte=today + datetime.timedelta(days=1))
    return cases.order_by().values_list("line_id", "clock_on")


SOURCES = (
    Source(_("Question"), _questions, line="about"),
    Source(_("Update promised"), _updates),
    Source(_("Call"), _calls),
    Source(_("Legal deadline"), _deadlines),
)


def due(today: datetime.date) -> dict[int, datetime.date]:
    """Return the lines to whose customers an answer is due, each with its day, earliest first. One statement."""
    first, *others = (source.due(today) for source in SOURCES)
    days: dict[int, datetime.date] = {}
    for line, on in first.union(*others, all=True)[:AT_MOST]:
        days[line] = min(on, days.get(line, on))
    return dict(sorted(days.items(), key=lambda each: (each[1], each[0])))


def lines(today: datetime.date) -> "QuerySet[Any, Any]":
    """Return the same lines as a subquery."""
    first, *others = (source.due(today).values_list(source.line) for source in SOURCES)
    return first.union(*others)
