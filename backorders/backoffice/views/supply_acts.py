"""What the warehouse and the buyers do: receive goods, count stock, give up what will not come."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import buying, warehouse
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.backoffice.forms.warehouse import ClosePurchaseLineForm, CountForm, OrderGoodsForm, ReceiveForm
from backorders.backoffice.views.screen import ActScreen
from backorders.supply.models import PurchaseLine, PurchaseOrder

OUTSTANDING = "?when=outstanding"


class Receive(ActScreen):
    """Book what arrived of a purchase order, and see first who gets it."""

    template_name = "backoffice/receive.html"
    permission = "supply.add_receipt"
    back_name = gettext_lazy("Purchase lines")
    button = gettext_lazy("Receive and allocate")

    @cached_property
    def order(self) -> PurchaseOrder:
        """The purchase order."""
        return get_object_or_404(PurchaseOrder.objects.select_related("supplier"), pk=self.kwargs["pk"])

    def form(self, data: Any = None) -> ReceiveForm:
        """Return the form with everything outstanding filled in; a form sent again finds the lines it named."""
        named = [key.removeprefix("line_").removesuffix("-quantity") for key in data or ()]
        lines = PurchaseLine.objects.outstanding().filter(purchase_order=self.order)
        lines |= PurchaseLine.objects.filter(purchase_order=self.order, pk__in=[pk for pk in named if pk.isdecimal()])
        return ReceiveForm(data, lines=list(lines.select_related("product", "warehouse").order_by("id")))

    def heading(self) -> str:
        """Name the purchase order."""
        return _("Receive %(number)s from %(supplier)s") % {"number": self.order, "supplier": self.order.supplier}

    def preview(self, form: ReceiveForm) -> Impact:
        """Who gets what arrived."""
        return warehouse.preview_receive(form.arrivals(), at=self.at)

    def does(self, form: ReceiveForm) -> Done[Any]:
        """Book it."""
        return warehouse.receive(form.arrivals(), key=form.cleaned_data["key"], by=self.by, at=self.at)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the purchase order."""
        return super().get_context_data(order=self.order, **kwargs)

    def back(self) -> str:
        """Go to the lines of the purchase order."""
        return reverse("admin:supply_purchaseline_changelist") + f"?purchase_order__id__exact={self.order.pk}"


class AdjustStock(ActScreen):
    """Set on hand to what was counted."""

    template_name = "backoffice/act.html"
    permission = "supply.change_stocklevel"
    form_class = CountForm
    title = gettext_lazy("Count stock")
    back_name = gettext_lazy("Stock")
    button = gettext_lazy("Save the count")

    def initial(self) -> dict[str, Any]:
        """Start with the product and warehouse that the link named."""
        return {name: self.request.GET.get(name) for name in ("product", "warehouse")}

    def preview(self, form: CountForm) -> Impact:
        """Who gains or loses stock."""
        said = form.cleaned_data
        return warehouse.preview_adjust(
            said["product"], warehouse=said["warehouse"], counted=said["counted"], at=self.at
        )

    def does(self, form: CountForm) -> Done[Any]:
        """Book the count."""
        said = dict(form.cleaned_data)
        return warehouse.adjust_stock(said.pop("product"), **said, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the stock."""
        return reverse("admin:supply_stocklevel_changelist")


class ClosePurchaseLine(ActScreen):
    """Give up what is outstanding on a purchase line."""

    template_name = "backoffice/act.html"
    permission = "supply.change_purchaseline"
    form_class = ClosePurchaseLineForm
    back_name = gettext_lazy("Purchase lines")
    button = gettext_lazy("Close the line")

    @cached_property
    def line(self) -> PurchaseLine:
        """The purchase line."""
        lines = PurchaseLine.objects.select_related("purchase_order", "product")
        return get_object_or_404(lines, pk=self.kwargs["pk"])

    def initial(self) -> dict[str, Any]:
        """Start with the version that is shown."""
        return {"seen": self.line.version}

    def heading(self) -> str:
        """Say what is given up."""
        return _("Close %(line)s: %(units)s × %(product)s will not come") % {
            "line": self.line,
            "units": self.line.outstanding,
            "product": self.line.product.name,
        }

    def preview(self, form: ClosePurchaseLineForm) -> Impact:
        """Who falls to the next supply or to none."""
        return buying.preview_close(self.line, at=self.at)

    def does(self, form: ClosePurchaseLineForm) -> Done[Any]:
        """Close it."""
        said = form.cleaned_data
        return buying.close_purchase_line(
            self.line, reason=said["reason"], seen_version=said["seen"], by=self.by, at=self.at
        )

    def back(self) -> str:
        """Go back to the outstanding lines."""
        return reverse("admin:supply_purchaseline_changelist") + OUTSTANDING


class OrderGoods(ActScreen):
    """Record what was ordered from a supplier; lines that wait for it are dated at once."""

    template_name = "backoffice/order_goods.html"
    permission = "supply.add_purchaseorder"
    form_class = OrderGoodsForm
    title = gettext_lazy("Order goods")
    back_name = gettext_lazy("Purchase orders")
    button = gettext_lazy("Record the purchase order")

    def does(self, form: OrderGoodsForm) -> Done[Any]:
        """Record it."""
        said = form.cleaned_data
        return buying.order_goods(said["number"], supplier=said["supplier"], lines=form.goods(), by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the purchase orders."""
        return reverse("admin:supply_purchaseorder_changelist")
