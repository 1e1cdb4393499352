"""The lists of those who wait, by harm: each is a condition with an index, and all have one order.

The order is the day the customer counts on, then tier, value and waiting time (the line's score), then the line id:
whoever is latest, or late soonest, stands first. The list of what needs action is all the harmful ones, each line once,
in the worst that holds it.
"""

import datetime
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db.models import Exists, F, OrderBy, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backorders.allocation.models import TO_WEIGH, UNDATED, WAITS, Allocation, Promise, at_risk_on, late_on
from backorders.backoffice.workbench import answering
from backorders.backoffice.workbench.among import Among
from backorders.chasing.silence import SILENT_DAYS
from backorders.desk.models import Handling
from backorders.supply.models import EtaRevision, PurchaseLine

# The order of those who suffer the same harm, once: for one list (`BY_HARM`), and for several behind one another.
_COLUMNS = (("told_until", "ASC NULLS LAST"), ("score", "DESC"), ("line_id", "ASC"))
BY_HARM_IN_SQL = ", ".join(f"{column} {way}" for column, way in _COLUMNS)
BY_HARM = tuple(
    OrderBy(F(column), descending=way == "DESC", nulls_last="NULLS LAST" in way or None) for column, way in _COLUMNS
)

Lines = QuerySet[Promise]


class Seen(NamedTuple):
    """Who looks, on which day, and whether they may know how customers are reached."""

    today: datetime.date
    person: int
    sees_contacts: bool = False


class View(NamedTuple):
    """One list: its name in the address, its label, what is in it, what it means, what it says when nothing is.

    `tone` is how bad it is that somebody stands there, wherever it is counted: "bad", "warn" or nothing.
    """

    name: str
    label: Any
    holds: Callable[[Seen], Q]
    hint: Any
    empty: Any
    tone: str = ""


def _answer_due(seen: Seen) -> Q:
    return Q(is_open=True) & Q(Among(answering.lines(seen.today)))


def _not_told(_seen: Seen) -> Q:
    return TO_WEIGH


def _late(seen: Seen) -> Q:
    return late_on(seen.today)


def _at_risk(seen: Seen) -> Q:
    return at_risk_on(seen.today)


def _no_date(_seen: Seen) -> Q:
    return UNDATED


def _stale(seen: Seen) -> Q:
    return WAITS & Q(Among(Allocation.objects.filter(purchase_line__in=silent(seen.today)).order_by().values("line")))


def silent(today: datetime.date) -> "QuerySet[PurchaseLine]":
    """Return the purchase lines that somebody counts on and of which the supplier has said nothing for long."""
    since = today - datetime.timedelta(days=SILENT_DAYS)
    heard = EtaRevision.objects.filter(purchase_line=OuterRef("pk"), at__date__gte=since)
    counted_on = PurchaseLine.objects.outstanding().filter(pegged__gt=0, purchase_order__ordered_on__lt=since)
    return counted_on.filter(~Exists(heard)).order_by()


HARMS = (
    View(
        "answer_due",
        _("Answer due"),
        _answer_due,
        _("Somebody was promised an answer, or has to be called."),
        _("Nobody waits for an answer."),
        "bad",
    ),
    View(
        "not_told",
        _("Not told"),
        _not_told,
        _("The date we expect left the one that was announced, and no message says so yet."),
        _("Every customer knows the date we expect."),
        "bad",
    ),
    View(
        "late",
        _("Late"),
        _late,
        _("What was told has passed, and the goods are not there, or lie ready and were not sent."),
        _("No promise has passed."),
        "bad",
    ),
    View(
        "at_risk",
        _("At risk"),
        _at_risk,
        _("We expect it after what was told."),
        _("No promise is likely to be missed."),
        "warn",
    ),
    View(
        "no_date",
        _("No date"),
        _no_date,
        _("No supply with a date will reach it."),
        _("Everything that waits has a date."),
        "warn",
    ),
    View(
        "stale",
        _("Stale"),
        _stale,
        _("The supplier has said nothing about the date for two weeks."),
        _("Every supplier has spoken within two weeks."),
        "warn",
    ),
)
NEEDS = View(
    "needs",
    _("Needs action"),
    lambda _seen: Q(),
    _("Everything below, each line once, the worst first."),
    _("All customers know their dates."),
)
MINE = View(
    "mine",
    _("Mine"),
    lambda seen: Q(is_open=True, line__handling__owner=seen.person),
    _("What you look after, set aside or not."),
    _("Nothing is assigned to you."),
)
ALL = View(
    "all",
    _("All"),
    lambda _seen: WAITS,
    _("Everything that was sold before it arrived."),
    _("Nothing waits: everything ordered lies ready or has left."),
)
VIEWS = (NEEDS, *HARMS, MINE, ALL)
BY_NAME = {view.name: view for view in VIEWS}


def lines(view: View, seen: Seen, *, filters: Q | None = None) -> Lines:
    """Return the promises of a list in its order. What is set aside is left out where somebody should act."""
    held = Promise.objects.filter(view.holds(seen))
    if filters:
        held = held.filter(filters)
    if view in HARMS:
        held = held.filter(~asleep(seen.today))
    return held.order_by(*BY_HARM)


def asleep(today: datetime.date, *, version: str = "version") -> Exists:
    """Return the condition that a line is set aside: until a day, or until its window moves.

    It is asked of a promise, or of an order line with the way to its promise's `version`.
    """
    aside = Handling.objects.filter(line=OuterRef("pk"))
    return Exists(aside.filter(Q(snoozed_until__gt=today) | Q(snoozed_version=OuterRef(version))))
