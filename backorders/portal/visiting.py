"""What every page behind a link has in common: who is let in, in which language, and what others are answered.

A link that leads nowhere (wrong, ended, revoked, somebody else's thing) gets one page, whatever the reason. Looking
changes nothing; what changes something is sent by a form whose key only this link's page can have made.
"""

import contextlib
import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.generic import View

from backorders.actions import caring
from backorders.notifications.dates import BABEL
from backorders.notifications.emails import company
from backorders.notifications.links import order_behind, order_once_behind
from backorders.orders.models import Order
from backorders.portal import limiting
from backorders.portal.keys import new_key, nonce_of
from backorders.refusal import Busy, Refused, Stale

GONE, CONFLICT, REFUSED, TOO_MANY, BUSY = 404, 409, 422, 429, 503


class Nowhere(Exception):
    """The address names a thing that is not this order's."""


class Visit(View):
    """A page behind a link."""

    http_method_names = ["get", "head", "post"]
    template_name = ""

    token: str
    order: Order

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let whoever has the link in, in their language; everybody else gets the one page."""
        self.token = kwargs.pop("token")
        order = order_behind(self.token, at=self.at)
        self.language = language_of(request, order)
        with override(self.language):
            response = self.visited(order, *args, **kwargs)
        return quiet(response)

    def visited(self, order: Order | None, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, and turn what the rules refuse into the page with the sentence on it."""
        if order is None:
            return self.new_link() if "new" in self.request.POST else self.nowhere()
        self.order = order
        try:
            return super().dispatch(self.request, *args, **kwargs)
        except Nowhere:
            return self.nowhere()
        except Busy:
            return self.again(status=BUSY, alert=_("We could not save this just now. Nothing was changed; try again."))
        except Stale:
            alert = _("Something changed since you opened the page. Nothing was saved; look at it once more.")
            return self.again(status=CONFLICT, alert=alert)
        except Refused as refusal:
            return self.again(status=REFUSED, alert=str(refusal))

    def nowhere(self) -> HttpResponse:
        """Return the page of a link that leads nowhere; whoever tries very many is asked to wait."""
        if seconds := limiting.wait(limiting.NOWHERE, network(self.request)):
            return self.too_many(seconds)
        return self.page("portal/gone.html", {}, status=GONE)

    def new_link(self) -> HttpResponse:
        """Mail a new link to whom the old one was mailed; the answer is the same whether or not there was one."""
        if seconds := limiting.wait(limiting.NEW_LINKS, network(self.request)):
            return self.too_many(seconds)
        known = order_once_behind(self.token)
        if known is not None and not limiting.wait(limiting.NEW_LINK, self.token):
            with override(known.customer.language):
                text = _("You asked for a new link to your order. It is below.")
            with contextlib.suppress(Refused):  # nothing to write about: the answer stays the same
                caring.write_message(known, text=text, states_dates=False, by=None, at=self.at)
        return self.page("portal/sent.html", {})

    def too_many(self, seconds: int) -> HttpResponse:
        """Ask for patience."""
        response = self.page("portal/wait.html", {"minutes": max(seconds // 60, 1)}, status=TOO_MANY)
        response["Retry-After"] = str(seconds)
        return response

    @cached_property
    def at(self) -> datetime.datetime:
        """The moment of the request: read once."""
        return timezone.now()

    @cached_property
    def key(self) -> str:
        """What makes the form that was sent one of a kind. Raises `Stale` if no page of this link made it."""
        nonce = nonce_of(self.request.POST.get("key", ""), self.token)
        if nonce is None:
            raise Stale(_("This page was open for too long."))
        return f"page:{self.order.pk}:{nonce}"

    @property
    def seen(self) -> int | None:
        """The version of the order that the form showed."""
        seen = self.request.POST.get("seen", "")
        return int(seen) if seen.isdecimal() and len(seen) < 10 else None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page."""
        return self.shown()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do what the page is for, once for each form that it showed, and not too often."""
        key = self.key
        if seconds := limiting.wait(limiting.CHANGES, self.token):
            return self.too_many(seconds)
        return self.does(key, **kwargs)

    def does(self, key: str, **kwargs: Any) -> HttpResponse:
        """Call the verb and lead on."""
        raise NotImplementedError

    def context(self) -> dict[str, Any]:
        """Return what the page shows."""
        return {}

    def shown(self, *, status: int = 200, **more: Any) -> HttpResponse:
        """Return the page."""
        return self.page(self.template_name, {**self.context(), **more}, status=status)

    def again(self, *, status: int, alert: str) -> HttpResponse:
        """Return the page with what is wrong above it, and with everything that was typed."""
        return self.shown(status=status, alert=alert, typed=self.request.POST)

    def page(self, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """Return a page of ours."""
        is_known = hasattr(self, "order")
        around = {
            "company": company(),
            "language": self.language,
            "languages": BABEL,
            "lang": f"?lang={self.language}" if "lang" in self.request.GET else "",
            "token": self.token,
            "home": self.to("order") if is_known else "",
            "order": self.order if is_known else None,
            "key": new_key(self.token) if is_known else "",
        }
        return render(self.request, template, {**around, **context}, status=status)

    def to(self, name: str, *args: Any) -> str:
        """Return the address of another page behind this link, in the language that was asked for."""
        lang = f"?lang={self.language}" if "lang" in self.request.GET else ""
        return reverse(f"portal:{name}", args=[self.token, *args]) + lang

    def go(self, name: str, *args: Any) -> HttpResponseRedirect:
        """Lead on to a page that can be opened again without doing anything again."""
        response = HttpResponseRedirect(self.to(name, *args))
        response.status_code = 303
        return response


def language_of(request: HttpRequest, order: Order | None) -> str:
    """Return the language asked for if we speak it, else the customer's, else English."""
    spoken = order.customer.language if order else ""
    return next((code for code in (request.GET.get("lang", ""), spoken) if code in BABEL), "en")


def network(request: HttpRequest) -> str:
    """Return where the request came from, for counting only."""
    return str(request.META.get("REMOTE_ADDR", ""))


def quiet(response: HttpResponseBase) -> HttpResponseBase:
    """Let nobody keep the page, learn its address, or list it."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
