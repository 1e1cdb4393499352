"""The board of legal deadlines, what a customer decides by phone, and the proof pack of an order."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import deciding, lawful, selling
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.allocation.windows import business_day
from backorders.backoffice import deadlines_shown
from backorders.backoffice.forms.asking import AskingForm
from backorders.backoffice.forms.deadlines import AgreeForm, EssentialForm, LastDayForm
from backorders.backoffice.paging import page_of
from backorders.backoffice.proving import proof_pack
from backorders.backoffice.views.order_acts import LineAct, OrderAct, refund_words
from backorders.backoffice.views.screen import Screen
from backorders.delays.law import Case
from backorders.orders.models import Order, OrderLine


class Deadlines(Screen):
    """What has to be told, answered, delivered or paid back by law, the most overdue first."""

    template_name = "backoffice/deadlines.html"
    permission = "delays.view_legalcase"
    title = gettext_lazy("Deadlines")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rows of the list asked for."""
        today = business_day(self.at)
        kind = self.request.GET.get("show", "")
        page = page_of(deadlines_shown.open_deadlines(today=today, kind=kind), self.request)
        page = page._replace(rows=deadlines_shown.rows(page.rows, today=today))
        tabs = [("", _("All")), *((name, label) for name, (label, _states) in deadlines_shown.KINDS.items())]
        return super().get_context_data(page=page, show=kind, tabs=tabs, **kwargs)


class ProofPack(Screen):
    """Everything promised, told and answered about one order, as a file to keep."""

    permission = "lawful.prove"
    http_method_names = ["get", "head", "options"]

    @cached_property
    def order(self) -> Order:
        """The order."""
        return get_object_or_404(Order.objects.select_related("customer"), pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Hand the file out."""
        response = HttpResponse(proof_pack(self.order), content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="proof-{self.order.pk}.zip"'
        return response


class MarkEssential(OrderAct):
    """Whether late goods are of no use to the customer, written down by whoever is on the phone."""

    permission = "deciding.mark_essential"
    form_class = EssentialForm
    title = gettext_lazy("Is the date of order %(order)s essential?")
    button = gettext_lazy("Write it down")

    def initial(self) -> dict[str, Any]:
        """Start with what was said last."""
        return {**super().initial(), "is_essential": self.order.is_date_essential}

    def preview(self, form: AskingForm) -> None:
        """Nobody else; refuse what the verb would refuse."""
        self._left(form)

    def facts(self, form: AskingForm) -> list[str]:
        """Say what the customer may then do, line by line."""
        return deadlines_shown.essential_words(self._left(form))

    def does(self, form: AskingForm) -> Done[Any]:
        """Write it down."""
        seen = form.cleaned_data["seen"]
        is_essential = form.cleaned_data["is_essential"]
        return deciding.mark_essential(self.order, is_essential=is_essential, seen_version=seen, by=self.by, at=self.at)

    def _left(self, form: AskingForm) -> list[tuple[OrderLine, Case | None]]:
        return deciding.preview_essential(self.order, is_essential=form.cleaned_data["is_essential"], at=self.at)


class OfCase(LineAct):
    """Something a customer decides about one line, written down by whoever is on the phone."""

    form_class: type[AskingForm] = AgreeForm

    def initial(self) -> dict[str, Any]:
        """Start with the date that we named."""
        return {"until": lawful.choices_of(self.line, at=self.at).offered}


class Agree(OfCase):
    """The customer agrees to wait."""

    permission = "lawful.agree"
    title = gettext_lazy("The customer agrees to wait for %(product)s in order %(order)s")
    button = gettext_lazy("The customer agrees")

    def does(self, form: AskingForm) -> Done[Any]:
        """Write it down."""
        return lawful.agree(self.line, until=form.cleaned_data["until"], by=self.by, at=self.at)


class SetLastDay(OfCase):
    """The customer sets a last day for an overdue delivery."""

    permission = "lawful.demand_extra_period"
    form_class = LastDayForm
    title = gettext_lazy("The customer's last day for %(product)s in order %(order)s")
    button = gettext_lazy("Keep the last day")

    def does(self, form: AskingForm) -> Done[Any]:
        """Write it down."""
        return lawful.demand_extra_period(self.line, until=form.cleaned_data["until"], by=self.by, at=self.at)


class EndContract(OfCase):
    """The customer ends the contract because it was not delivered in time."""

    permission = "lawful.end_contract"
    form_class = AskingForm
    title = gettext_lazy("The customer ends the contract about %(product)s in order %(order)s")
    button = gettext_lazy("End the contract")

    def initial(self) -> dict[str, Any]:
        """Start empty."""
        return {}

    def facts(self, form: AskingForm) -> list[str]:
        """Say what goes back to the customer."""
        return refund_words(self.order, [(self.line, self.line.open_quantity)], self.at)

    def preview(self, form: AskingForm) -> Impact:
        """Who moves up."""
        return selling.preview_cancel(self.line, at=self.at)

    def does(self, form: AskingForm) -> Done[Any]:
        """Cancel it and owe the money."""
        return lawful.end_contract(self.line, by=self.by, at=self.at)
