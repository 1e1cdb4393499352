"""Asking suppliers and deciding on what they answer: what is open with whom, whom no mail reaches, what they say."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import asking, proposals
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.allocation.windows import business_day
from backorders.backoffice import supplier_answers
from backorders.backoffice.forms.asking import ReasonForm
from backorders.backoffice.forms.chasing import AcceptForm
from backorders.backoffice.paging import page_of
from backorders.backoffice.views.screen import ActScreen, Doing, Screen, our_address
from backorders.chasing.models import DateRequest, EtaProposal, StaffProposal
from backorders.ids import typed_ids
from backorders.notifications.models import UNSENT, CallTask, SupplierLink
from backorders.supply.models import PurchaseLine

CALLS = 100
ANSWERED = 200


class Answers(Screen):
    """What suppliers answered and colleagues proposed and nobody decided on, whom to call, what is open with whom."""

    template_name = "backoffice/proposals.html"
    permission = "supply.view_purchaseline"
    title = gettext_lazy("Supplier answers")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the four lists."""
        open_lines = Count("lines", filter=Q(lines__answered_at=None, lines__ended_at=None))
        requests = DateRequest.objects.filter(closed_at=None).select_related("supplier").annotate(open=open_lines)
        unsent = SupplierLink.objects.filter(request=OuterRef("pk"), message__state__in=UNSENT).order_by("-id")
        requests = requests.annotate(unsent=Subquery(unsent.values("message")[:1]))
        calls = CallTask.objects.filter(supplier__isnull=False, done_at=None).select_related("supplier")
        waiting = Count("lines__proposals", filter=Q(lines__proposals__state=EtaProposal.State.WAITING))
        first = Min("lines__proposals__at", filter=Q(lines__proposals__state=EtaProposal.State.WAITING))
        found = DateRequest.objects.filter(lines__proposals__state=EtaProposal.State.WAITING)
        found = found.select_related("supplier").annotate(waiting=waiting, first=first).order_by("first", "id")
        heard = StaffProposal.objects.filter(state=StaffProposal.State.WAITING)
        heard = heard.filter(purchase_line__in=PurchaseLine.objects.outstanding())
        heard = heard.select_related(
            "purchase_line__purchase_order__supplier", "purchase_line__product", "proposed_by"
        ).order_by("at", "id")
        return super().get_context_data(
            answered=found[:ANSWERED],
            proposed=[supplier_answers.proposed_row(each) for each in heard[:ANSWERED]],
            page=page_of(requests.order_by("opened_at", "id"), self.request),
            calls=calls.order_by("opened_at", "id")[:CALLS],
            **kwargs,
        )


class AskSupplier(Doing):
    """Ask the suppliers of the lines or purchase orders that were ticked, or one about all that is overdue."""

    permission = "asking.ask_supplier"

    def does(self) -> Done[Any]:
        """Ask for everything that is outstanding of it; of a supplier for everything whose date has passed."""
        which = Q(pk__in=self._ids("line")) | Q(purchase_order__in=self._ids("order"))
        if suppliers := self._ids("supplier"):
            which = Q(purchase_order__supplier__in=suppliers, eta_until__lt=business_day(self.at))
        lines = PurchaseLine.objects.outstanding().filter(which)
        return asking.ask_supplier(lines.values_list("pk", flat=True), by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the page the form stands on, the purchase order, the product or the list."""
        if here := our_address(self.request.POST.get("next", ""), self.request):
            return here
        for name, page in (("product", "admin:product_supply"), ("order", "admin:purchase_order")):
            if len(ids := self._ids(name)) == 1:
                return reverse(page, args=ids)
        return reverse("admin:expected")

    def _ids(self, name: str) -> list[int]:
        return typed_ids(self.request.POST.getlist(name))


class DecideAnswers(ActScreen):
    """What one supplier answered: whom it moves if it is taken over, and the way to say no."""

    template_name = "backoffice/decide_answers.html"
    permission = "proposals.accept"
    back_name = gettext_lazy("Supplier answers")
    button = gettext_lazy("Accept what is ticked")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead back to the list where nothing waits (any more)."""
        if request.user.has_perm(self.permission) and not self.waiting:
            messages.error(request, _("Nothing waits for a decision there any more."))
            return redirect(self.back())
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def which(self) -> DateRequest:
        """The request."""
        return get_object_or_404(DateRequest.objects.select_related("supplier"), pk=self.kwargs["pk"])

    @cached_property
    def waiting(self) -> list[EtaProposal]:
        """The answers on which nobody decided."""
        related = ("line__purchase_line__purchase_order", "line__purchase_line__product")
        mine = EtaProposal.objects.filter(line__request=self.which, state=EtaProposal.State.WAITING)
        return list(mine.select_related(*related).order_by("id"))

    def form(self, data: Any = None) -> AcceptForm:
        """Return the form with every answer ticked."""
        return AcceptForm(data, waiting=self.waiting)

    def heading(self) -> str:
        """Name the supplier."""
        return _("%(supplier)s answers") % {"supplier": self.which.supplier}

    def preview(self, form: AcceptForm) -> Impact:
        """Whom the ticked answers move."""
        ticked = set(form.ticked())
        return proposals.preview([each for each in self.waiting if each.pk in ticked], at=self.at)

    def does(self, form: AcceptForm) -> Done[Any]:
        """Take them over."""
        return proposals.accept(form.seen_of_ticked(), note=form.cleaned_data["note"], by=self.by, at=self.at)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the answers as they are read."""
        form = kwargs["form"]
        ticked = {str(pk) for pk in form["proposal"].value() or ()}
        shown = [(row, str(row.proposal.pk) in ticked) for row in supplier_answers.rows(self.waiting, at=self.at)]
        return super().get_context_data(shown=shown, which=self.which, **kwargs)

    def back(self) -> str:
        """Go back to the answers."""
        return reverse("admin:proposals")


class RejectAnswers(Doing):
    """Leave the dates as they are, and say why."""

    permission = "proposals.reject"

    def does(self) -> Done[Any]:
        """Reject what is ticked."""
        ids = typed_ids(self.request.POST.getlist("proposal"))
        return proposals.reject(ids, reason=self.request.POST.get("why_not", ""), by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to what still waits of the request; if nothing does, to the answers."""
        waiting = EtaProposal.objects.filter(line__request=self.kwargs["pk"], state=EtaProposal.State.WAITING)
        if not waiting.exists():
            return reverse("admin:proposals")
        return reverse("admin:decide_answers", args=[self.kwargs["pk"]])


class NoteCall(Doing):
    """Record that a supplier whom no mail reaches was called."""

    permission = "asking.note_call"

    def does(self) -> Done[Any]:
        """Mark the task done."""
        tasks = CallTask.objects.filter(supplier__isnull=False).select_related("supplier", "message")
        task = get_object_or_404(tasks, pk=self.kwargs["pk"])
        return asking.note_call(task, note=self.request.POST.get("note", ""), by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the answers."""
        return reverse("admin:proposals")


class WithdrawRequest(ActScreen):
    """End a request: its links lead nowhere, and nothing of it is asked any more."""

    template_name = "backoffice/act.html"
    permission = "asking.withdraw"
    form_class = ReasonForm
    back_name = gettext_lazy("Supplier answers")
    button = gettext_lazy("Withdraw the question")

    @cached_property
    def which(self) -> DateRequest:
        """The request."""
        return get_object_or_404(DateRequest.objects.select_related("supplier"), pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the supplier."""
        return _("Question to %(supplier)s") % {"supplier": self.which.supplier}

    def does(self, form: ReasonForm) -> Done[Any]:
        """Withdraw it."""
        return asking.withdraw(self.which, reason=form.cleaned_data["reason"], by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the answers."""
        return reverse("admin:proposals")
