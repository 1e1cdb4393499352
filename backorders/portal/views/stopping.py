"""Out of optional mails in one click: the address in their headers, for mail programs and for people (RFC 8058)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import override
from django.views.generic import View

from backorders.actions import deciding
from backorders.notifications.dates import BABEL
from backorders.notifications.emails import company
from backorders.notifications.threads import order_of
from backorders.orders.models import Decision, Order
from backorders.portal.visiting import GONE, quiet


class StopUpdates(View):
    """Looking changes nothing; what is sent here, by a button or by a mail program, stops what is optional."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer in the customer's language, and keep quiet about it."""
        with override(self.language):
            return quiet(super().dispatch(request, *args, **kwargs))

    @cached_property
    def order(self) -> Order | None:
        """The order of the mail."""
        return order_of(self.kwargs["token"])

    @property
    def language(self) -> str:
        """The customer's language, or the one that is asked for."""
        spoken = self.order.customer.language if self.order else ""
        return next((code for code in (self.request.GET.get("lang", ""), spoken) if code in BABEL), "en")

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show the button."""
        return self.page(is_stopped=self.order is not None and not self.order.customer.wants_all_updates)

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Stop them; once more stops nothing more."""
        if self.order is not None and self.order.customer.wants_all_updates:
            by_mail = Decision.Channel.MAIL
            deciding.choose_updates(self.order, wants_all=False, channel=by_mail, at=timezone.now())
        return self.page(is_stopped=True)

    def page(self, *, is_stopped: bool) -> HttpResponse:
        """Return the page; an address that leads nowhere gets the one of all such links."""
        around = {"company": company(), "language": self.language, "languages": BABEL}
        if self.order is None:
            return render(self.request, "portal/gone.html", around, status=GONE)
        return render(self.request, "portal/updates.html", {"is_stopped": is_stopped, **around})
