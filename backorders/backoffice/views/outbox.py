"""The outbox: every mail as it leaves or left, and the customers whom no mail reaches."""

from typing import Any, NamedTuple

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.paging import CappedPaginator
from backorders.backoffice.views.screen import Screen
from backorders.backoffice.views.waiting import page_number
from backorders.notifications.models import CallTask, MailSwitch, Message
from backorders.orders.models import Order

State = Message.State
PER_PAGE = 50

# What a mail may do when it is shown: nothing. No script, no form, no picture from elsewhere.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


class Box(NamedTuple):
    """One list of messages by how far they got."""

    name: str
    label: Any
    states: tuple[str, ...]
    empty: Any


BOXES = (
    Box(
        "leaving",
        _("To leave"),
        (State.PENDING, State.RETRY, State.SENDING, State.UNKNOWN),
        _("Nothing waits to be sent."),
    ),
    Box("held", _("Held"), (State.HELD,), _("Nothing is held.")),
    Box("failed", _("Did not arrive"), (State.FAILED, State.SUPPRESSED), _("Every mail was accepted.")),
    Box("sent", _("Sent"), (State.ACCEPTED,), _("Nothing was sent yet.")),
    Box("dropped", _("Dropped"), (State.SUPERSEDED, State.CANCELLED, State.EXPIRED), _("No message was dropped.")),
)


class Outbox(Screen):
    """Messages by how far they got."""

    template_name = "backoffice/outbox.html"
    permission = "notifications.view_message"
    title = _("Outbox")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the lists and one page of messages."""
        box = next((box for box in BOXES if box.name == self.request.GET.get("box")), BOXES[0])
        messages = Message.objects.filter(state__in=box.states).select_related("customer")
        order = ("priority", "not_before", "id") if box.name == "leaving" else ("-id",)
        page = pages(messages.defer("html", "text", "headers").order_by(*order), self.request)
        return super().get_context_data(
            boxes=BOXES, box=box, page=page, switch=MailSwitch.objects.first(), now=self.at, **kwargs
        )


class ShowMessage(Screen):
    """One mail as it was or will be sent."""

    template_name = "backoffice/message.html"
    permission = "notifications.view_message"

    @cached_property
    def message(self) -> Message:
        """The message."""
        return get_object_or_404(Message.objects.select_related("customer"), pk=self.kwargs["pk"])

    def heading(self) -> str:
        """The subject of the mail."""
        return str(self.message)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what it states, every attempt, and what the provider said."""
        message = self.message
        return super().get_context_data(
            message=message,
            tries=message.tries.order_by("number", "id"),
            events=message.events.order_by("occurred_at", "id"),
            stated=message.lines.select_related("line__product", "order").order_by("id"),
            orders=Order.objects.filter(message_lines__message=message).distinct().order_by("id"),
            call=CallTask.objects.filter(message=message).first(),
            now=self.at,
            **kwargs,
        )


class MailAsSent(Screen):
    """The HTML of a mail alone, for the frame that shows it: inert by its own policy."""

    permission = "notifications.view_message"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the stored HTML."""
        message = get_object_or_404(Message.objects.only("html"), pk=kwargs["pk"])
        response = HttpResponse(message.html)
        response["Content-Security-Policy"] = MAIL_POLICY
        response._csp_exempt = True  # type: ignore[attr-defined]  # django-csp leaves the header above alone
        return response


class Calls(Screen):
    """Customers to be called, oldest first."""

    template_name = "backoffice/calls.html"
    permission = "notifications.view_calltask"
    title = _("Calls")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the open tasks, or those done."""
        is_done = self.request.GET.get("show") == "done"
        tasks = CallTask.objects.select_related("customer", "message", "done_by").filter(done_at__isnull=not is_done)
        page = pages(tasks.order_by("-done_at" if is_done else "opened_at", "id"), self.request)
        return super().get_context_data(page=page, is_done=is_done, **kwargs)


def pages(queryset: QuerySet[Any], request: HttpRequest) -> Page[Any]:
    """Return the page of the list that the address asks for."""
    return CappedPaginator(queryset, PER_PAGE).get_page(page_number(request.GET.get("page", "")))
