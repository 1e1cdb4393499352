"""What the warehouse and the buyers do: count stock, give up what will not come, order goods."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import buying, counting
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.backoffice.forms.warehouse import ClosePurchaseLineForm, CountForm, OrderGoodsForm
from backorders.backoffice.views.screen import ActScreen
from backorders.ids import typed_id
from backorders.supply.models import PurchaseLine, StockLevel

OUTSTANDING = "?when=outstanding"


class AdjustStock(ActScreen):
    """Set on hand to what was counted."""

    template_name = "backoffice/act.html"
    permission = "counting.adjust_stock"
    form_class = CountForm
    title = gettext_lazy("Count stock")
    back_name = gettext_lazy("Stock")
    button = gettext_lazy("Save the count")

    def initial(self) -> dict[str, Any]:
        """Start with the product and warehouse that the link named."""
        named = {name: self.request.GET.get(name, "") for name in ("product", "warehouse")}
        level = StockLevel.objects.filter(**{name: typed_id(pk) for name, pk in named.items()}).first()
        return {**named, "seen_on_hand": level.on_hand if level else None}

    def preview(self, form: CountForm) -> Impact:
        """Who gains or loses stock."""
        said = form.cleaned_data
        return counting.preview_adjust(
            said["product"], warehouse=said["warehouse"], counted=said["counted"], at=self.at
        )

    def does(self, form: CountForm) -> Done[Any]:
        """Book the count."""
        said = dict(form.cleaned_data)
        return counting.adjust_stock(said.pop("product"), **said, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the stock."""
        return reverse("admin:supply_stocklevel_changelist")


class ClosePurchaseLine(ActScreen):
    """Give up what is outstanding on a purchase line."""

    template_name = "backoffice/act.html"
    permission = "buying.close_purchase_line"
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
    permission = "buying.order_goods"
    form_class = OrderGoodsForm
    title = gettext_lazy("Order goods")
    back_name = gettext_lazy("Purchase orders")
    button = gettext_lazy("Record the purchase order")

    def preview(self, form: OrderGoodsForm) -> Impact:
        """Whom they date."""
        return buying.preview_goods(form.cleaned_data["supplier"], lines=form.goods(), at=self.at)

    def does(self, form: OrderGoodsForm) -> Done[Any]:
        """Record it."""
        said = form.cleaned_data
        return buying.order_goods(said["number"], supplier=said["supplier"], lines=form.goods(), by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the purchase orders."""
        return reverse("admin:supply_purchaseorder_changelist")
