"""What can be done to an order and the units on it: one form, one preview, one verb each."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import caring, refunding, selling
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.amounts import money
from backorders.backoffice.dates import short_date
from backorders.backoffice.forms.asking import AskingForm, SeenReasonForm
from backorders.backoffice.forms.orders import CancelLineForm, QuantityForm
from backorders.backoffice.views.screen import ActScreen, Screen, our_address
from backorders.orders.models import Order, OrderLine
from backorders.refusal import Refused


class OrderAct(ActScreen):
    """An act on an order as it was shown, which `title` names."""

    template_name = "backoffice/act.html"
    form_class: type[AskingForm] = SeenReasonForm

    @cached_property
    def order(self) -> Order:
        """The order."""
        return get_object_or_404(Order.objects.select_related("customer", "carrier"), pk=self.kwargs["pk"])

    def names(self) -> dict[str, object]:
        """Return what `title` names."""
        return {"order": self.order}

    def heading(self) -> str:
        """Name what is acted on."""
        return str(self.title) % self.names()

    def initial(self) -> dict[str, Any]:
        """Start with the version that is shown."""
        return {"seen": self.order.version}

    def back(self) -> str:
        """Go back to the order."""
        return reverse("admin:order", args=[self.order.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the order."""
        return super().get_context_data(order=self.order, back_name=self.order, **kwargs)


class CancelOrder(OrderAct):
    """Cancel everything open on an order."""

    permission = "selling.cancel_order"
    title = gettext_lazy("Cancel order %(order)s")
    button = gettext_lazy("Cancel the order")

    def facts(self, form: SeenReasonForm) -> list[str]:
        """Say what goes back to the customer."""
        lines = self.order.lines.open().select_related("order").order_by("id")
        return refund_words(self.order, [(line, line.open_quantity) for line in lines], self.at)

    def preview(self, form: SeenReasonForm) -> Impact:
        """Who moves up."""
        return selling.preview_cancel_order(self.order, at=self.at)

    def does(self, form: SeenReasonForm) -> Done[Any]:
        """Cancel it."""
        return selling.cancel_order(self.order, **form.seen_reason(), by=self.by, at=self.at)


def refund_words(order: Order, units: Sequence[tuple[OrderLine, int]], at: datetime.datetime) -> list[str]:
    """Say how much goes back to the customer for these units, and by when; nothing is due for what was not paid."""
    back = refunding.refund_of(units)
    if not order.is_paid:
        return [_("Nothing is paid back: the order is not paid.")]
    if not back:
        return [_("Nothing is paid back: as much was not paid, or was given off its price before.")]
    due = short_date(refunding.refund_due_on(order, [line.pk for line, _units in units], at=at))
    return [_("%(sum)s go back to the customer, by %(day)s.") % {"sum": money(back, order.currency), "day": due}]


class LineAct(OrderAct):
    """An act on one line of an order, whose product and order `title` names."""

    @cached_property
    def line(self) -> OrderLine:
        """The line."""
        lines = OrderLine.objects.select_related("product", "order__customer", "order__carrier")
        return get_object_or_404(lines, pk=self.kwargs["line"], order=self.kwargs["pk"])

    def names(self) -> dict[str, object]:
        """Return what `title` names."""
        return {"product": self.line.product.name, **super().names()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the line."""
        return super().get_context_data(line=self.line, **kwargs)


class CancelLine(LineAct):
    """Cancel units of a line."""

    permission = "selling.cancel_line"
    form_class = CancelLineForm
    title = gettext_lazy("Cancel %(product)s in order %(order)s")
    button = gettext_lazy("Cancel the units")

    def initial(self) -> dict[str, Any]:
        """Start with everything open."""
        return {**super().initial(), "quantity": self.line.open_quantity}

    def facts(self, form: CancelLineForm) -> list[str]:
        """Say what goes back to the customer."""
        return refund_words(self.order, [(self.line, form.cleaned_data["quantity"])], self.at)

    def preview(self, form: CancelLineForm) -> Impact:
        """Who moves up."""
        return selling.preview_cancel(self.line, quantity=form.cleaned_data["quantity"], at=self.at)

    def does(self, form: CancelLineForm) -> Done[Any]:
        """Cancel them."""
        units = form.cleaned_data["quantity"]
        return selling.cancel_line(self.line, quantity=units, **form.seen_reason(), by=self.by, at=self.at)


class ChangeQuantity(LineAct):
    """Change the quantity ordered."""

    permission = "selling.change_quantity"
    form_class = QuantityForm
    title = gettext_lazy("Quantity of %(product)s in order %(order)s")
    button = gettext_lazy("Change the quantity")

    def initial(self) -> dict[str, Any]:
        """Start with what is ordered."""
        return {**super().initial(), "quantity": self.line.quantity - self.line.cancelled}

    def facts(self, form: QuantityForm) -> list[str]:
        """Say what goes back to the customer, or what joins a paid order and is to be collected."""
        more = form.cleaned_data["quantity"] - (self.line.quantity - self.line.cancelled)
        if more < 0:
            return refund_words(self.order, [(self.line, -more)], self.at)
        if not more or not self.order.is_paid:
            return []
        on_top = money(self.line.price * more, self.order.currency)
        return [_("%(sum)s are to be collected: only what was ordered at first is paid.") % {"sum": on_top}]

    def preview(self, form: QuantityForm) -> Impact:
        """Who moves."""
        return selling.preview_quantity(self.line, quantity=form.cleaned_data["quantity"], at=self.at)

    def does(self, form: QuantityForm) -> Done[Any]:
        """Change it."""
        units = form.cleaned_data["quantity"]
        return selling.change_quantity(self.line, quantity=units, **form.seen_reason(), by=self.by, at=self.at)


class WriteNote(Screen):
    """Keep a note with an order."""

    permission = "caring.write_note"
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write it down."""
        order = get_object_or_404(Order, pk=kwargs["pk"])
        came_from = our_address(request.POST.get("next", ""), request)
        try:
            caring.write_note(order, text=request.POST.get("text", ""), by=self.by, at=self.at)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            if came_from:
                messages.success(request, _("The note is kept with order %(number)s.") % {"number": order.number})
        return HttpResponseRedirect(came_from or reverse("admin:order", args=[order.pk]) + "#timeline-section")
