"""What the warehouse and the buyers do: receive goods, count stock, give up what will not come."""

import copy
from collections.abc import Sequence
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import buying, counting, receiving
from backorders.actions.done import Done
from backorders.allocation.impact import Impact, Served
from backorders.allocation.windows import business_day
from backorders.backoffice.forms.warehouse import ClosePurchaseLineForm, CountForm, OrderGoodsForm, ReceiveForm
from backorders.backoffice.selections import freeze
from backorders.backoffice.views.screen import ActScreen
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine, PurchaseOrder, StockLevel

OUTSTANDING = "?when=outstanding"
GETTING = 50
RULES = {
    "rank": gettext_lazy("by rank, as it is served"),
    "first_come": gettext_lazy("first come"),
    "oldest_promise": gettext_lazy("oldest promise first"),
    "smallest": gettext_lazy("smallest first"),
}


class Receive(ActScreen):
    """Book what arrived of a purchase order, and see first who gets it."""

    template_name = "backoffice/receive.html"
    preview_template = "backoffice/receive_preview.html"
    permission = "receiving.receive"
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

    def looked_ahead(self, form: ReceiveForm) -> dict[str, Any]:
        """Add who gets it by name, and what other rules would come to."""
        seen = super().looked_ahead(form)
        if seen.get("preview") is None:
            return seen
        compared = receiving.compare_receive(form.arrivals(), at=self.at)
        rules = [(RULES[each.rule], each) for each in compared]
        return {**seen, "getting": _getting(self.impact.served), "rules": rules}

    def preview(self, form: ReceiveForm) -> Impact:
        """Who gets what arrived."""
        self.impact = receiving.preview_receive(form.arrivals(), at=self.at)
        return self.impact

    def does(self, form: ReceiveForm) -> Done[Any]:
        """Book it."""
        return receiving.receive(form.arrivals(), key=form.cleaned_data["key"], by=self.by, at=self.at)

    def facts(self, form: ReceiveForm) -> list[str]:
        """Say what would stay outstanding though it was to come by now."""
        arrived = {each.purchase_line_id: each.quantity + each.damaged for each in form.arrivals()}
        short = []
        for line in (entry.line for entry in form.lines if entry.line.pk in arrived):
            line = copy.copy(line)
            line.received += arrived[line.pk]
            short += receiving.short_of([line], today=business_day(self.at))
        said = _("%(sku)s: %(count)s short. What is short keeps no date until its new ETA is set.")
        return [said % {"sku": line.product.sku, "count": line.outstanding} for line in short[:GETTING]]

    def done_sentence(self, done: Done[Any]) -> SafeString:
        """Say what was done; of what came short, lead to its new ETA or say who was asked."""
        sentence = super().done_sentence(done)
        lines = PurchaseLine.objects.filter(receipts__change_set=done.change_set).distinct()
        short = receiving.short_of(lines, today=business_day(self.at))
        if not short:
            return sentence
        said = ngettext("%(count)s line came short.", "%(count)s lines came short.", len(short)) % {"count": len(short)}
        if not self.by.has_perm("revising.revise_eta"):
            return format_html("{} {} {}", sentence, said, _("Purchasing was asked when the rest comes."))
        url = reverse("admin:selection_eta", args=[freeze(self.request, [line.pk for line in short])])
        return format_html('{} {} <a href="{}">{}</a>', sentence, said, url, _("Set the ETA of the rest"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the purchase order."""
        return super().get_context_data(order=self.order, **kwargs)

    def back(self) -> str:
        """Go to the lines of the purchase order."""
        return reverse("admin:supply_purchaseline_changelist") + f"?purchase_order__id__exact={self.order.pk}"


def _getting(served: Sequence[Served]) -> list[tuple[OrderLine, int]]:
    """The first of the lines that get stock, each with how many units."""
    lines = OrderLine.objects.select_related("order__customer", "product", "promise")
    known = lines.in_bulk([each.line_id for each in served[:GETTING]])
    return [(known[each.line_id], each.quantity) for each in served[:GETTING]]


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
        levels = StockLevel.objects.filter(**{name: pk for name, pk in named.items() if pk.isdecimal()})
        level = levels.first() if all(named.values()) else None
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
