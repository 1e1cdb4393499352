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
from backorders.notifications.policy import telling
from backorders.notifications.weighing import worth_telling
from backorders.refusal import Refused

APPROVE = "approving.approve"
BEFORE_OTHERS = _("Putting a line before others needs a manager.")


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
    if not _needs_nobody(by) and not _is_approved(by, approved_by) and are_too_many(recipients):
        raise NeedsApproval(
            _("%(recipients)s customers would be written to, more than %(limit)s: it needs a second person."),
            recipients=recipients,
            limit=limits().recipients,
            ask=ask,
        )


def for_prepared(
    recipients: int,
    ask: Ask,
    *,
    is_partial: bool,
    prepared_by: int | None,
    by: AbstractBaseUser | None,
    approved_by: AbstractBaseUser | None,
) -> None:
    """Ask for a second person as `needs_another` says; where not all were counted, they are more than the limit as far
    as we know. Raises `NeedsApproval`."""
    if needs_another(recipients, is_partial=is_partial, prepared_by=prepared_by, by=by):
        known = max(recipients, limits().recipients + 1)
        for_recipients(known, ask, by=by, approved_by=approved_by)


def needs_another(recipients: int, *, is_partial: bool, prepared_by: int | None, by: AbstractBaseUser | None) -> bool:
    """Whether so many customers would hear of what somebody (an id) prepared that `by` may not do it alone.

    A manager is a second person to what somebody else prepared. `is_partial`: not all of them were counted.
    """
    if by is None or _needs_nobody(by) or not (is_partial or are_too_many(recipients)):
        return False
    return prepared_by == by.pk or not may(by, APPROVE)


def are_too_many(recipients: int) -> bool:
    """Whether so many customers are not written to without a second person."""
    return recipients > limits().recipients


def recipients_of(impact: Impact) -> int:
    """Return how many customers hear of an impact; counted exactly only where it could matter."""
    customers = {move.customer_id for move in impact.moves}
    if len(customers) <= limits().recipients:
        return len(customers)
    announced = announced_of([move.line_id for move in impact.moves])
    policy = telling()
    hear = {
        move.customer_id
        for move in impact.moves
        if move.line_id in announced and worth_telling(move.new, announced[move.line_id], policy=policy)
    }
    return len(hear - never_written_to(hear))


def check_not_own(asked_by: AbstractBaseUser | None, by: AbstractBaseUser) -> None:
    """Refuse that somebody approves what they asked for. Raises `OwnApproval`."""
    if asked_by is not None and asked_by.pk == by.pk:
        raise OwnApproval(_("Nobody approves what they asked for themselves."))


def _needs_nobody(by: AbstractBaseUser | None) -> bool:
    """The system, and a superuser who breaks the glass."""
    return by is None or bool(getattr(by, "is_superuser", False))


def _is_seconded(by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None) -> bool:
    return may(by, APPROVE) or _is_approved(by, approved_by)


def _is_approved(by: AbstractBaseUser | None, approved_by: AbstractBaseUser | None) -> bool:
    if approved_by is None:
        return False
    check_not_own(by, approved_by)
    check(APPROVE, by=approved_by)
    return True
