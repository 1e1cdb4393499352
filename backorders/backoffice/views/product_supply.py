"""Product supply: why it waits, when it comes, and who gets which part of it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backorders.actions import wanting
from backorders.allocation.windows import business_day
from backorders.backoffice.dates import short_window
from backorders.backoffice.plots import CHART_HEIGHT, CHART_WIDTH, LEFT, RIGHT, step_chart
from backorders.backoffice.product_supply import View, view_of
from backorders.backoffice.views.screen import Screen
from backorders.catalog.models import Product
from backorders.desk.following import followed
from backorders.desk.models import Follow
from backorders.refusal import Refused

STEPS_SHOWN = 60


class ShowSupply(Screen):
    """The supply of one product."""

    template_name = "backoffice/product_supply.html"
    permission = "supply.view_purchaseline"

    @cached_property
    def product(self) -> Product:
        """The product."""
        products = Product.objects.select_related("category")
        products = products.annotate(is_followed=followed(Follow.Thing.PRODUCT, by=self.by))
        return get_object_or_404(products, pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the product."""
        return f"{self.product.sku} {self.product.name}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add its supply, the chart and the sentence."""
        today = business_day(self.at)
        supply = view_of(self.product, today=today)
        steps = [(step.day, step.comes, step.level) for step in supply.steps]
        return super().get_context_data(
            product=self.product,
            supply=supply,
            asked=wanting.asked_for(self.product) if supply.uncovered_units else None,
            has_other=self.product.substitutes.exists(),
            has_lots=any(each.lot for each in supply.supplies),
            sentence=sentence(supply),
            chart=step_chart(supply.start, steps, today=today),
            steps=supply.steps[:STEPS_SHOWN],
            more_steps=max(len(supply.steps) - STEPS_SHOWN, 0),
            today=today,
            width=CHART_WIDTH,
            height=CHART_HEIGHT,
            left=LEFT,
            right=CHART_WIDTH - RIGHT,
            **kwargs,
        )


class AskToBuy(Screen):
    """Let those who buy know what nothing covers."""

    http_method_names = ["post", "options"]
    permission = "wanting.ask_to_buy"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, and say who finds it."""
        product = get_object_or_404(Product, pk=kwargs["pk"])
        try:
            wanting.ask_to_buy(product, by=self.by, at=self.at)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Asked. The buyers find it in their inbox."))
        return HttpResponseRedirect(reverse("admin:product_supply", args=[product.pk]))


def sentence(supply: View) -> str:
    """Say in words why it waits and when it comes."""
    if not supply.waiting_units:
        return _("Nobody waits for it.")
    orders = ngettext("%(count)s order waits", "%(count)s orders wait", supply.waiting_orders)
    units = ngettext("for %(count)s unit.", "for %(count)s units.", supply.waiting_units)
    said = [orders % {"count": f"{supply.waiting_orders:,}"}, units % {"count": f"{supply.waiting_units:,}"}]
    if lot := supply.next_lot:
        comes = ngettext("%(count)s unit comes %(date)s;", "%(count)s units come %(date)s;", lot.outstanding)
        said.append(comes % {"count": f"{lot.outstanding:,}", "date": short_window(lot.eta_on, lot.eta_until)})
        said.append(_("free after that: %(count)s.") % {"count": f"{supply.free_after:,}"})
    else:
        said.append(_("No supplier has given a date."))
    return " ".join(said)
