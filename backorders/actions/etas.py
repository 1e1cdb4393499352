"""What a supplier can say of a purchase line: an ETA, a window, none, or parts; and what cannot be."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import NotOpen, whole_units
from backorders.refusal import Refused
from backorders.supply.models import Confidence, PurchaseLine

PARTS = 4  # so many dates a form asks for of one purchase line
FAR = datetime.timedelta(days=180)  # beyond it an ETA is looked at twice
FARTHEST = datetime.timedelta(days=5 * 365)  # an ETA beyond it is a typing error, or "never" in disguise


class BadEta(Refused):
    """An ETA that cannot be: in the past, before the order date, years ahead, or ending before it starts."""


class BadSplit(Refused):
    """The parts of a split do not sum up to what is outstanding."""


class EtaPart(NamedTuple):
    """`quantity` units (all that is outstanding unless given) on a date, in a window, or (None) without a date."""

    eta_on: datetime.date | None
    eta_until: datetime.date | None = None
    quantity: int | None = None

    @property
    def until(self) -> datetime.date | None:
        """The last day of the ETA."""
        return self.eta_until or self.eta_on


@dataclass(frozen=True)
class EtaChange:
    """What a supplier says of one purchase line: one part, or several whose quantities sum up to the outstanding."""

    purchase_line_id: int
    parts: Sequence[EtaPart]
    confidence: str = Confidence.CONFIRMED
    seen_version: int | None = None


def as_plain(change: EtaChange) -> dict[str, Any]:
    """Return what a supplier says as JSON can carry it; `eta_change` reads it back."""
    days = [[*(day and day.isoformat() for day in part[:2]), part.quantity] for part in change.parts]
    return {"line": change.purchase_line_id, "parts": days, "how": change.confidence, "seen": change.seen_version}


def eta_change(plain: dict[str, Any]) -> EtaChange:
    """Return what a supplier says from its plain form."""
    day = datetime.date.fromisoformat
    parts = [EtaPart(first and day(first), last and day(last), units) for first, last, units in plain["parts"]]
    return EtaChange(plain["line"], parts, plain["how"], plain["seen"])


def check_change(change: EtaChange, line: PurchaseLine, *, today: datetime.date) -> None:
    """Refuse what cannot be said of this purchase line: `BadEta`, `BadSplit`, `NotOpen`.

    That a date is believed no longer can be said of one that has passed, too: it stays what it is.
    """
    check_outstanding(line)
    if not change.parts or change.confidence not in Confidence:
        raise BadEta(_("%(line)s: give a date, or say that there is none."), line=line, purchase_line=line.pk)
    if change.confidence == Confidence.UNCONFIRMED and list(change.parts) == [EtaPart(line.eta_on, line.eta_until)]:
        return
    for part in change.parts:
        check_eta(part, ordered_on=line.purchase_order.ordered_on, today=today)
    if len(change.parts) > 1 or change.parts[0].quantity is not None:
        total = sum(whole_units(part.quantity) for part in change.parts)
        if total != line.outstanding:
            raise BadSplit(
                _("%(line)s: the parts are %(total)s units, but %(line_outstanding)s are outstanding."),
                line=line,
                total=total,
                line_outstanding=line.outstanding,
                purchase_line=line.pk,
            )


def check_outstanding(line: PurchaseLine) -> None:
    if not line.outstanding:
        raise NotOpen(_("%(line)s has nothing outstanding."), line=line, purchase_line=line.pk)


def check_eta(part: EtaPart, *, ordered_on: datetime.date, today: datetime.date) -> None:
    if part.eta_on is None:
        if part.eta_until is not None:
            raise BadEta(_("An ETA that ends on a date must also start on one."))
        return
    if part.eta_on < ordered_on:
        raise BadEta(
            _("The ETA %(part_eta_on)s is before the order date %(ordered_on)s."),
            part_eta_on=part.eta_on,
            ordered_on=ordered_on,
        )
    if part.eta_on < today:
        raise BadEta(_("The ETA %(part_eta_on)s is in the past."), part_eta_on=part.eta_on)
    until = part.eta_until or part.eta_on
    if until < part.eta_on:
        raise BadEta(
            _("The ETA ends on %(until)s, before it starts on %(part_eta_on)s."), until=until, part_eta_on=part.eta_on
        )
    if until - today > FARTHEST:
        raise BadEta(
            _("The ETA %(until)s is more than five years away; if nobody knows a date, say that there is none."),
            until=until,
        )
