"""ETAs that colleagues heard of: one proposes what they heard, a buyer takes it over on the ETA screen, or says no."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import staff_proposals
from backorders.actions.done import Done
from backorders.actions.etas import BadEta, EtaChange
from backorders.allocation.windows import business_day
from backorders.backoffice.forms.eta import EtaForm, ProposalForm
from backorders.backoffice.supplier_answers import proposed_row
from backorders.backoffice.views.eta import LineEta
from backorders.backoffice.views.screen import Doing, with_way_to
from backorders.chasing.models import StaffProposal


def _one(changes: Sequence[EtaChange]) -> EtaChange:
    """Return the one change. Raises `BadEta` where days were to be added to no date, or no part was filled in."""
    if not changes:
        raise BadEta(_("This line has no date yet that could be moved. Give a date, or say that there is none."))
    return changes[0]


class ProposeEta(LineEta):
    """Say which ETA of one purchase line one heard of; it changes no date."""

    template_name = "backoffice/propose_eta.html"
    permission = "staff_proposals.propose"
    button = gettext_lazy("Propose")
    may_adjust = False

    def heading(self) -> str:
        """Name the line."""
        return _("Propose an ETA of %(line)s: %(product)s") % {"line": self.lines[0], "product": self.lines[0].product}

    def form(self, data: Any = None) -> ProposalForm:
        """Return the form for this line."""
        return ProposalForm(data, lines=self.lines, today=business_day(self.at))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what comes of it only if a buyer takes it over."""
        return super().get_context_data(**{**kwargs, "only_proposes": True})

    @property
    def may_see_mail(self) -> bool:
        """Whether whoever proposes may read what customers are written."""
        return self.by.has_perm("notifications.view_message")

    def facts(self, form: EtaForm) -> list[str]:
        """What policies would give, for whoever may know them."""
        return super().facts(form) if self.by.has_perm("compensation.view_compensationpolicy") else []

    def looked_ahead(self, form: EtaForm) -> dict[str, Any]:
        """Look ahead to what would come of it then."""
        return {**super().looked_ahead(form), "only_proposes": True}

    def does(self, form: EtaForm) -> Done[Any]:
        """Let the buyers find it."""
        said = form.cleaned_data
        words = {"said": said["said"], "note": said["note"], "key": said["key"]}
        return staff_proposals.propose(_one(form.changes()), **words, by=self.by, at=self.at)

    def done_sentence(self, done: Done[Any]) -> SafeString:
        """Say who finds it."""
        return with_way_to(done, _("Proposed: no date has changed. The buyers find it in their inbox."))


class AcceptProposedEta(LineEta):
    """Take a proposed ETA over, as it is or changed, with the preview of the ETA screen; or say no."""

    template_name = "backoffice/proposed_eta.html"
    permission = "staff_proposals.accept"
    button = gettext_lazy("Accept")
    back_name = gettext_lazy("Supplier answers")

    @cached_property
    def proposal(self) -> StaffProposal:
        """The proposal."""
        found = StaffProposal.objects.select_related("purchase_line__purchase_order", "proposed_by")
        return get_object_or_404(found, pk=self.kwargs["pk"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead back to the list where somebody decided on it."""
        if request.user.has_perm(self.permission) and self.proposal.state != StaffProposal.State.WAITING:
            messages.error(request, _("Nothing waits for a decision there any more."))
            return redirect(self.back())
        return super().dispatch(request, *args, **kwargs)

    def chosen(self) -> Any:
        """Return its line."""
        return [self.proposal.purchase_line_id]

    def initial(self) -> dict[str, Any]:
        """Begin with what was proposed."""
        first, last = self.proposal.eta_on, self.proposal.eta_until
        how = "none" if first is None else "date" if last == first else "window"
        until = {"eta_until": last} if how == "window" else {}
        return {"how": how, "eta_on": first, "confidence": self.proposal.confidence, **until}

    def revise(self, changes: Sequence[EtaChange], **how: Any) -> Done[Any]:
        """Take it over."""
        return staff_proposals.accept(self.proposal, _one(changes), **how)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add who proposed what, and why."""
        return super().get_context_data(proposed=proposed_row(self.proposal), **kwargs)

    def back(self) -> str:
        """Go back to the answers."""
        return reverse("admin:proposals") + "#proposed"


class DeclineProposedEta(Doing):
    """Leave the ETA as it is, and say why."""

    permission = "staff_proposals.decline"

    def does(self) -> Done[Any]:
        """Decline it."""
        proposal = get_object_or_404(StaffProposal.objects.select_related("purchase_line"), pk=self.kwargs["pk"])
        return staff_proposals.decline(proposal, reason=self.request.POST.get("why_not", ""), by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the answers."""
        return reverse("admin:proposals")
