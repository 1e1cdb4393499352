"""What every screen has in common: who may see it, the site around it, and refusals that keep what was typed."""

import datetime
from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from backorders.actions import approving
from backorders.actions.done import Done
from backorders.actions.seconding import NeedsApproval
from backorders.allocation.impact import Impact
from backorders.allocation.windows import business_day
from backorders.backoffice.impacts import listed, shown
from backorders.backoffice.spreadsheets import csv_of
from backorders.ids import typed_id
from backorders.refusal import Busy, Refused, Stale

CONFLICT, REFUSED, BUSY = 409, 422, 503
# With bytes that came from outside: a browser takes them for nothing but what we say and lets them do nothing.
BYTES = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def our_address(url: str, request: HttpRequest) -> str:
    """Return the address if it is one of our own pages, else nothing: it came with the request."""
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_ours else ""


class Screen(TemplateView):
    """A page of the site: `permission` is needed to see it, `title` is its h1."""

    permission = ""
    title: Any = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Turn away whoever may not see it."""
        if self.permission and not request.user.has_perm(self.permission):
            raise PermissionDenied(self.permission)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def at(self) -> datetime.datetime:
        """The moment of the request: read once."""
        return timezone.now()

    @property
    def by(self) -> User:
        """Who asks."""
        return cast(User, self.request.user)  # the site lets nobody else in

    def heading(self) -> str:
        """Return the name of what the page is about."""
        return str(self.title)

    def send_for_approval(self, refusal: NeedsApproval) -> None:
        """Let what needs a second person wait for one, and say so on the next page."""
        approving.ask(refusal.details["ask"], by=self.by, why=refusal, at=self.at)
        messages.success(self.request, _("Sent for approval. Your inbox tells you what was decided."))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Put the site around the page."""
        around = admin.site.each_context(self.request)
        return {**around, "title": self.heading(), **super().get_context_data(**kwargs)}


class Doing(Screen):
    """A page that does something at a click, without a form: `does` is one verb."""

    http_method_names = ["post", "options"]

    def does(self) -> Done[Any]:
        """Call the verb."""
        raise NotImplementedError

    def back(self) -> str:
        """Return where to go afterwards."""
        raise NotImplementedError

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it, or say on the next page why not; what needs a second person waits for one."""
        try:
            done = self.does()
        except NeedsApproval as refusal:
            messages.warning(request, str(refusal))
            self.send_for_approval(refusal)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, self.done_sentence(done))
        return HttpResponseRedirect(self.back())

    def done_sentence(self, done: Done[Any]) -> SafeString:
        """Say what was done."""
        return done_sentence(done)


class ActScreen(Screen):
    """A page with a form, a preview of whom it touches, and one verb behind its button.

    The preview is the same computation as the act and writes nothing. A refusal stays on the page with everything
    that was typed; nothing was saved then.
    """

    preview_template = "backoffice/preview.html"
    form_class: Callable[..., Any]
    button: Any = ""
    back_name: Any = gettext_lazy("Back")

    def preview(self, form: Any) -> Impact | None:
        """Return whom the act would touch, or None where it touches nobody else."""
        return None

    def facts(self, form: Any) -> list[str]:
        """Return what else follows from the act, in sentences: money, numbers, goods."""
        return []

    def does(self, form: Any) -> Done[Any]:
        """Call the verb."""
        raise NotImplementedError

    def back(self) -> str:
        """Return where to go afterwards."""
        raise NotImplementedError

    def initial(self) -> dict[str, Any]:
        """Return what the form starts with."""
        return {}

    def form(self, data: Any = None) -> Any:
        """Return the form, filled with `data` if it was sent."""
        return self.form_class(data, initial=self.initial())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form."""
        return self.render_to_response(self.get_context_data(form=self.form()))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Preview if asked to, else act."""
        form = self.form(request.POST)
        if "preview" in request.POST:
            return self.previewed(form)
        if "list" in request.POST and form.is_ready():
            return self.listed(form)
        if "list" in request.POST or not form.is_valid():
            return self.refused(form, REFUSED)
        try:
            done = self.does(form)
        except NeedsApproval as refusal:
            if "ask" in request.POST:
                self.send_for_approval(refusal)
                return HttpResponseRedirect(self.back())
            form.add_error(None, str(refusal))
            return self.refused(form, REFUSED, needs_approval=True)
        except Refused as refusal:
            if isinstance(refusal, Stale):
                form.renew()
            form.add_error(None, str(refusal))
            return self.refused(form, status_of(refusal))
        return self.after(done)

    def after(self, done: Any) -> HttpResponse:
        """Say what was done, and go back."""
        messages.success(self.request, self.done_sentence(done))
        return HttpResponseRedirect(self.back())

    def listed(self, form: Any) -> HttpResponse:
        """Answer with everybody it would move, as a file."""
        try:
            impact = self.preview(form)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self.refused(form, status_of(refusal))
        written = list(listed(impact or Impact()))  # while the reader's language still holds
        return cast("HttpResponse", csv_of(written, name=f"moves-{business_day(self.at)}.csv"))

    def previewed(self, form: Any) -> HttpResponse:
        """Answer with whom it would touch: the part of the page alone if a script asks, else the whole page."""
        seen = {"form": form, **self.looked_ahead(form)}
        if self.request.headers.get("HX-Request"):
            return self.response_class(
                self.request, self.preview_template, {**seen, "button": self.button, "is_part": True}
            )
        return self.render_to_response(self.get_context_data(**seen))

    def refused(self, form: Any, status: int, **more: Any) -> HttpResponse:
        """Show the form again with what is wrong, and whom it would touch as things stand."""
        return self.render_to_response(self.get_context_data(form=form, **more), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the button and where to go back to."""
        around = {"button": self.button, "back": self.back(), "preview_template": self.preview_template}
        kwargs.setdefault("back_name", self.back_name)
        return super().get_context_data(**around, **kwargs)

    def done_sentence(self, done: Done[Any]) -> SafeString:
        """Say what was done."""
        return done_sentence(done)

    def looked_ahead(self, form: Any) -> dict[str, Any]:
        """Return what the preview shows: whom the act would touch, or why it would be refused."""
        if not form.is_ready():
            return {"preview": None, "unready": True}
        try:
            impact = self.preview(form)
        except Refused as refusal:
            return {"preview": None, "refusal": str(refusal)}
        first = typed_id(self.request.POST.get("preview", "")) or 1
        seen = {"preview": shown(impact, first=first, at=self.at) if impact is not None else None}
        return {**seen, "facts": self.facts(form), "may_list": True}


def done_sentence(done: Done[Any]) -> SafeString:
    """Say what was done and to how many, with the way to its change set."""
    counts = done.impact.counts
    moved = counts["later"] + counts["earlier"] + counts["no_date"] + counts["dated"]
    sentence = _("Done. %(moved)s dates moved, %(served)s lines served.") % {"moved": moved, "served": counts["served"]}
    if not moved and not counts["served"]:
        sentence = _("Done.")
    return with_way_to(done, sentence)


def with_way_to(done: Done[Any], sentence: str) -> SafeString:
    """Return a sentence with the way to the change set of what was done."""
    url = reverse("admin:change_set", args=[done.change_set.pk])
    return format_html('{} <a href="{}">{}</a>', sentence, url, _("See or undo"))


def status_of(refusal: Refused) -> int:
    """Return the status of the answer to what was refused: others were faster, or it cannot be."""
    if isinstance(refusal, Busy):
        return BUSY
    return CONFLICT if isinstance(refusal, Stale) else REFUSED
