"""Approvals: what waits for a second person, looked at as it would be now, and decided."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.access.checking import may
from backorders.actions import approving, telling
from backorders.backoffice import fanouts
from backorders.backoffice.impacts import shown
from backorders.backoffice.notices import label_of
from backorders.backoffice.paging import page_of
from backorders.backoffice.views.screen import Screen, done_sentence
from backorders.changes.models import Approval
from backorders.refusal import Refused


class Approvals(Screen):
    """What waits for a second person, or was decided."""

    template_name = "backoffice/approvals.html"
    permission = "changes.view_approval"
    title = gettext_lazy("Approvals")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add one page of them; those who may not decide see their own."""
        is_decided = self.request.GET.get("show") == "decided"
        found = Approval.objects.select_related("asked_by", "decided_by").order_by("-asked_at", "-id")
        found = found.exclude(state="pending") if is_decided else found.filter(state="pending")
        return super().get_context_data(page=page_of(found, self.request), is_decided=is_decided, **kwargs)


class ShowApproval(Screen):
    """One request, and whom it would touch if it were approved now."""

    template_name = "backoffice/approval.html"
    permission = "changes.view_approval"

    @cached_property
    def approval(self) -> Approval:
        """The approval."""
        return get_object_or_404(
            Approval.objects.select_related("asked_by", "decided_by", "change_set"), pk=self.kwargs["pk"]
        )

    def heading(self) -> str:
        """Name what it is about."""
        return f"{label_of(self.approval.capability).capitalize()}: {self.approval.about}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what it would do, and whether this person may decide."""
        approval = self.approval
        is_open = approval.state == Approval.State.PENDING and approval.expires_at > self.at
        is_own = approval.asked_by_id == self.by.pk
        return super().get_context_data(
            approval=approval,
            reason=approval.arguments.get("reason") or approval.arguments.get("note", ""),
            is_open=is_open,
            is_own=is_own,
            may_decide=is_open and not is_own and may(self.by, "approving.approve"),
            **(self._looked_ahead() if is_open else {}),
            **kwargs,
        )

    def _looked_ahead(self) -> dict[str, Any]:
        try:
            if self.approval.capability == "telling.tell_now":
                wanted = telling.foresee(self.approval.arguments["customers"], at=self.at)
                return {"fanout": True, **fanouts.numbers(wanted, at=self.at), "samples": fanouts.samples(wanted)}
            impact = approving.preview(self.approval, at=self.at)
        except Refused as refusal:
            return {"refusal": str(refusal)}
        return {"preview": shown(impact, at=self.at) if impact is not None else None}


class Decide(Screen):
    """Approve or refuse; `way` in the address says which."""

    http_method_names = ["post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Ask for the permission of the verb that the address names."""
        if kwargs["way"] not in ("approve", "refuse"):
            raise Http404
        self.permission = f"approving.{kwargs['way']}"
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Decide, or say why it cannot be done."""
        approval = get_object_or_404(Approval, pk=kwargs["pk"])
        answer = request.POST.get("answer", "")
        try:
            if kwargs["way"] == "approve":
                done = approving.approve(approval, answer=answer, by=self.by, at=self.at)
                messages.success(request, done_sentence(done))
            else:
                approving.refuse(approval, answer=answer, by=self.by, at=self.at)
                messages.success(request, _("Refused. Whoever asked finds it in their inbox."))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:approval", args=[approval.pk]))
