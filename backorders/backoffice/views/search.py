"""One search box: an exact order number leads straight to the order, anything else to what holds it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.views.screen import Screen
from backorders.catalog.models import Product
from backorders.orders.models import Customer, Order
from backorders.searching import matching
from backorders.supply.models import PurchaseOrder

EACH = 10


class Search(Screen):
    """Orders, customers, products and purchase orders that hold the term."""

    template_name = "backoffice/search.html"
    permission = "orders.view_order"
    title = _("Search")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Jump to the order with exactly this number, if there is one."""
        order = Order.objects.filter(number=self.term).first() if self.term else None
        if order:
            return redirect("admin:order", order.pk)
        return self.render_to_response(self.get_context_data(**kwargs))

    @property
    def term(self) -> str:
        """What is searched for."""
        return self.request.GET.get("q", "").strip()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the first few of each kind."""
        return super().get_context_data(term=self.term, found=self._found() if self.term else {}, **kwargs)

    def _found(self) -> dict[str, Any]:
        orders = matching(Order.objects.order_by(), ["number", "external_id"], self.term)
        customers = list(matching(Customer.objects.order_by(), ["name", "email"], self.term)[:EACH])
        theirs = Order.objects.filter(customer__in=customers).select_related("customer").order_by("-placed_at", "-id")
        return {
            "orders": orders.select_related("customer")[:EACH],
            "customers": customers,
            "theirs": theirs[:EACH],
            "products": matching(Product.objects.order_by(), ["sku", "name"], self.term)[:EACH],
            "purchase_orders": matching(PurchaseOrder.objects.order_by(), ["number"], self.term).select_related(
                "supplier"
            )[:EACH],
        }
