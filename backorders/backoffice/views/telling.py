"""Telling many at once: what would go to whom, and what not; then it is done, or waits for a second person."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import telling
from backorders.actions.done import Done
from backorders.actions.seconding import NeedsApproval
from backorders.backoffice import fanouts
from backorders.backoffice.views.outbox import inert_mail
from backorders.backoffice.views.sampling import send_test
from backorders.backoffice.views.screen import CONFLICT, REFUSED
from backorders.backoffice.views.waiting import OfLines, address_of
from backorders.desk import selecting
from backorders.notifications import writing
from backorders.notifications.announcing import Announced
from backorders.notifications.foreseeing import Foreseen
from backorders.notifications.letters import Letter
from backorders.orders.models import OrderLine
from backorders.refusal import Refused


class OfSelection(OfLines):
    """A page about the customers of a frozen selection."""

    permission = "telling.tell_now"

    @cached_property
    def customers(self) -> Sequence[int]:
        """The customers of the frozen selection."""
        ids = selecting.frozen(self.kwargs["selection"], by=self.by)
        if ids is None:
            raise Http404
        found = OrderLine.objects.filter(pk__in=ids).order_by().values_list("order__customer_id", flat=True)
        return sorted(set(found))

    @cached_property
    def foreseen(self) -> Foreseen:
        """What telling them would come to as things stand."""
        return telling.foresee(self.customers, at=self.at)


class TellLines(OfSelection):
    """How many mails of which kind would leave, who would hear nothing and why, and a few of the mails."""

    template_name = "backoffice/tell.html"
    title = gettext_lazy("Tell customers now")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the numbers, the samples and one page of the recipients."""
        page, place = self._number("page") or 1, self._number("mail")
        letters, is_more = fanouts.page(self.foreseen, page, at=self.at)
        one = fanouts.one(self.foreseen, place)
        known = fanouts.numbers(self.foreseen, at=self.at)
        needs = known["customers"] > known["limit"] and not self.by.is_superuser
        return super().get_context_data(
            **known,
            letters=letters,
            page=page,
            is_more=is_more,
            first=(page - 1) * fanouts.PER_PAGE,
            one=one and one[0],
            place=place,
            last=one[1] if one else 0,
            is_narrow="phone" in self.request.GET,
            samples=fanouts.samples(self.foreseen) if page == 1 and not one else [],
            back=self.back,
            **{"selection": self.kwargs["selection"], "needs_approval": needs, **kwargs},
        )

    def _number(self, name: str) -> int:
        typed = self.request.GET.get(name, "")
        return int(typed) if typed.isdecimal() and len(typed) < 7 else 0

    @property
    def back(self) -> str:
        """The list one came from."""
        return address_of(self.asked.view.name, self.asked.typed.text)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Tell those who were shown, or say why there is nobody to tell."""
        chosen = self.foreseen.everybody if "all" in request.POST else self.foreseen.customers
        if request.POST.get("seen", self.foreseen.token) != self.foreseen.token:
            return self._again(_("Since you looked, something changed. Look at the numbers again."), CONFLICT)
        try:
            done = telling.tell_now(chosen, by=self.by, at=self.at)
        except NeedsApproval as refusal:
            if "ask" not in request.POST:
                return self._again(str(refusal), REFUSED, needs_approval=True)
            self.send_for_approval(refusal)
            return HttpResponseRedirect(self.back)
        except Refused as refusal:
            return self._again(str(refusal), REFUSED)
        return self._done(done)

    def _again(self, refusal: str, status: int, **more: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(refusal=refusal, **more), status=status)

    def _done(self, done: Done[Announced]) -> HttpResponse:
        if job := telling.job_of(done.change_set):
            return HttpResponseRedirect(reverse("admin:job", args=[job.pk]))
        messages.success(self.request, told(done.made.messages))
        return HttpResponseRedirect(self.back)


class SampleOfMail(OfSelection):
    """One mail as it would be written: its HTML for the frame that shows it, or all of it to whoever asks."""

    @cached_property
    def letter(self) -> Letter:
        """What the customer of the address would hear."""
        if self.kwargs["customer"] not in self.customers:
            raise Http404
        foreseen = telling.foresee([self.kwargs["customer"]], at=self.at)
        letters = [*foreseen.written, *foreseen.heard_lately]
        if not letters:
            raise Http404
        return letters[0]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the HTML."""
        return inert_mail(writing.shown(self.letter).html)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send it to the person who asks, and go back to the numbers."""
        send_test(request, writing.shown(self.letter), language=self.letter.to.language, by=self.by, at=self.at)
        return HttpResponseRedirect(reverse("admin:tell_lines", args=[self.kwargs["selection"]]))


def told(written: int) -> Any:
    """Say how many messages were written, with the way to them."""
    said = ngettext("%(count)s message is in the outbox.", "%(count)s messages are in the outbox.", written)
    link = format_html('<a href="{}">{}</a>', reverse("admin:outbox"), _("See or stop"))
    return format_html("{} {}", said % {"count": written}, link)
