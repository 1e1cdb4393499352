"""The outbox: every mail as it leaves or left, and the customers whom no mail reaches."""

from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backorders.actions import reporting, telling
from backorders.actions.done import Done
from backorders.backoffice.batches import Batch, batches_of, messages_of, tellings
from backorders.backoffice.masking import masked_words, sees_contacts
from backorders.backoffice.paging import capped_count, page_of
from backorders.backoffice.views.screen import Doing, Screen, with_way_to
from backorders.backoffice.workbench.counting import COUNTED, shown_count
from backorders.ids import typed_id, typed_ids
from backorders.notifications.models import SET_ASIDE, UNFINISHED, UNSENT, CallTask, MailSwitch, Message, ProviderEvent
from backorders.orders.models import Order

State = Message.State

# What can be done to messages in the outbox: its name in the address, and its verb.
VERBS = {"hold": "telling.hold", "release": "telling.release", "send": "telling.send_now", "cancel": "telling.cancel"}

BATCHES = 10

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
        UNFINISHED,
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
        messages = Message.objects.filter(state__in=box.states).select_related("customer", "supplier")
        order = ("priority", "not_before", "id") if box.name == "leaving" else ("-id",)
        page = page_of(messages.defer("html", "text", "headers").order_by(*order), self.request)
        return super().get_context_data(
            boxes=BOXES,
            box=box,
            page=page,
            can_stop=box.name in ("leaving", "held"),
            is_held=box.name == "held",
            switch=MailSwitch.objects.first(),
            aside=shown_count(capped_count(ProviderEvent.objects.filter(SET_ASIDE), cap=COUNTED)),
            is_to_files=settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"),
            now=self.at,
            **kwargs,
        )


class Batches(Screen):
    """What telling many at once wrote, batch by batch: how far it left, how fast, and what came back."""

    template_name = "backoffice/batches.html"
    permission = "notifications.view_message"
    title = _("Batches")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the last of them, the newest first."""
        batches = batches_of(list(tellings()[:BATCHES]), at=self.at)
        return super().get_context_data(boxes=BOXES, batches=batches, now=self.at, **kwargs)


class ShowBatch(Screen):
    """One batch: its numbers, its messages, and stopping what has not left."""

    template_name = "backoffice/batch.html"
    permission = "notifications.view_message"
    title = _("Batch")

    @cached_property
    def batch(self) -> Batch:
        """The batch that the address names."""
        return batches_of([get_object_or_404(tellings(), pk=self.kwargs["pk"])], at=self.at)[0]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add its numbers and one page of its messages."""
        batch = self.batch
        messages = messages_of(batch.change, batch.job).select_related("customer", "supplier")
        page = page_of(messages.defer("html", "text", "headers").order_by("state", "id"), self.request)
        return super().get_context_data(
            batch=batch, batches=[batch], page=page, is_held=batch.held and not batch.unsent, now=self.at, **kwargs
        )


class ShowMessage(Screen):
    """One mail as it was or will be sent."""

    template_name = "backoffice/message.html"
    permission = "notifications.view_message"

    @cached_property
    def message(self) -> Message:
        """The message."""
        return get_object_or_404(Message.objects.select_related("customer", "supplier"), pk=self.kwargs["pk"])

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
            can_stop=message.state in UNSENT,
            can_edit=message.state in UNSENT and self.by.has_perm(telling.right_to_edit(message)),
            is_held=message.state == State.HELD,
            **kwargs,
        )


class MailAsSent(Screen):
    """The HTML of a mail alone, for the frame that shows it: inert by its own policy."""

    permission = "notifications.view_message"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with the stored HTML."""
        message = get_object_or_404(Message.objects.only("html"), pk=kwargs["pk"])
        return inert_mail(message.html if sees_contacts(request.user) else masked_words(message.html))


def inert_mail(html: str) -> HttpResponse:
    """Answer with the HTML of a mail, for a frame on our own pages; its policy lets it do nothing."""
    response = HttpResponse(html)
    response["Content-Security-Policy"] = MAIL_POLICY
    response["X-Frame-Options"] = "SAMEORIGIN"
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
        tasks = CallTask.objects.select_related("customer", "message", "done_by")
        tasks = tasks.filter(customer__isnull=False, done_at__isnull=not is_done)
        page = page_of(tasks.order_by("-done_at" if is_done else "opened_at", "id"), self.request)
        return super().get_context_data(page=page, is_done=is_done, **kwargs)


class MarkCalled(Doing):
    """Record that a customer was called and knows now."""

    permission = "telling.mark_called"

    def does(self) -> Done[Any]:
        """Mark the task done."""
        task = get_object_or_404(
            CallTask.objects.filter(customer__isnull=False).select_related("customer", "message"), pk=self.kwargs["pk"]
        )
        return telling.mark_called(task, note=self.request.POST.get("note", ""), by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the calls."""
        return reverse("admin:calls")


class StopOrSend(Doing):
    """Hold, release, send at once or cancel the messages that were ticked, or what has not left of a batch.

    `verb` in the address says which.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask for the permission of the verb that the address names."""
        self.permission = VERBS.get(kwargs["verb"], "")
        if not self.permission:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def does(self) -> Done[Any]:
        """Call the verb of the same name."""
        messages = list(self.chosen().order_by("id"))
        reason = self.request.POST.get("reason", "")
        match self.kwargs["verb"]:
            case "hold":
                return telling.hold(messages, reason=reason, by=self.by, at=self.at)
            case "release":
                return telling.release(messages, by=self.by, at=self.at)
            case "send":
                return telling.send_now(messages, by=self.by, at=self.at)
            case "cancel":
                return telling.cancel(messages, reason=reason, by=self.by, at=self.at)
        raise Http404

    @cached_property
    def batch(self) -> Batch | None:
        """The batch that all of it is done to, if one is named."""
        pk = typed_id(self.request.POST.get("batch", ""))
        return None if pk is None else batches_of([get_object_or_404(tellings(), pk=pk)], at=self.at)[0]

    def chosen(self) -> QuerySet[Message]:
        """The messages it is done to."""
        if self.batch:
            return messages_of(self.batch.change, self.batch.job).filter(state__in=UNSENT)
        return Message.objects.filter(pk__in=typed_ids(self.request.POST.getlist("message")))

    def back(self) -> str:
        """Go back to the batch, to the message, or to the outbox."""
        if self.batch:
            return reverse("admin:batch", args=[self.batch.change.pk])
        pk = typed_id(self.request.POST.get("shown", ""))
        return reverse("admin:outbox") if pk is None else reverse("admin:message", args=[pk])


class Reports(Doing):
    """What the provider said and could not be worked on, with its reason; it is taken up again here."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "backoffice/reports.html"
    permission = "notifications.view_message"
    title = _("Reports of the mail provider")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add one page of them, those that are tried by themselves, too."""
        failed = ProviderEvent.objects.exclude(problem="").select_related("message")
        aside = ProviderEvent.objects.filter(SET_ASIDE)
        return super().get_context_data(
            page=page_of(failed.order_by("-id"), self.request), aside=aside.count(), boxes=BOXES, **kwargs
        )

    def does(self) -> Done[Any]:
        """Try those that were ticked again, or all."""
        if not self.by.has_perm("reporting.try_again"):
            raise PermissionDenied("reporting.try_again")
        if "all" in self.request.POST:
            ids = list(ProviderEvent.objects.filter(SET_ASIDE).values_list("pk", flat=True))
        else:
            ids = typed_ids(self.request.POST.getlist("report"))
        return reporting.try_again(ids, by=self.by, at=self.at)

    def done_sentence(self, done: Done[Any]) -> SafeString:
        """Say how many were worked on, and what becomes of the others."""
        tried = done.made
        said: list[Any] = [
            _("%(count)s of %(all)s reports were worked on.") % {"count": tried.worked_on, "all": tried.reports}
        ]
        if tried.waiting:
            said.append(_("The clock works on the others within a minute."))
        elif tried.worked_on < tried.reports:
            said.append(_("The others are tried again by themselves; their reasons stand here."))
        return with_way_to(done, " ".join(map(str, said)))

    def back(self) -> str:
        """Stay with what is left."""
        return reverse("admin:reports")


class TurnMail(Doing):
    """Stop all mail, or let it leave again."""

    permission = "telling.turn_mail"

    def does(self) -> Done[Any]:
        """Turn the switch."""
        is_on = self.kwargs["way"] == "on"
        return telling.turn_mail(is_on=is_on, reason=self.request.POST.get("reason", ""), by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to the outbox."""
        return reverse("admin:outbox")
