"""Policies of compensation: written with what they would have cost beside them, and measured."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import policymaking
from backorders.actions.done import Done
from backorders.allocation.windows import business_day
from backorders.amounts import money
from backorders.backoffice.forms.compensation import PolicyForm
from backorders.backoffice.views.compensation import told
from backorders.backoffice.views.screen import ActScreen, Screen
from backorders.compensation import measuring, words
from backorders.compensation.models import CompensationPolicy, Trigger
from backorders.compensation.simulating import DAYS, Simulated, simulate
from backorders.refusal import Refused


class Policies(Screen):
    """Every policy, what it says, gave and has left."""

    template_name = "backoffice/policies.html"
    permission = "compensation.view_compensationpolicy"
    title = gettext_lazy("Policies of compensation")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the policies in words."""
        return super().get_context_data(rows=told(self.at), **kwargs)


class NewPolicy(ActScreen):
    """Write a policy: what it says as a sentence, and what it would have cost, before it is kept."""

    template_name = "backoffice/policy.html"
    preview_template = "backoffice/policy_preview.html"
    permission = "policymaking.write_policy"
    button = gettext_lazy("Keep the policy")
    back_name = gettext_lazy("Policies of compensation")

    def heading(self) -> str:
        """Say that it is new."""
        return _("New policy of compensation")

    @cached_property
    def policy(self) -> CompensationPolicy | None:
        """The policy that is changed; none if one is made."""
        return None

    def form(self, data: Any = None) -> PolicyForm:
        """Start with a tenth for a week."""
        start = {"trigger": "late", "days": 7, "kind": "discount", "percent": 10, "currency": "EUR", "mode": "propose"}
        start |= {"least_tier": 0, "held_out_percent": 0, "active_from": business_day(self.at)}
        return PolicyForm(data, initial=start)

    def looked_ahead(self, form: PolicyForm) -> dict[str, Any]:
        """Say it as a sentence, and what it would have come to."""
        if not form.is_ready():
            return {"unready": True}
        terms = form.terms()
        if form.errors:
            terms = terms._replace(name="–")
        try:
            wanted = policymaking.checked(terms, policy=self.policy)
        except Refused as refusal:
            return {"refusal": str(refusal)}
        return {"sentence": words.sentence(wanted), "simulated": simulated(simulate(wanted, at=self.at), wanted)}

    def does(self, form: PolicyForm) -> Done[Any]:
        """Keep it."""
        seen = form.cleaned_data["seen"]
        return policymaking.write_policy(form.terms(), policy=self.policy, seen_version=seen, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the policies."""
        return reverse("admin:policies")


class EditPolicy(NewPolicy):
    """Change a policy."""

    @cached_property
    def policy(self) -> CompensationPolicy:
        """The policy."""
        return get_object_or_404(CompensationPolicy, pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name it."""
        return self.policy.name

    def form(self, data: Any = None) -> PolicyForm:
        """Start with what it says."""
        said = {name: getattr(self.policy, name) for name in policymaking.Terms._fields}
        return PolicyForm(data, initial={**said, "seen": self.policy.version})


class ShowEffect(Screen):
    """What giving by a policy does: those held out beside all others."""

    template_name = "backoffice/policy_effect.html"
    permission = "compensation.view_compensationpolicy"

    @cached_property
    def policy(self) -> CompensationPolicy:
        """The policy."""
        return get_object_or_404(CompensationPolicy, pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the policy."""
        return _("Effect of %(policy)s") % {"policy": self.policy.name}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add both sides and what can be said of them."""
        effect = measuring.effect_of(self.policy)
        return super().get_context_data(
            policy=self.policy,
            sentence=words.sentence(self.policy),
            effect=effect,
            verdict=_verdict(effect),
            arms=[
                (_("Given or proposed"), effect.treated),
                (_("Held out"), effect.held_out),
            ],
            **kwargs,
        )


def _verdict(effect: measuring.Effect) -> str:
    """What the numbers say of cancellations, and what they do not."""
    difference = effect.cancelled
    if difference is None:
        return _("Nobody was held out, or nobody else was owed anything: nothing can be compared.")
    points = {"points": f"{abs(difference.points) * 100:.1f}"}
    if not difference.is_clear:
        return _("No difference can be told from chance yet: more lines are needed.")
    if difference.points < 0:
        return _("Fewer cancelled while they waited: %(points)s percentage points less.") % points
    return _("More cancelled while they waited: %(points)s percentage points more.") % points


def simulated(found: Simulated, policy: CompensationPolicy) -> list[str]:
    """Return what a policy would have come to, in sentences."""
    said = {"answered": found.answered, "days": DAYS, "sum": money(found.cost, policy.currency)}
    if policy.trigger == Trigger.LATE:
        first = ngettext(
            "With this policy, %(answered)s of the one promise broken in the last %(days)s days "
            "would have cost %(sum)s.",
            "With this policy, %(answered)s of the %(count)s promises broken in the last %(days)s days "
            "would have cost %(sum)s.",
            found.breaches,
        )
    else:
        first = ngettext(
            "With this policy, %(answered)s of the one wait that became long in the last %(days)s days "
            "would have cost %(sum)s.",
            "With this policy, %(answered)s of the %(count)s waits that became long in the last %(days)s days "
            "would have cost %(sum)s.",
            found.breaches,
        )
    sentences = [first % {**said, "count": found.breaches}]
    if found.unpaid:
        gone = ngettext(
            "For %(count)s more the budget had nothing left.",
            "For %(count)s more the budget had nothing left.",
            found.unpaid,
        )
        sentences.append(gone % {"count": found.unpaid})
    if found.held_out:
        held = ngettext("%(count)s would have been held out.", "%(count)s would have been held out.", found.held_out)
        sentences.append(held % {"count": found.held_out})
    if found.is_cut:
        sentences.append(_("There were more; only the latest were looked at."))
    return sentences
