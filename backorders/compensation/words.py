"""What a policy says and why so much is owed, in the reader's language."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backorders.amounts import money
from backorders.compensation.models import CompensationPolicy, Trigger
from backorders.compensation.weighing import Purse
from backorders.orders.models import Compensation


def explained(facts: Mapping[str, Any], currency: str) -> str:
    """Return why so much is owed: since when, how much of what, and what caps it."""
    days = int(facts["days"])
    if facts["trigger"] == Trigger.LATE:
        since = ngettext("%(days)s day late", "%(days)s days late", days) % {"days": days}
        if facts["promised"]:
            promised = date_format(datetime.date.fromisoformat(facts["promised"]), "SHORT_DATE_FORMAT")
            since = _("%(since)s: promised by %(day)s") % {"since": since, "day": promised}
    else:
        since = ngettext("waits for %(days)s day", "waits for %(days)s days", days) % {"days": days}
    return ". ".join(filter(None, [since, _how_much(facts, currency), _cap(facts["cap"])])) + "."


def sentence(policy: CompensationPolicy) -> str:
    """Return what a policy says, as one would say it."""
    said = {"what": _what(policy), "when": _when(policy), "who": _who(policy)}
    return " ".join(filter(None, [_("%(who)s: %(when)s, %(what)s.") % said, _limits(policy), _held_out(policy)]))


def left_words(purse: Purse, currency: str) -> str:
    """Return what is left of the budgets."""
    if purse.left is None:
        return _("no budget set")
    return money(purse.left, currency)


def _how_much(facts: Mapping[str, Any], currency: str) -> str:
    if facts["percent"] is None:
        return _("a fixed %(sum)s") % {"sum": money(facts["asked"], currency)}
    return _("%(percent)s %% of %(sum)s") % {"percent": facts["percent"], "sum": money(facts["value"], currency)}


def _cap(cap: str) -> str:
    if cap == "margin":
        return _("Capped by the margin")
    return _("Capped by what is left of the order's worth") if cap == "worth" else ""


def _when(policy: CompensationPolicy) -> str:
    words = (
        ngettext("a promise broken by %(days)s day", "a promise broken by %(days)s days", policy.days)
        if policy.trigger == Trigger.LATE
        else ngettext("a wait of %(days)s day", "a wait of %(days)s days", policy.days)
    )
    return words % {"days": policy.days}


def _what(policy: CompensationPolicy) -> str:
    much = (
        _("%(percent)s %% of what waits") % {"percent": policy.percent}
        if policy.amount is None
        else money(policy.amount, policy.currency)
    )
    return {
        Compensation.Kind.DISCOUNT: _("%(much)s off the order"),
        Compensation.Kind.CREDIT: _("%(much)s of credit"),
        Compensation.Kind.SHIPPING: _("free shipping, worth %(much)s"),
    }[Compensation.Kind(policy.kind)] % {"much": much}


def _who(policy: CompensationPolicy) -> str:
    who = _("All customers")
    if policy.least_tier:
        who = _("Customers of tier %(tier)s and above") % {"tier": _(str(policy.get_least_tier_display()))}
    if policy.category is not None:
        who = _("%(who)s, %(category)s") % {"who": who, "category": policy.category.name}
    return who


def _limits(policy: CompensationPolicy) -> str:
    said = []
    if policy.margin_percent is not None:
        said.append(_("At most %(percent)s %% of the margin.") % {"percent": policy.margin_percent})
    if policy.budget_month is not None:
        said.append(_("At most %(sum)s a month.") % {"sum": money(policy.budget_month, policy.currency)})
    if policy.budget_total is not None:
        said.append(_("At most %(sum)s in all.") % {"sum": money(policy.budget_total, policy.currency)})
    return " ".join(said)


def _held_out(policy: CompensationPolicy) -> str:
    if not policy.held_out_percent:
        return ""
    return _("%(percent)s %% of the customers get nothing, to measure the effect.") % {
        "percent": policy.held_out_percent
    }
