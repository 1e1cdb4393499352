"""Offering another product to many at once: who is offered what, and who nothing; then it is done."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import offering
from backorders.actions.seconding import NeedsApproval
from backorders.allocation.alternatives import Alternative
from backorders.backoffice import fanouts
from backorders.backoffice.order_facts import price_words
from backorders.backoffice.paging import PER_PAGE
from backorders.backoffice.views.screen import REFUSED, done_sentence
from backorders.backoffice.views.waiting import OfLines, address_of
from backorders.desk import selecting
from backorders.orders.models import OrderLine
from backorders.refusal import Refused


class Choice(NamedTuple):
    """One line and what its customer would be offered, in words."""

    line: OrderLine
    alternatives: list[tuple[Alternative, str]]


class OfferLines(OfLines):
    """Who of a frozen selection would be offered what, and the button that offers it."""

    template_name = "backoffice/offer.html"
    permission = "offering.offer_alternative"
    title = gettext_lazy("Offer something that comes sooner")

    @cached_property
    def chosen(self) -> Sequence[int]:
        """The lines of the frozen selection."""
        ids = selecting.frozen(self.kwargs["selection"], by=self.by)
        if ids is None:
            raise Http404
        return ids

    @cached_property
    def choices(self) -> list[Alternative]:
        """What would be offered, those who rank first first."""
        return offering.preview_offers(self.chosen, at=self.at)

    @cached_property
    def found(self) -> dict[int, list[Alternative]]:
        """The same by line."""
        mine: dict[int, list[Alternative]] = {}
        for each in self.choices:
            mine.setdefault(each.line_id, []).append(each)
        return mine

    @property
    def back(self) -> str:
        """The list one came from."""
        return address_of(self.asked.view.name, self.asked.typed.text)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the numbers and the first of those who would be offered something."""
        shown = list(self.found)[:PER_PAGE]
        lines = OrderLine.objects.select_related("order__customer", "product", "promise").in_bulk(shown)
        orders = OrderLine.objects.filter(pk__in=list(self.found)).order_by()
        foreseen = offering.foresee_offers(self.choices, at=self.at)
        known = fanouts.numbers(foreseen, at=self.at)
        return super().get_context_data(
            rows=[Choice(lines[pk], [(each, price_words(each)) for each in self.found[pk]]) for pk in shown],
            offered=len(self.found),
            customers=orders.values("order__customer").distinct().count() if self.found else 0,
            samples=fanouts.samples(foreseen),
            has_news=any(len(letter.parts) > 1 for letter in foreseen.letters),
            **{name: known[name] for name in ("sorts", "languages", "excluded", "is_held")},
            without=len(set(self.chosen)) - len(self.found),
            more=len(self.found) - len(shown),
            back=self.back,
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Offer it, or say why not."""
        reason = request.POST.get("reason", "")
        try:
            done = offering.offer_alternative(self.chosen, reason=reason, by=self.by, at=self.at)
        except NeedsApproval as refusal:
            if "ask" not in request.POST:
                return self._again(str(refusal), needs_approval=True)
            self.send_for_approval(refusal)
            return HttpResponseRedirect(self.back)
        except Refused as refusal:
            return self._again(str(refusal))
        messages.success(request, done_sentence(done))
        if without := len(done.made.without):
            said = ngettext(
                "For %(count)s line nothing comes sooner.", "For %(count)s lines nothing comes sooner.", without
            )
            messages.info(request, said % {"count": without})
        return HttpResponseRedirect(self.back)

    def _again(self, refusal: str, **more: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(refusal=refusal, **more), status=REFUSED)
