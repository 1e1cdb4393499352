"""Pages to look at: the order, what was decided or asked, the calendar of its windows."""

import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from backorders import ics
from backorders.allocation.windows import Window
from backorders.delays.ending import due_on
from backorders.notifications import dates
from backorders.notifications.emails import company
from backorders.notifications.links import hashed
from backorders.orders.models import Decision, Order, OrderLine, Question
from backorders.portal.page import page_of, promises_of
from backorders.portal.visiting import Nowhere, Visit
from backorders.portal.words import masked, masked_phone, moment, money


class ShowOrder(Visit):
    """The order."""

    http_method_names = ["get", "head"]
    template_name = "portal/order.html"

    def context(self) -> dict[str, Any]:
        """Return the order in words."""
        page = page_of(self.order, self.language, at=self.at)
        return {"page": page, "phone": masked_phone(self.order.customer.phone)}


class OnOrder(ShowOrder):
    """A button on the order's own page: it does one thing; whoever only looks sees the order."""

    http_method_names = ["get", "head", "post"]

    def leads_to(self, done: Any) -> HttpResponse:
        """Lead to what says that it is done."""
        return self.go("done", done.made.pk)


class Done(Visit):
    """What was decided, with its reference, what happens next and when; to be kept or printed."""

    http_method_names = ["get", "head"]
    template_name = "portal/done.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it, if it is this order's."""
        decisions = Decision.objects.filter(order=self.order, pk=kwargs["decision"])
        decision = decisions.select_related("line__product", "change_set").first()
        if decision is None:
            raise Nowhere
        return self.shown(decision=decision, when=self._when(decision), **self._money(decision))

    def _when(self, decision: Decision) -> str:
        return moment(decision.at, self.order.customer.time_zone, self.language)

    def _day(self, iso: str | None) -> str:
        return dates.day_in_words(datetime.date.fromisoformat(iso), self.language) if iso else ""

    def _money(self, decision: Decision) -> dict[str, Any]:
        gone = list(
            decision.change_set.cancellations.select_related(
                "line__product", "line__order__customer", "refund"
            ).order_by("id")
        )
        refunds = [each.refund for each in gone if hasattr(each, "refund")]
        due = max((due_on(refund) for refund in refunds), default=None)
        total = sum((refund.amount for refund in refunds), Decimal(0))
        return {
            "last_day": self._day(decision.shown.get("until")),
            "gone": [f"{each.quantity} × {each.line.product.name}" for each in gone],
            "is_confirmed": all(each.is_announced for each in gone),
            "refund": money(total, self.order.currency, self.language) if refunds else "",
            "refund_by": dates.day_in_words(due, self.language) if due else "",
            "email": masked(self.order.customer.email),
        }


class AskedQuestion(Visit):
    """A question, and when we answer it."""

    http_method_names = ["get", "head"]
    template_name = "portal/asked.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it, if it is this order's."""
        asked = Question.objects.filter(order=self.order, pk=kwargs["question"]).first()
        if asked is None:
            raise Nowhere
        due = moment(asked.answer_due_at, self.order.customer.time_zone, self.language)
        return self.shown(asked=asked, due=due, email=masked(self.order.customer.email))


class Calendar(Visit):
    """The windows of what is open, for a calendar."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the file. It names no address: calendars are shared, and the link is a secret."""
        dated = [each for each in promises_of(self.order) if each.line.open_quantity and each.expected]
        events = [_event(self.order, each.expected, each.line, each.is_estimate) for each in dated if each.expected]
        name = _("Order %(number)s") % {"number": self.order.number}
        text = ics.calendar(events, name=name, at=self.at)
        response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="order.ics"'
        return response


def _event(order: Order, window: Window, line: OrderLine, is_estimate: bool) -> ics.Event:
    title = _("Delivery: %(what)s") % {"what": f"{line.open_quantity} × {line.product.name}"}
    text = _("Order %(number)s from %(company)s") % {"number": order.number, "company": company()["name"]}
    return ics.Event(
        f"line-{line.pk}@{hashed(order.number)[:12]}", window.first, window.last, title, text, "", not is_estimate
    )
