"""A customer's page for staff to look at: no link is made for it, nothing on it can be sent, nothing is written."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.generic import View

from backorders.notifications.emails import company
from backorders.orders.models import Order
from backorders.portal.views.showing import seen_by_customer
from backorders.portal.visiting import language_of, quiet

PERMISSION = "orders.view_order"


class AsCustomer(View):
    """An order's page as its customer sees it, in their language or the one asked for; only for staff."""

    http_method_names = ["get", "head"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Turn away whoever may not see orders."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied(PERMISSION)
        return quiet(super().dispatch(request, *args, **kwargs))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it, and above it in the reader's own language what it is."""
        order = get_object_or_404(Order.objects.select_related("customer"), pk=kwargs["pk"])
        language = language_of(request, order)
        context = {
            "company": company(),
            "order": order,
            "language": language,
            "token": "",
            "lang": "",
            "reader": get_language(),
            "said": _("You see what the customer sees. Nothing on this page can be pressed."),
            "back": _("Back to order %(number)s") % {"number": order.number},
        }
        with override(language):
            context |= seen_by_customer(order, language, at=timezone.now())
            return render(request, "portal/as_customer.html", context)
