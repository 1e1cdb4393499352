"""The ETA screen: record what the supplier said, and see before saving whom it moves and who will be told."""

import datetime
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import etas, revising, revising_many
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.allocation.reading import calendars
from backorders.allocation.windows import business_day
from backorders.backoffice.amends_ahead import amends_ahead, may_be_withheld
from backorders.backoffice.dates import short_date
from backorders.backoffice.differences import differences
from backorders.backoffice.forms.eta import EtaForm
from backorders.backoffice.letters_ahead import Wanted, letter_ahead
from backorders.backoffice.selections import frozen
from backorders.backoffice.views.outbox import inert_mail
from backorders.backoffice.views.screen import REFUSED, ActScreen, our_address
from backorders.changes.models import Source
from backorders.ids import typed_id
from backorders.jobs.models import Job
from backorders.notifications.emails import Rendered
from backorders.orders.models import OrderLine
from backorders.refusal import Refused
from backorders.supply.models import EtaRevision, PurchaseLine, PurchaseOrder

SHOWN = 200
LETTER, TYPED = (
    "eta_letter",
    "eta_typed",
)  # what the session keeps: a mail for its frame, a form that is left for a moment
NOT_TYPED = {"adjust", "csrfmiddlewaretoken", "unsent-person"}
Reason = EtaRevision.ReasonCode


class EtaScreen(ActScreen):
    """Change the ETA of the lines that `purchase_lines` names."""

    template_name = "backoffice/eta.html"
    preview_template = "backoffice/eta_preview.html"
    permission = "revising.revise_eta"
    button = gettext_lazy("Save")
    back_name = gettext_lazy("Purchase lines")

    @cached_property
    def lines(self) -> list[PurchaseLine]:
        """The purchase lines concerned, those with something outstanding."""
        lines = PurchaseLine.objects.filter(pk__in=self.chosen()).outstanding()
        return list(lines.select_related("purchase_order__supplier", "product", "warehouse").order_by("eta_on", "id"))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead back to the list where nothing is outstanding (any more)."""
        if request.user.has_perm(self.permission) and not self.lines:
            messages.error(request, _("Nothing is outstanding there any more."))
            return redirect(self.back())
        return super().dispatch(request, *args, **kwargs)

    def chosen(self) -> Any:
        """Return the ids of the purchase lines, or a query for them."""
        raise NotImplementedError

    def form(self, data: Any = None) -> EtaForm:
        """Return the form for these lines."""
        how: dict[str, Any] = {"may_withhold": may_be_withheld(self.by, at=self.at), "initial": self.initial()}
        return EtaForm(data, lines=self.lines, today=business_day(self.at), **how)

    def preview(self, form: EtaForm) -> Impact:
        """Whom these dates would move."""
        self.impact = revising.preview_eta(form.changes(), at=self.at)
        return self.impact

    def facts(self, form: EtaForm) -> list[str]:
        """What policies would give for it."""
        return amends_ahead(self.impact, is_withheld=not form.compensates, at=self.at)

    def does(self, form: EtaForm) -> Any:
        """Record what the supplier said; or return the job that does it."""
        said = {name: form.cleaned_data[name] for name in ("reason_code", "note", "key")}
        said |= {"source": Source(form.cleaned_data["source"]), "compensates": form.compensates}
        said |= {"tells_later": "later" in self.request.POST, "by": self.by, "at": self.at}
        done = self.revise(form.changes(), **said)
        self.request.session.pop(TYPED, None)
        return done

    def revise(self, changes: Sequence[etas.EtaChange], **how: Any) -> Any:
        """Call the verb, or have a job call it."""
        return revising_many.revise_later(changes, **how) or revising.revise_eta(changes, **how)

    def after(self, done: Done[Any] | Job) -> HttpResponse:
        """Go back, or to the job that does it."""
        return redirect("admin:job", pk=done.pk) if isinstance(done, Job) else super().after(done)

    def done_sentence(self, done: Done[Any]) -> SafeString:
        """Say what was done, and where those stand who are told later."""
        sentence = super().done_sentence(done)
        if "later" not in self.request.POST or not done.impact.moves:
            return sentence
        url = reverse("admin:waiting_lines") + "?view=not_told"
        said = _("For a day nobody is told by itself:")
        return format_html('{} {} <a href="{}">{}</a>', sentence, said, url, _("Not told"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the lines as they stand."""
        more = max(len(self.lines) - SHOWN, 0)
        if self.came_from:
            kwargs.setdefault("back_name", _("Back"))
        kwargs |= {"lines": self.lines[:SHOWN], "more_lines": more, "may_adjust": self.may_adjust}
        kwargs |= {"may_see_mail": self.may_see_mail}
        return super().get_context_data(**kwargs)

    @property
    def may_see_mail(self) -> bool:
        """Whether whoever looks may read the mails that customers would get, their addresses masked where need be."""
        return True

    @property
    def may_adjust(self) -> bool:
        """Whether whoever looks may also put one line before another."""
        return self.by.has_perm("reallocating.reallocate")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form, as it was typed before it was left; or, for the frame that shows it, the HTML of a mail."""
        if "letter" in request.GET:
            kept = request.session.get(LETTER, {})
            if kept.get("token") != request.GET["letter"]:
                raise Http404
            return inert_mail(kept["html"])
        if "typed" in request.GET and (typed := self._typed):
            return self.previewed(self.form(typed))
        return super().get(request, *args, **kwargs)

    @property
    def _typed(self) -> dict[str, str]:
        kept = self.request.session.get(TYPED, {})
        return kept["typed"] if kept.get("path") == self.request.path else {}

    def left(self, line: OrderLine) -> HttpResponse:
        """Keep what was typed, and lead to who goes before whom in the queue; from there it leads back here."""
        typed = {name: value for name, value in self.request.POST.items() if value and name not in NOT_TYPED}
        self.request.session[TYPED] = {"path": self.request.path, "typed": typed}
        back = urlencode({"next": f"{self.request.path}?typed=1"})
        return redirect(reverse("admin:reallocate", args=[line.order_id, line.pk]) + f"?{back}")

    def lettered(self, form: EtaForm) -> HttpResponse:
        """Answer with the mail that one customer would get: the part alone if a script asks, else the whole page."""
        found = self._letter(form, Wanted.read(self.request.POST["letter"]))
        if self.request.headers.get("HX-Request"):
            return self.response_class(self.request, "backoffice/eta_letter.html", found)
        return self.render_to_response(self.get_context_data(form=form, **self.looked_ahead(form), **found))

    def _letter(self, form: EtaForm, wanted: Wanted) -> dict[str, Any]:
        found: dict[str, Any] = {"letter": None, "is_asked": True}
        if not form.is_ready():
            return {**found, "refusal": _("Fill in what is missing to see a mail.")}
        reason = form.cleaned_data.get("reason_code", "")
        try:
            letter = letter_ahead(
                form.changes(),
                reason_code=reason,
                compensates=form.compensates,
                wanted=wanted,
                person=self.by,
                at=self.at,
            )
        except Refused as refusal:
            return {**found, "refusal": str(refusal)}
        return {**found, "letter": letter, "frame": letter and letter.mail and self._frame(letter.mail)}

    def _frame(self, mail: Rendered) -> str:
        """Return the address of the mail's HTML, which the session keeps: nothing saved says it yet."""
        token = secrets.token_urlsafe(9)
        self.request.session[LETTER] = {"token": token, "html": mail.html}
        return f"{self.request.path}?letter={token}"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Preview or act; what others changed since the form was shown is found before it is renewed."""
        sent = self.form(request.POST).seen_before()
        self.changed = differences(self.lines, sent, at=self.at)
        form = self.form(request.POST)
        if "letter" in request.POST and self.may_see_mail:
            return self.lettered(form)
        if "adjust" in request.POST:
            return self.left(get_object_or_404(OrderLine, pk=typed_id(request.POST["adjust"])))
        if "preview" not in request.POST and form.is_valid() and not form.is_echoed:
            return self._echoed(form)
        return super().post(request, *args, **kwargs)

    def _echoed(self, form: EtaForm) -> HttpResponse:
        """Show how the words are understood before anything is saved."""
        said = _("“%(words)s” is understood as %(window)s. Save again to keep it.")
        form.add_error("words", said % {"words": form.cleaned_data["words"], "window": form.echo})
        return self.render_to_response(self.get_context_data(form=form, **self.looked_ahead(form)), status=REFUSED)

    def refused(self, form: Any, status: int, **more: Any) -> HttpResponse:
        """Show the form again, with what others changed meanwhile."""
        return super().refused(form, status, changed=self.changed, **more)

    def looked_ahead(self, form: EtaForm) -> dict[str, Any]:
        """Add what looks odd about the dates."""
        ahead = super().looked_ahead(form)
        warnings = self._warnings(form) if form.is_ready() else []
        preview = ahead.get("preview")
        leaves_at = preview and preview.leaves_in and self.at + datetime.timedelta(minutes=preview.leaves_in)
        return {**ahead, "warnings": warnings, "may_adjust": self.may_adjust, "leaves_at": leaves_at}

    def _warnings(self, form: EtaForm) -> list[str]:
        """Say what looks odd: a date of a supplier that does not answer, one far away, a day nothing is received on."""
        lines = {line.pk: line for line in self.lines}
        days = {(part.eta_on, lines[c.purchase_line_id].warehouse_id) for c in form.changes() for part in c.parts}
        dated = sorted((day, warehouse) for day, warehouse in days if day)
        open_on = calendars()
        far = [day for day, _warehouse in dated if day > self.at.date() + etas.FAR]
        shut = [day for day, warehouse in dated if not open_on[warehouse].is_working(day)]
        guessed = form.cleaned_data.get("reason_code") == Reason.SILENCE and dated
        silent = _("The supplier does not answer: with “no date” customers hear by when we write next.")
        said = [silent] if guessed else []
        said += [_("%(date)s is more than 180 days away.") % {"date": short_date(day)} for day in far[:1]]
        return said + [_("On %(date)s the warehouse does not receive.") % {"date": short_date(day)} for day in shut[:1]]

    @cached_property
    def came_from(self) -> str:
        """The page of ours that this one was opened from, if it is one to go back to."""
        typed = self.request.POST or (self._typed if "typed" in self.request.GET else {})
        url = urlsplit(typed.get("next", "") or self.request.headers.get("Referer", ""))
        host = self.request.get_host()
        path = our_address(url._replace(scheme="", netloc="", fragment="").geturl(), self.request)
        return path if url.netloc in ("", host) and url.path != self.request.path and is_page(url.path) else ""

    def back(self) -> str:
        """Go back to where it was opened from, else to the outstanding purchase lines."""
        return self.came_from or reverse("admin:supply_purchaseline_changelist") + "?when=outstanding"


def is_page(path: str) -> bool:
    """Whether there is a page to look at under a path, other than the login."""
    try:
        match = resolve(path)
    except Resolver404:
        return False
    view = getattr(match.func, "view_class", None)
    return match.url_name != "login" and (view is None or "get" in view.http_method_names)


class LineEta(EtaScreen):
    """Change the ETA of one purchase line."""

    def chosen(self) -> Any:
        """Return the line."""
        return [self.kwargs["pk"]]

    def heading(self) -> str:
        """Name the line."""
        line = self.lines[0]
        return _("ETA of %(line)s: %(product)s") % {"line": line, "product": line.product}


class PurchaseOrderEta(EtaScreen):
    """Change the ETA of everything outstanding on a purchase order."""

    @cached_property
    def order(self) -> PurchaseOrder:
        """The purchase order."""
        return get_object_or_404(PurchaseOrder, pk=self.kwargs["pk"])

    def chosen(self) -> Any:
        """Return its lines."""
        return self.order.lines.values("pk")

    def heading(self) -> str:
        """Name the purchase order."""
        return _("ETA of purchase order %(number)s") % {"number": self.order.number}


class SelectionEta(EtaScreen):
    """Change the ETA of the lines that were ticked in a list."""

    def chosen(self) -> Any:
        """Return the lines as they were ticked."""
        return frozen(self.request, self.kwargs["selection"])

    def heading(self) -> str:
        """Say how many lines."""
        count = len(self.lines)
        return ngettext("ETA of %(count)s purchase line", "ETA of %(count)s purchase lines", count) % {"count": count}
