"""The rows of a list: what a line says of itself, which marks it carries, and why it stands where it stands."""

import datetime
import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.allocation.models import is_untold
from backorders.allocation.windows import business_day, slip_days
from backorders.backoffice.dates import short_window
from backorders.backoffice.impacts import slip
from backorders.backoffice.workbench.lists import HARMS, asleep
from backorders.orders.models import Customer, OrderLine


def rows(line_ids: Sequence[int], *, today: datetime.date) -> "list[Waiting]":
    """Return the rows of these lines, in the same order: one statement."""
    rest = OrderLine.objects.waiting().filter(order=OuterRef("order"), order__is_ship_complete=True)
    states = {"is_asleep": asleep(today, version="promise__version"), "is_kept_back": Exists(rest)}
    read = OrderLine.objects.filter(pk__in=line_ids).annotate(**states)
    found = {row[0]: Waiting._make([*row, today]) for row in read.values_list(*_COLUMNS)}
    return [found[pk] for pk in line_ids if pk in found]


class Writer:
    """Writes the rows of one page: what many rows have in common (dates, amounts, words) is put into words once.

    `due` are the days by which answers are owed; `is_stale` says that the list is one of silent suppliers.
    """

    def __init__(self, *, due: Mapping[int, datetime.date], is_stale: bool = False) -> None:
        self.due = due
        self.is_stale = is_stale
        self.window = functools.cache(short_window)
        self.slip = functools.cache(slip)
        self.label = functools.cache(str)
        self.amount = functools.cache(functools.partial(number_format, decimal_pos=2, force_grouping=True))
        self.waits = functools.cache(_waits)
        self.days = functools.cache(_days)
        self.late = functools.cache(_late)
        self.told = _("told until %(date)s")
        self.untold = _("no date was told")
        self.causes = {cause.value: str(cause.label) for cause in OrderLine.Cause}
        self.tiers = {tier.value: str(tier.label) for tier in Customer.Tier}

    def shown(self, row: "Waiting") -> dict[str, Any]:
        """Return a row as a page writes it."""
        marks = [mark._replace(label=self.label(mark.label)) for mark in self.marks(row)]
        value = self.amount(row.value)
        return {
            **row._asdict(),
            "told": self.window(row.told_from, row.told_until) if row.told_at else "–",
            "expected": self.window(row.expected_from, row.expected_until),
            "is_estimate": row.is_estimate and row.expected_until is not None,
            "slip": self.slip(row.slip_days),
            "wait": self.days(row.days_waited),
            "ready": row.allocated,
            "ordered_on": self.window(*[business_day(row.placed_at)] * 2),
            "reason": self.causes.get(row.cause, "–"),
            "tier_name": self.tiers[row.tier],
            "value": value,
            "units": row.units,
            "worth": str(row.value),
            "is_vip": row.is_vip,
            "is_untold": row.is_untold,
            "marks": marks,
            "why": self._why(row, marks, value),
        }

    def marks(self, row: "Waiting") -> "list[Mark]":
        """What stands out of the line, by harm."""
        harms = self._harms(row)
        return [harms[view.name] for view in HARMS if view.name in harms] + self._states(row)

    def _harms(self, row: "Waiting") -> "dict[str, Mark]":
        """The marks by the name of the list of their harm: their order is that of the lists."""
        due, late = self.due.get(row.line), row.days_late
        made = {}
        if due:
            made["answer_due"] = Mark(_("Answer due %(date)s") % {"date": self.window(due, due)}, "bad", "!")
        if row.is_untold:
            made["not_told"] = NOT_TOLD
        if late > 0:
            made["late"] = self.late(late)
        elif (row.slip_days or 0) > 0:
            made["at_risk"] = AT_RISK
        if row.waiting and row.expected_until is None:
            made["no_date"] = NO_DATE
        if self.is_stale:
            made["stale"] = STALE
        return made

    def _states(self, row: "Waiting") -> "list[Mark]":
        ready = KEPT_BACK if row.is_kept_back else NOT_SENT if row.days_late > 0 else READY
        states = ((not row.waiting, ready), (row.is_held, HELD), (row.is_expedited, EXPEDITED))
        made = [mark for applies, mark in states if applies]
        if row.is_asleep and row.snoozed_until:
            day = self.window(row.snoozed_until, row.snoozed_until)
            made.append(Mark(_("Set aside until %(date)s") % {"date": day}, ""))
        elif row.is_asleep:
            made.append(Mark(_("Set aside until its date moves"), ""))
        return made

    def _why(self, row: "Waiting", marks: "Sequence[Mark]", value: str) -> str:
        """Why it stands where it stands, in the order in which it counts: harm, date, tier, value, wait."""
        until = row.told_until
        told = self.told % {"date": self.window(until, until)} if until else self.untold
        parts = [told, self.tiers[row.tier], f"{value} {row.currency}", self.waits(row.days_waited)]
        return " · ".join([marks[0].label, *parts] if marks else parts)


def _days(days: int) -> str:
    return _("%(days)s d") % {"days": days}


def _waits(days: int) -> str:
    return ngettext("waits %(days)s day", "waits %(days)s days", days) % {"days": days}


# The columns of `Waiting`, in its order.
_COLUMNS = (
    "id order order__number order__customer order__customer__name order__customer__tier product__sku product__name "
    "waiting allocated price order__currency placed_at is_held is_expedited cause promise__told_at promise__told_from "
    "promise__told_until promise__expected_from promise__expected_until promise__is_estimate promise__uncovered "
    "promise__gap_since promise__version promise__weighed_version handling__owner__username handling__snoozed_until "
    "is_asleep is_kept_back"
).split()


class Mark(NamedTuple):
    """A word that stands out, its tone, and a sign for those who see no colours."""

    label: Any
    tone: str
    sign: str = ""


NOT_TOLD = Mark(gettext_lazy("Not told"), "bad", "●")
AT_RISK = Mark(gettext_lazy("At risk"), "warn", "▲")
NO_DATE = Mark(gettext_lazy("No date"), "warn", "–")
STALE = Mark(gettext_lazy("Stale"), "warn", "…")
READY = Mark(gettext_lazy("Ready"), "good", "✓")
NOT_SENT = Mark(gettext_lazy("Ready, not sent"), "bad", "×")
KEPT_BACK = Mark(gettext_lazy("Ready, waits for the rest"), "")
HELD = Mark(gettext_lazy("Held"), "")
EXPEDITED = Mark(gettext_lazy("Expedited"), "")


def _late(days: int) -> Mark:
    return Mark(ngettext("Late %(days)s day", "Late %(days)s days", days) % {"days": days}, "bad", "×")


class Waiting(NamedTuple):
    """One row of the list."""

    line: int
    order_id: int
    order: str
    customer_id: int
    customer: str
    tier: int
    sku: str
    product: str
    waiting: int
    allocated: int
    price: Any
    currency: str
    placed_at: datetime.datetime
    is_held: bool
    is_expedited: bool
    cause: str
    told_at: datetime.datetime | None
    told_from: datetime.date | None
    told_until: datetime.date | None
    expected_from: datetime.date | None
    expected_until: datetime.date | None
    is_estimate: bool
    uncovered: int
    gap_since: datetime.datetime | None
    version: int | None
    weighed_version: int | None
    owner: str | None
    snoozed_until: datetime.date | None
    is_asleep: bool
    is_kept_back: bool
    today: datetime.date

    @property
    def is_untold(self) -> bool:
        """Whether there is something to tell that no message says yet."""
        return is_untold(gap_since=self.gap_since, weighed_version=self.weighed_version, version=self.version or 0)

    @property
    def is_vip(self) -> bool:
        """Whether the customer is of the highest tier."""
        return self.tier == Customer.Tier.VIP

    @property
    def units(self) -> int:
        """The waiting units; those that lie ready where none waits."""
        return self.waiting or self.allocated

    @property
    def value(self) -> Any:
        """What these units are worth."""
        return self.units * self.price

    @property
    def days_waited(self) -> int:
        """Days since the order."""
        return (self.today - business_day(self.placed_at)).days

    @property
    def days_late(self) -> int:
        """Days since the last day that was told, 0 or less if that is still ahead."""
        return (self.today - self.told_until).days if self.told_until and self.units else 0

    @property
    def slip_days(self) -> int | None:
        """The line's slip."""
        return slip_days(self.expected_until, self.told_until)
