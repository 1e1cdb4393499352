"""Making policies of compensation: what a policy says is checked, written, and kept as it was."""

import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import fitting
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.catalog.models import Category
from backorders.changes.acting import act
from backorders.changes.recording import open_change
from backorders.compensation.models import CompensationPolicy
from backorders.orders.models import Compensation
from backorders.refusal import Refused, Stale

Mode = CompensationPolicy.Mode


class BadPolicy(Refused):
    """A policy that contradicts itself or asks for the impossible."""


class Terms(NamedTuple):
    """Everything that a policy says, as `CompensationPolicy` has it."""

    name: str
    trigger: str
    days: int
    kind: str
    currency: str
    active_from: datetime.date
    percent: int | None = None
    amount: Decimal | None = None
    category: Category | None = None
    least_tier: int = 0
    margin_percent: int | None = None
    budget_total: Decimal | None = None
    budget_month: Decimal | None = None
    mode: str = Mode.PROPOSE
    held_out_percent: int = 0
    active_until: datetime.date | None = None


@act
def write_policy(
    terms: Terms,
    *,
    policy: CompensationPolicy | None = None,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[CompensationPolicy]:
    """Make a policy, or change one; what it said before is kept with the change. Raises `BadPolicy`, `Stale`."""
    before: dict[str, Any] = {}
    if policy is not None:
        known = CompensationPolicy.objects.select_for_update().get(pk=policy.pk)
        if seen_version is not None and known.version != seen_version:
            raise Stale(
                _("The policy %(policy)s was changed since you opened it. Nothing was saved; look at it again."),
                policy=known.name,
                version=known.version,
            )
        before = {"policy": known.pk, **{name: str(getattr(known, name)) for name in Terms._fields}}
    wanted = checked(terms, policy=policy)
    wanted.version = known.version + 1 if policy is not None else 1
    wanted.save(force_update=policy is not None, force_insert=policy is None)
    summary = {"policy": wanted.pk, "name": wanted.name}
    change = open_change("write_policy", before=before, summary=summary, by=by, at=at)
    return Done(change, Impact(), wanted)


def checked(terms: Terms, *, policy: CompensationPolicy | None = None) -> CompensationPolicy:
    """Return the policy that these terms make, not saved. Raises `BadPolicy`, `BadText`."""
    fitting(CompensationPolicy, name=terms.name, currency=terms.currency)
    if (terms.percent is None) == (terms.amount is None):
        raise BadPolicy(_("Give either a share of the price or a fixed amount."))
    if terms.kind == Compensation.Kind.SHIPPING and terms.amount is None:
        raise BadPolicy(_("Free shipping is worth a fixed amount: say what it costs."))
    if terms.active_until is not None and terms.active_until < terms.active_from:
        raise BadPolicy(_("A policy cannot end before it begins."))
    if any(each is not None and each <= 0 for each in (terms.amount, terms.percent, terms.margin_percent, terms.days)):
        raise BadPolicy(_("Days, shares and amounts are above nothing."))
    wanted = CompensationPolicy(pk=policy.pk if policy is not None else None, **terms._asdict())
    wanted._state.adding = policy is None
    try:
        wanted.full_clean(validate_unique=True, validate_constraints=True)
    except ValidationError as error:
        raise BadPolicy(_("%(problems)s"), problems=" ".join(error.messages)) from error
    return wanted
