"""When an act needs a second person: a line put before others, much money, many units, many recipients."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.access.checking import check, may
from backorders.allocation.impact import Impact
from backorders.changes.models import ApprovalLimit
from backorders.notifications.announced import announced_of, never_written_to
from backorders.notifications.weighing import worth_telling
from backorders.refusal import Refused

APPROVE = "approving.approve"


class NeedsApproval(Refused):
    """Not without a second person. `details["ask"]` is what to ask for (see approving.ask); nothing was changed."""


class OwnApproval(Refused):
    """Nobody approves what they asked for themselves."""


@dataclass(frozen=True)
class Ask:
    """An act as it can be done later: the verb's name, its arguments as plain values, what it is about in words."""

    capability: str
    arguments: dict[str, Any]
    about: str


class Weight(NamedTuple):
    """What taking an act back comes to, beside the limits: what was cancelled (or would be), given, counted, and
    whether lines are put before others."""

    cancelled: Decimal = Decimal()
    given: Decimal = Decimal()
    units: int = 0
    is_before_others: bool = False


def limits() -> ApprovalLimit:
    """Return the limits as they are set, or as they are meant to be while nobody set them."""
    return ApprovalLimit.objects.first() or ApprovalLimit()


def before_others(ask: Ask, *, by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None) -> None:
    """Ask for a manager where a line is to be put before others. Raises `NeedsApproval`."""
    if not _is_seconded(by, approved_by):
        raise NeedsApproval(_("Putting a line before others needs a manager. Nothing was changed."), ask=ask)


def for_value(
    value: Decimal, ask: Ask, *, currency: str, by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None
) -> None:
    """Ask for a manager where more than the limit is cancelled. Raises `NeedsApproval`."""
    if not _is_seconded(by, approved_by) and value > (limit := limits().cancel_value):
        raise NeedsApproval(
            _("Cancelling %(value)s %(currency)s is above your limit of %(limit)s: it needs a manager."),
            value=value,
            currency=currency,
            limit=limit,
            ask=ask,
        )


def for_giving(
    value: Decimal, ask: Ask, *, currency: str, by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None
) -> None:
    """Ask for a manager where more than the limit is given for waits at once. Raises `NeedsApproval`."""
    if not _is_seconded(by, approved_by) and value > (limit := limits().compensation_value):
        raise NeedsApproval(
            _("Giving %(value)s %(currency)s is above your limit of %(limit)s: it needs a manager."),
            value=value,
            currency=currency,
            limit=limit,
            ask=ask,
        )


def for_units(units: int, ask: Ask, *, by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None) -> None:
    """Ask for a manager where a count differs by more units than the limit. Raises `NeedsApproval`."""
    if not _is_seconded(by, approved_by) and units > (limit := limits().stock_units):
        raise NeedsApproval(
            _("A difference of %(units)s units is above your limit of %(limit)s: it needs a manager."),
            units=units,
            limit=limit,
            ask=ask,
        )


def for_undoing(weight: Weight, ask: Ask, *, by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None) -> None:
    """Ask for a manager where what is taken back weighs as much as what only a manager does. Raises `NeedsApproval`."""
    if _is_seconded(by, approved_by):
        return
    limit = limits()
    is_dear = weight.cancelled > limit.cancel_value or weight.given > limit.compensation_value
    if is_dear or weight.units > limit.stock_units or weight.is_before_others:
        raise NeedsApproval(
            _("Taking this back is above your limits: it needs a manager. Nothing was changed."), ask=ask
        )


def for_impact(impact: Impact, ask: Ask, *, by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None) -> None:
    """Ask for a second person where more customers than the limit hear of what an act moved. Raises `NeedsApproval`."""
    if by is not None:
        for_recipients(recipients_of(impact), ask, by=by, approved_by=approved_by)


def for_recipients(
    recipients: int, ask: Ask, *, by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None
) -> None:
    """Ask for a second person, whoever asks, where more customers than the limit hear of it. Raises `NeedsApproval`."""
    if by is None or getattr(by, "is_superuser", False) or _is_approved(by, approved_by):
        return
    if recipients > (limit := limits().recipients):
        raise NeedsApproval(
            _("%(recipients)s customers would be written to, more than %(limit)s: it needs a second person."),
            recipients=recipients,
            limit=limit,
            ask=ask,
        )


def recipients_of(impact: Impact) -> int:
    """Return how many customers hear of an impact; counted exactly only where it could matter."""
    customers = {move.customer_id for move in impact.moves}
    if len(customers) <= limits().recipients:
        return len(customers)
    announced = announced_of([move.line_id for move in impact.moves])
    hear = {
        move.customer_id
        for move in impact.moves
        if move.line_id in announced and worth_telling(move.new, announced[move.line_id])
    }
    return len(hear - never_written_to(hear))


def _is_seconded(by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None) -> bool:
    return may(by, APPROVE) or _is_approved(by, approved_by)


def _is_approved(by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None) -> bool:
    if approved_by is None:
        return False
    if by is not None and approved_by.pk == by.pk:
        raise OwnApproval(_("Nobody approves what they asked for themselves."))
    check(APPROVE, by=approved_by)
    return True
