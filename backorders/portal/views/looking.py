"""A customer's page for staff to look at: no link is made for it, nothing on it can be sent, nothing is written."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.generic import View

from backorders.notifications.dates import BABEL
from backorders.notifications.emails import company
from backorders.orders.models import Order
from backorders.portal.views import choosing, showing, telling
from backorders.portal.visiting import Visit, language_of, quiet

PERMISSION = "orders.view_order"
# The pages that staff may look at, by the name of their link; the order's own has none.
LOOKS: dict[str, type[Visit]] = {
    "": showing.ShowOrder,
    "cancel": choosing.Cancel,
    "alternatives": choosing.Alternatives,
    "ready": choosing.SendReady,
    "contact": telling.Contact,
    "calendar": showing.Calendar,
}


class AsCustomer(View):
    """A customer's page as they see it, in their language or the one asked for; only for staff."""

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
        lang = f"?lang={language}" if "lang" in request.GET else ""
        context = {
            "company": company(),
            "order": order,
            "language": language,
            "token": "",
            "lang": lang,
            "languages": BABEL,
            "looks": LOOKS,
            "home": reverse("as_customer", args=[order.pk]) + lang,
            "reader": get_language(),
            "said": _("You see what the customer sees. Nothing on this page can be sent."),
            "back": _("Back to order %(number)s") % {"number": order.number},
        }
        if kwargs["part"] not in LOOKS:
            raise Http404
        page = LOOKS[kwargs["part"]]()
        page.setup(request)
        page.order, page.language = order, language
        with override(language):
            if not page.template_name:
                return page.get(request)
            return render(request, page.template_name, context | page.context())
