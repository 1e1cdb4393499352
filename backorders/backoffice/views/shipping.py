"""Parcels: shipped, delivered, taken back into stock."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import losing, shipping
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.backoffice.forms.orders import DeliveredForm, LostForm, ReturnForm, ShipForm
from backorders.backoffice.views.order_acts import OrderAct, refund_words
from backorders.backoffice.views.screen import ActScreen
from backorders.orders.models import Shipment, ShipmentLine


class Ship(OrderAct):
    """Hand units that lie ready to the carrier."""

    permission = "shipping.ship"
    button = gettext_lazy("Ship")

    def heading(self) -> str:
        """Name the order."""
        return _("Ship order %(order)s") % {"order": self.order}

    def form(self, data: Any = None) -> ShipForm:
        """Return a form with the lines that lie ready."""
        lines = self.order.lines.filter(allocated__gt=0).select_related("product").order_by("id")
        return ShipForm(data, lines=list(lines), initial={**self.initial(), "carrier": self.order.carrier_id})

    def does(self, form: ShipForm) -> Done[Any]:
        """Ship them."""
        said = form.cleaned_data
        return shipping.ship(
            self.order,
            units=form.units(),
            carrier=said["carrier"],
            tracking_number=said["tracking_number"],
            seen_version=said["seen"],
            by=self.by,
            at=self.at,
        )


class ConfirmDelivery(ActScreen):
    """Record that a parcel arrived."""

    permission = "shipping.confirm_delivery"
    template_name = "backoffice/act.html"
    form_class = DeliveredForm
    back_name = gettext_lazy("Order")
    button = gettext_lazy("Confirm delivery")

    @cached_property
    def shipment(self) -> Shipment:
        """The parcel."""
        return get_object_or_404(Shipment.objects.select_related("order", "carrier"), pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the parcel."""
        return _("Delivery of a parcel of order %(order)s") % {"order": self.shipment.order}

    def does(self, form: DeliveredForm) -> Done[Any]:
        """Record it."""
        said = form.cleaned_data["confirmed_by"]
        return shipping.confirm_delivery(self.shipment, confirmed_by=said, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the order."""
        return reverse("admin:order", args=[self.shipment.order_id])


class LoseParcel(ActScreen):
    """Give a parcel up as lost: its units leave once more, or the money goes back."""

    permission = "losing.lose_parcel"
    template_name = "backoffice/act.html"
    form_class = LostForm
    back_name = gettext_lazy("Order")
    button = gettext_lazy("Give the parcel up")

    @cached_property
    def shipment(self) -> Shipment:
        """The parcel."""
        return get_object_or_404(Shipment.objects.select_related("order__customer"), pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the parcel."""
        return _("A lost parcel of order %(order)s") % {"order": self.shipment.order}

    def initial(self) -> dict[str, Any]:
        """Remember the order as it is shown."""
        return {"seen": self.shipment.order.version}

    def preview(self, form: LostForm) -> Impact:
        """Whom it moves that these units wait again."""
        return losing.preview_loss(self.shipment, pays_back=form.cleaned_data["pays_back"], at=self.at)

    def facts(self, form: LostForm) -> list[str]:
        """Say what follows for the customer."""
        if not form.cleaned_data["pays_back"]:
            return [_("The units wait where they waited before. The customer gets a mail with the new date.")]
        units = [(inside.line, inside.quantity) for inside in self.shipment.lines.select_related("line__order")]
        said = refund_words(self.shipment.order, units, self.at)
        return [*said, _("The customer gets a mail that says so.")]

    def does(self, form: LostForm) -> Done[Any]:
        """Give it up."""
        said = form.cleaned_data
        return losing.lose_parcel(
            self.shipment, pays_back=said["pays_back"], **form.seen_reason(), by=self.by, at=self.at
        )

    def back(self) -> str:
        """Go back to the order."""
        return reverse("admin:order", args=[self.shipment.order_id])


class ReturnToStock(ActScreen):
    """Take shipped units back into stock."""

    permission = "shipping.return_to_stock"
    template_name = "backoffice/act.html"
    back_name = gettext_lazy("Order")
    button = gettext_lazy("Take back into stock")

    @cached_property
    def shipped(self) -> ShipmentLine:
        """The units of one line in one parcel."""
        lines = ShipmentLine.objects.select_related("shipment__order", "line__product")
        return get_object_or_404(lines, pk=self.kwargs["pk"])

    def form(self, data: Any = None) -> ReturnForm:
        """Return a form with what can still come back."""
        return ReturnForm(data, shipped=self.shipped, initial={"seen": self.shipped.shipment.order.version})

    def heading(self) -> str:
        """Name what comes back."""
        return _("Return of %(product)s from order %(order)s") % {
            "product": self.shipped.line.product.name,
            "order": self.shipped.shipment.order,
        }

    def preview(self, form: ReturnForm) -> Impact:
        """Whom they serve."""
        said = form.cleaned_data
        return shipping.preview_return(self.shipped, quantity=said["quantity"], warehouse=said["warehouse"], at=self.at)

    def does(self, form: ReturnForm) -> Done[Any]:
        """Take them back."""
        said = dict(form.cleaned_data)
        return shipping.return_to_stock(self.shipped, seen_version=said.pop("seen"), **said, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the order."""
        return reverse("admin:order", args=[self.shipped.shipment.order_id])
