"""The page behind the link in a mail to a supplier: it asks for dates, shows goods and dates alone, and needs no login.

Looking changes nothing. An answer is looked at once more before it is sent, and can be changed until somebody acted
upon it. A wrong, ended or withdrawn link gets one page, whatever the reason.
"""

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from backorders.actions import proposals
from backorders.actions.etas import EtaPart
from backorders.allocation.windows import Window, business_day
from backorders.chasing.models import DateRequest, EtaProposal, RequestLine
from backorders.notifications import dates
from backorders.notifications.emails import company
from backorders.notifications.links import request_behind
from backorders.notifications.requesting import WHY
from backorders.portal import limiting
from backorders.portal.keys import new_key, nonce_of
from backorders.portal.supplier_forms import LineForm
from backorders.portal.visiting import BUSY, CONFLICT, GONE, REFUSED, TOO_MANY, network, quiet
from backorders.refusal import Busy, Refused, Stale

Answer, State = EtaProposal.Answer, EtaProposal.State
LINES = 60  # on one page; the others come when these are answered


class Row(NamedTuple):
    """One line of the page: the goods, the date as we have it, what was answered, and the form if it can be."""

    what: str
    sku: str
    number: str
    date: str
    is_past: bool
    why: str
    answered: str
    note: str
    outcome: str
    form: LineForm | None
    is_open: bool


class Door(View):
    """Who has the link is let in, in the supplier's language."""

    http_method_names = ["get", "head"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in, or show the one page of links that lead nowhere."""
        self.token = kwargs["token"]
        found = request_behind(self.token, at=self.at)
        spoken = found.supplier.language if found else ""
        self.language = next((code for code in (request.GET.get("lang", ""), spoken) if code in dates.BABEL), "en")
        with override(self.language):
            response = self._answer(request, found)
        return quiet(response)

    def _answer(self, request: HttpRequest, found: DateRequest | None) -> HttpResponseBase:
        if found is None:
            if seconds := limiting.wait(limiting.NOWHERE, network(request)):
                return self.too_many(seconds)
            return self.page("portal/supplier_gone.html", status=GONE)
        self.asked = found
        return super().dispatch(request)

    @cached_property
    def at(self) -> datetime.datetime:
        """The moment of the request: read once."""
        return timezone.now()

    @cached_property
    def lines(self) -> list[RequestLine]:
        """What is asked and was not ended, the latest question of each purchase line."""
        mine = RequestLine.objects.filter(request=self.asked, ended_at=None)
        related = ("purchase_line__purchase_order", "purchase_line__product")
        found = {line.purchase_line_id: line for line in mine.select_related(*related).order_by("id")}
        return sorted(found.values(), key=lambda line: (line.answered_at is not None, line.pk))[:LINES]

    @cached_property
    def said(self) -> dict[int, EtaProposal]:
        """The newest answer to each of the lines."""
        newest = EtaProposal.objects.filter(line__in=self.lines).exclude(state=State.REPLACED).order_by("id")
        return {each.line_id: each for each in newest}

    def page(self, template: str, context: dict[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
        """Return a page of ours."""
        around = {"company": company(), "language": self.language, "languages": dates.BABEL}
        return render(self.request, template, {**around, **(context or {})}, status=status)

    def too_many(self, seconds: int) -> HttpResponse:
        """Ask for patience."""
        wait = _("Too many tries. Wait %(minutes)s minutes, then try again.") % {"minutes": max(seconds // 60, 1)}
        response = self.page("portal/supplier_gone.html", {"problem": wait}, status=TOO_MANY)
        response["Retry-After"] = str(seconds)
        return response

    def rows(self, forms: Sequence[LineForm]) -> list[Row]:
        """Return the lines as they are shown."""
        by_line = {form.line.pk: form for form in forms}
        return [self._row(line, by_line.get(line.pk)) for line in self.lines]

    def _row(self, line: RequestLine, form: LineForm | None) -> Row:
        purchase, said = line.purchase_line, self.said.get(line.pk)
        window = Window.between(purchase.eta_on, purchase.eta_until)
        return Row(
            what=f"{purchase.outstanding} × {purchase.product.name}",
            sku=purchase.product.sku,
            number=purchase.purchase_order.number,
            date=dates.in_words(window, self.language) if window else "",
            is_past=bool(window and window.last < business_day(self.at)),
            why=str(WHY[RequestLine.Why(line.why)]),
            answered=in_words(said, self.language) if said else "",
            note=said.note if said else "",
            outcome=outcome(said),
            form=form,
            is_open=said is None,
        )


@method_decorator(csrf_exempt, name="dispatch")  # the key of the form stands in for it: see portal/keys.py
class AnswerRequest(Door):
    """The lines with their forms; what was typed is shown once more, then sent."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the lines."""
        return self.shown(self.forms())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check what was typed and show it again; send it once it was looked at."""
        forms = self.forms(request.POST)
        if seconds := limiting.wait(limiting.CHANGES, self.token):
            return self.too_many(seconds)
        if request.POST.get("step") == "edit":
            return self.shown(forms, is_quiet=True)
        valid = [form.is_valid() for form in forms]
        answered = [form for form in forms if form.is_valid() and form.cleaned_data["answer"]]
        if not all(valid):
            problem = _("Something is missing or cannot be. Look at the lines marked below; nothing was sent.")
            return self.shown(forms, problem=problem, status=REFUSED)
        if not answered:
            return self.shown(forms, problem=_("Answer at least one line."), status=REFUSED)
        return self.sent(forms, answered) if request.POST.get("step") == "send" else self.checked(forms, answered)

    def checked(self, forms: Sequence[LineForm], answered: Sequence[LineForm]) -> HttpResponse:
        """Show what will be sent."""
        sums = [summary(form.said(), form, self.language) for form in answered]
        typed = [(name, value) for name, value in self.request.POST.items() if name.startswith("line-") and value]
        left = sum(1 for form in forms if not form.cleaned_data["answer"])
        context = {"sums": sums, "typed": typed, "left": left, "key": new_key(self.token)}
        return self.page("portal/supplier_check.html", context)

    def sent(self, forms: Sequence[LineForm], answered: Sequence[LineForm]) -> HttpResponse:
        """Record the answer, once for each time that it was looked at."""
        nonce = nonce_of(self.request.POST.get("key", ""), self.token)
        if nonce is None:
            problem = _("This page was open for too long. Look at your answer once more.")
            return self.shown(forms, problem=problem, status=CONFLICT)
        try:
            key = f"supplier:{self.asked.pk}:{nonce}"
            proposals.propose(self.asked, answers=[form.said() for form in answered], key=key, at=self.at)
        except Stale:
            problem = _("We changed one of these lines meanwhile. Look at its date once more; nothing was sent.")
            return self.shown(self.forms(self.request.POST, is_renewed=True), problem=problem, status=CONFLICT)
        except Busy as refusal:
            return self.shown(forms, problem=str(refusal), status=BUSY)
        except Refused as refusal:
            return self.shown(forms, problem=str(refusal), status=REFUSED)
        response = HttpResponseRedirect(reverse("suppliers:answered", args=[self.token]) + self._lang())
        response.status_code = 303
        return response

    def forms(self, data: Any = None, *, is_renewed: bool = False) -> list[LineForm]:
        """Return a form for each line that can be answered; renewed: with the lines as they are now."""
        today = business_day(self.at)
        can = [line for line in self.lines if self._can_be_answered(line)]
        typed = {line.pk: _renewed(data, line) if is_renewed else data for line in can}
        return [LineForm(typed[line.pk], line=line, at=self.at, today=today) for line in can]

    def _can_be_answered(self, line: RequestLine) -> bool:
        said = self.said.get(line.pk)
        return line.purchase_line.outstanding > 0 and (said is None or said.state == State.WAITING)

    def shown(
        self, forms: Sequence[LineForm], *, problem: str = "", is_quiet: bool = False, status: int = 200
    ) -> HttpResponse:
        """Return the page with the lines; quiet: without saying what is wrong with them."""
        rows = self.rows(forms)
        context = {"rows": rows, "problem": problem, "is_quiet": is_quiet, "can": any(row.form for row in rows)}
        return self.page("portal/supplier_request.html", context, status=status)

    def _lang(self) -> str:
        return f"?lang={self.language}" if "lang" in self.request.GET else ""


class Answered(Door):
    """What was answered, its reference, and what happens next."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        rows = [row for row in self.rows([]) if not row.is_open]
        references = sorted({each.reference for each in self.said.values()})
        left = len(self.lines) - len(rows)
        home = reverse("suppliers:request", args=[self.token])
        context = {"rows": rows, "reference": references[-1] if references else "", "left": left, "home": home}
        return self.page("portal/supplier_done.html", context)


def _renewed(data: Any, line: RequestLine) -> Any:
    changed = data.copy()
    changed[f"line-{line.pk}-seen"] = str(line.purchase_line.version)
    return changed


def in_words(proposal: EtaProposal, language: str) -> str:
    """Return what was answered."""
    return _said(proposal.answer, proposals.parts_of(proposal), language)


def summary(answer: proposals.LineAnswer, form: LineForm, language: str) -> dict[str, str]:
    """Return what will be answered of a line, with its goods."""
    goods = f"{form.purchase.outstanding} × {form.purchase.product.name}"
    said = _said(answer.answer, answer.parts, language)
    return {"what": goods, "number": form.purchase.purchase_order.number, "said": said, "note": answer.note}


def _said(answer: str, parts: Sequence[EtaPart], language: str) -> str:
    windows = [(Window.between(part.eta_on, part.until), part.quantity) for part in parts]
    days = [dates.in_words(window, language) if window else "" for window, _units in windows]
    match answer:
        case Answer.CONFIRM:
            return _("The date stands: %(date)s") % {"date": days[0]}
        case Answer.MOVE:
            return _("New date: %(date)s") % {"date": days[0]}
        case Answer.SPLIT:
            pieces = [f"{units} × {day}" for day, (_window, units) in zip(days, windows, strict=True)]
            return _("In parts: %(parts)s") % {"parts": "; ".join(pieces)}
    return _("It will not come")


def outcome(proposal: EtaProposal | None) -> str:
    """Return what became of an answer, as its supplier may know."""
    if proposal is None:
        return ""
    match proposal.state:
        case State.ACCEPTED:
            return _("We plan with it.")
        case State.REJECTED:
            return _("We cannot plan with it: %(why)s") % {"why": proposal.decision}
    return _("We look at it. You can change it until then.")
