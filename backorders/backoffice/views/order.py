"""The order's page: the answer to read out, its lines and their supply, and everything that happened."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from backorders.allocation.windows import business_day
from backorders.backoffice import order_page, timeline
from backorders.backoffice.forms.orders import NoteForm
from backorders.backoffice.views.screen import Screen
from backorders.orders.models import Order


class ShowOrder(Screen):
    """One order."""

    template_name = "backoffice/order.html"
    permission = "orders.view_order"

    @cached_property
    def order(self) -> Order:
        """The order."""
        return get_object_or_404(Order.objects.select_related("customer", "carrier"), pk=self.kwargs["pk"])

    def heading(self) -> str:
        """Name the order."""
        return _("Order %(number)s") % {"number": self.order.number}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add its lines, parcels, answers and timeline."""
        today = business_day(self.at)
        lines = order_page.lines_of(self.order, today=today)
        parcels = order_page.parcels_of(self.order)
        events = timeline.events(self.order)
        is_whole = "all" in self.request.GET
        return super().get_context_data(
            order=self.order,
            customer=self.order.customer,
            others=self.order.customer.orders.exclude(pk=self.order.pk).order_by("-placed_at", "-id")[:5],
            lines=lines,
            parcels=parcels,
            answers=order_page.answers(lines, parcels, today=today),
            is_open=any(shown.is_open for shown in lines),
            is_ready=any(shown.line.allocated for shown in lines),
            is_untold=any(shown.promise and shown.promise.gap_since for shown in lines),
            is_late=any(shown.line.waiting and shown.told and shown.told.last < today for shown in lines),
            is_waiting=any(shown.line.waiting for shown in lines),
            days=timeline.day_groups(events if is_whole else events[: timeline.SHOWN]),
            earlier=0 if is_whole else max(len(events) - timeline.SHOWN, 0),
            note_form=NoteForm(),
            **kwargs,
        )
