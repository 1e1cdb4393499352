"""The page behind the link in a mail: it shows one order and changes nothing, whoever opens it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.http import require_safe

from backorders.notifications.dates import BABEL
from backorders.notifications.emails import company
from backorders.notifications.links import order_behind
from backorders.portal.page import page_of


@require_safe
def show_order(request: HttpRequest, token: str) -> HttpResponse:
    """Show the order behind the token; a wrong, expired or revoked one gets the same page as any other."""
    order = order_behind(token, at=timezone.now())
    spoken = order.customer.language if order else ""
    language = next((code for code in (request.GET.get("lang", ""), spoken) if code in BABEL), "en")
    with override(language):
        context = {"company": company(), "language": language, "languages": BABEL}
        if order is None:
            response = render(request, "portal/gone.html", context, status=404)
        else:
            response = render(request, "portal/order.html", {"page": page_of(order, language), **context})
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
