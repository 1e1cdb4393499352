"""What is done to many waiting lines at once: on what was ticked, or on a selection that is frozen on the server."""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.actions import handling
from backorders.allocation.models import Allocation
from backorders.allocation.windows import business_day
from backorders.backoffice import order_page, selections, timeline
from backorders.backoffice.views.screen import Screen, our_address
from backorders.backoffice.views.waiting import OfLines, address_of
from backorders.backoffice.workbench import answering, asking, rows
from backorders.backoffice.workbench.among import AT_MOST
from backorders.desk import selecting
from backorders.desk.drafts import drafts_of
from backorders.ids import typed_id, typed_ids
from backorders.orders.models import OrderLine
from backorders.refusal import Refused

EVENTS = 5


class ActOnLines(OfLines):
    """Do one of the acts of the list to what was chosen, and come back to the list."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it, or say on the list why not."""
        permission, does = ACTS.get(request.POST.get("do", ""), ("", None))
        if does is None:
            raise Http404
        if not request.user.has_perm(permission):
            raise PermissionDenied(permission)
        try:
            return does(self)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self.back)

    @cached_property
    def asked(self) -> asking.Asked:
        """The list the form stands on."""
        return asking.asked(self.request.POST, person=self.by, today=self.today)

    @property
    def back(self) -> str:
        """Where to go afterwards: the page the form stands on."""
        url = our_address(self.request.POST.get("next", ""), self.request)
        return url or address_of(self.asked.view.name, self.asked.typed.text)

    @property
    def chosen(self) -> list[int]:
        """The lines chosen: a frozen selection, or what was ticked."""
        if name := self.request.POST.get("selection", ""):
            ids = selecting.frozen(name, by=self.by)
            if ids is None:
                raise handling.NothingChosen(_("This selection is too old. Choose again."))
            return ids
        ticked = typed_ids(self.request.POST.getlist("line"))
        if not ticked:
            raise handling.NothingChosen(_("Tick the lines it is about first."))
        return ticked[:AT_MOST]

    def said(self, sentence: str) -> HttpResponse:
        """Say what was done, on the list."""
        messages.success(self.request, sentence)
        return HttpResponseRedirect(self.back)


def _select_all(screen: ActOnLines) -> HttpResponse:
    made = selecting.freeze(screen.asked.ids, by=screen.by, at=screen.at)
    return redirect(address_of(screen.asked.view.name, screen.asked.typed.text, selection=made.name))


def _tell_all(screen: ActOnLines) -> HttpResponse:
    return _tell_of(screen, screen.asked.ids)


def _tell(screen: ActOnLines) -> HttpResponse:
    return _tell_of(screen, screen.chosen)


def _tell_of(screen: ActOnLines, line_ids: Sequence[int]) -> HttpResponse:
    made = selecting.freeze(line_ids, by=screen.by, at=screen.at)
    list_url = asking.query(screen.asked.view.name, screen.asked.typed.text)
    return redirect(f"{reverse('admin:tell_lines', args=[made.name])}?{list_url}")


def _offer(screen: ActOnLines) -> HttpResponse:
    return _offer_for(screen, screen.chosen)


def _offer_instead(screen: ActOnLines) -> HttpResponse:
    product = typed_id(screen.request.POST.get("product", ""))
    lines = OrderLine.objects.waiting().filter(product=product).order_by("id").values_list("pk", flat=True)[:AT_MOST]
    if not lines:
        raise handling.NothingChosen(_("Nobody waits for it."))
    return _offer_for(screen, list(lines))


def _offer_for(screen: ActOnLines, line_ids: Sequence[int]) -> HttpResponse:
    made = selecting.freeze(line_ids, by=screen.by, at=screen.at)
    list_url = asking.query(screen.asked.view.name, screen.asked.typed.text)
    return redirect(f"{reverse('admin:offer_lines', args=[made.name])}?{list_url}")


def _assign(screen: ActOnLines) -> HttpResponse:
    name = screen.request.POST.get("owner", "")
    return _assigned(screen, _person(name) if name else None)


def _assign_me(screen: ActOnLines) -> HttpResponse:
    return _assigned(screen, screen.by)


def _assigned(screen: ActOnLines, to: User | None) -> HttpResponse:
    count = handling.assign(screen.chosen, to=to, by=screen.by, at=screen.at)
    if to is None:
        said = ngettext("%(count)s line has no owner now.", "%(count)s lines have no owner now.", count)
        return screen.said(said % {"count": count})
    said = ngettext("%(count)s line assigned to %(owner)s.", "%(count)s lines assigned to %(owner)s.", count)
    return screen.said(said % {"count": count, "owner": to.get_username()})


def _person(pk: str) -> User:
    return get_object_or_404(User, pk=typed_id(pk), is_staff=True, is_active=True)


def _snooze(screen: ActOnLines) -> HttpResponse:
    text = screen.request.POST.get("until", "")
    try:
        until = datetime.date.fromisoformat(text)
    except ValueError:
        raise handling.NotAhead(gettext_lazy("“%(text)s” is not a date."), text=text[:40]) from None
    return _aside(screen, until)


def _snooze_until_moved(screen: ActOnLines) -> HttpResponse:
    return _aside(screen, None)


def _aside(screen: ActOnLines, until: datetime.date | None) -> HttpResponse:
    count = handling.snooze(screen.chosen, until=until, by=screen.by, at=screen.at)
    return screen.said(ngettext("%(count)s line set aside.", "%(count)s lines set aside.", count) % {"count": count})


def _wake(screen: ActOnLines) -> HttpResponse:
    count = handling.wake(screen.chosen, by=screen.by, at=screen.at)
    return screen.said(ngettext("%(count)s line is back.", "%(count)s lines are back.", count) % {"count": count})


def _set_cause(screen: ActOnLines) -> HttpResponse:
    cause = screen.request.POST.get("cause", "")
    done = handling.set_cause(screen.chosen, cause=cause, by=screen.by, at=screen.at)
    said = ngettext("Reason set on %(count)s line.", "Reason set on %(count)s lines.", done.made) % {"count": done.made}
    url = reverse("admin:change_set", args=[done.change_set.pk])
    return screen.said(format_html('{} <a href="{}">{}</a>', said, url, _("See or undo")))


def _set_eta(screen: ActOnLines) -> HttpResponse:
    pegs = Allocation.objects.filter(line__in=screen.chosen, purchase_line__isnull=False).order_by("purchase_line")
    lots = list(pegs.values_list("purchase_line", flat=True).distinct()[:AT_MOST])
    if not lots:
        raise handling.NothingChosen(_("No purchase line will reach these lines: order goods first."))
    if len(lots) == 1:
        return redirect("admin:purchase_line_eta", lots[0])
    return redirect("admin:selection_eta", selections.freeze(screen.request, lots))


def _export(form: str) -> Callable[[ActOnLines], HttpResponse]:
    def export(screen: ActOnLines) -> HttpResponse:
        made = selecting.freeze(screen.chosen, by=screen.by, at=screen.at)
        file = reverse("admin:export_lines", args=[form])
        return redirect(f"{file}?{asking.query(screen.asked.view.name, selection=made.name)}")

    return export


_SEE = "orders.view_orderline"
ACTS: dict[str, tuple[str, Callable[[ActOnLines], HttpResponse] | None]] = {
    "select_all": (_SEE, _select_all),
    "tell_all": ("telling.tell_now", _tell_all),
    "tell": ("telling.tell_now", _tell),
    "offer": ("offering.offer_alternative", _offer),
    "offer_instead": ("offering.offer_alternative", _offer_instead),
    "assign": ("handling.assign", _assign),
    "assign_me": ("handling.assign", _assign_me),
    "snooze": ("handling.snooze", _snooze),
    "snooze_until_moved": ("handling.snooze", _snooze_until_moved),
    "wake": ("handling.wake", _wake),
    "set_cause": ("handling.set_cause", _set_cause),
    "set_eta": ("revising.revise_eta", _set_eta),
    "csv": (_SEE, _export("csv")),
    "xlsx": (_SEE, _export("xlsx")),
}


class PeekAtLine(Screen):
    """One line at a glance: what to say, what was told, what happened last, and everything that can be done."""

    template_name = "backoffice/peek.html"
    permission = "orders.view_order"

    @cached_property
    def line(self) -> OrderLine:
        """The line."""
        lines = OrderLine.objects.select_related("order__customer", "order__carrier", "product")
        return get_object_or_404(lines, pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the order."""
        return _("Order %(number)s") % {"number": self.line.order.number}

    def get_template_names(self) -> list[str]:
        """The drawer's part alone if a script asks."""
        return ["backoffice/peek_part.html" if self.request.headers.get("HX-Request") else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the answer, the rank and the last events."""
        order, today = self.line.order, business_day(self.at)
        lines = order_page.lines_of(order, today=today)
        row = rows.rows([self.line.pk], today=today)[0]
        return super().get_context_data(
            order=order,
            row=rows.Writer(due=answering.due(today)).shown(row),
            shown=next(shown for shown in lines if shown.line.pk == self.line.pk),
            answers=order_page.answers(lines, order_page.parcels_of(order)),
            events=timeline.events(order)[:EVENTS],
            note=drafts_of(order, by=self.by).get("note"),
            next=our_address(self.request.GET.get("next", ""), self.request),
            **kwargs,
        )
