"""The order's page: the answer to read out, its lines and their supply, and everything that happened."""

from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from backorders.actions import refunding
from backorders.allocation import alternatives
from backorders.allocation.models import is_late
from backorders.allocation.windows import business_day
from backorders.backoffice import deadlines_shown, order_facts, order_page, timeline
from backorders.backoffice.forms.caring import MessageForm
from backorders.backoffice.forms.orders import NoteForm
from backorders.backoffice.views.screen import Screen
from backorders.backoffice.views.waiting import assignable
from backorders.backoffice.workbench.neighbours import Neighbours, neighbours
from backorders.desk.drafts import drafts_of
from backorders.desk.following import followed
from backorders.desk.models import Draft, Follow
from backorders.orders.models import Order
from backorders.supply.models import PurchaseLine

CAME_FROM = "came_from"
KEPT_FOR = 3600  # seconds


class ShowOrder(Screen):
    """One order."""

    template_name = "backoffice/order.html"
    permission = "orders.view_order"

    @cached_property
    def order(self) -> Order:
        """The order."""
        orders = order_facts.with_facts(Order.objects.select_related("customer", "carrier"), by=self.by)
        orders = orders.annotate(is_followed=followed(Follow.Thing.ORDER, by=self.by))
        return get_object_or_404(orders, pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the order."""
        return _("Order %(number)s") % {"number": self.order.number}

    @cached_property
    def starts(self) -> list[order_facts.Start]:
        """The words a message can start with."""
        return order_facts.starts_of(self.order)

    @cached_property
    def near(self) -> Neighbours | None:
        """The list one came from: as the address says, else as it was when this order was opened from it."""
        data = self.request.GET if self.request.GET.get("view") else QueryDict(self.request.COOKIES.get(CAME_FROM, ""))
        return neighbours(self.order.pk, data, person=self.by, today=business_day(self.at))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it; this page remembers the list while one acts on the order. Nothing is stored here."""
        response = super().get(request, *args, **kwargs)
        if request.GET.get("view"):
            kept = urlencode({name: request.GET[name] for name in ("view", "q", "at") if request.GET.get(name)})
            how: dict[str, Any] = {"path": request.path, "max_age": KEPT_FOR, "secure": request.is_secure()}
            response.set_cookie(CAME_FROM, kept, httponly=True, samesite="Lax", **how)
        return response

    def _tab(self, drafts: dict[str, Draft]) -> str:
        return self.request.GET.get("tab") or ("message" if "message" in drafts and "note" not in drafts else "note")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add its lines, parcels, answers and timeline."""
        today = business_day(self.at)
        lines = deadlines_shown.with_law(order_page.lines_of(self.order, today=today), at=self.at)
        parcels = order_page.parcels_of(self.order)
        show = self.request.GET.get("show", "")
        find = self.request.GET.get("find", "").strip()
        events = timeline.events(self.order, show=show, find=find)
        is_whole = "all" in self.request.GET
        trouble = order_facts.trouble_of(self.order)
        drafts = drafts_of(self.order, by=self.by)
        waiting = [shown.line for shown in lines if shown.line.waiting]
        named = alternatives.named_for(waiting, today=today)
        priced = refunding.netted(chain(*named.values()), {line.pk: line for line in waiting})
        return super().get_context_data(
            order=self.order,
            customer=self.order.customer,
            others=self.order.customer.orders.exclude(pk=self.order.pk).order_by("-placed_at", "-id")[:5],
            lines=lines,
            parcels=parcels,
            answers=order_page.answers(lines, parcels, priced),
            to_collect=sum(shown.line.to_collect for shown in lines) if self.order.is_paid else 0,
            is_open=any(shown.is_open for shown in lines),
            is_ready=any(shown.line.allocated for shown in lines),
            is_untold=any(shown.promise and shown.promise.is_untold for shown in lines),
            is_late=any(
                is_late(is_open=shown.is_open, told_until=shown.told and shown.told.last, today=today)
                for shown in lines
            ),
            is_waiting=any(shown.line.waiting for shown in lines),
            periods=timeline.periods(events if is_whole else events[: timeline.SHOWN], today=today),
            earlier=0 if is_whole else max(len(events) - timeline.SHOWN, 0),
            show=show,
            find=find,
            filters=[(name, label) for name, (label, _kinds) in timeline.FILTERS.items()],
            trouble=trouble,
            questions=self.order.questions.filter(answered_at=None).select_related("line__product").order_by("id"),
            next=order_facts.next_of(self.order, lines, trouble, today=today),
            owners=order_facts.owners_of(lines),
            people=assignable(self.by),
            contacts=order_facts.contacts_of(self.order.customer),
            alternatives=[order_facts.alternative_words(each) for each in priced],
            may_offer=any(each.is_offered for each in priced),
            with_alternative=[pk for pk, mine in named.items() if mine],
            gifts=order_facts.gifts_of(self.order),
            supplies=_supplies(lines),
            near=self.near,
            note_form=NoteForm(initial={"text": drafts["note"].text} if "note" in drafts else None),
            message_form=MessageForm(
                initial={"text": drafts["message"].text if "message" in drafts else self.starts[0].text}
            ),
            drafts=drafts,
            starts=self.starts,
            tab="message" if self._tab(drafts) == "message" else "note",
            **kwargs,
        )


def _supplies(lines: list[order_page.LineShown]) -> list[PurchaseLine]:
    """The purchase lines that the order waits for, once each."""
    found = {held.purchase_line_id: held.purchase_line for shown in lines for held in shown.held if held.purchase_line}
    return list(found.values())
