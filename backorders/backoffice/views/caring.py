"""Saying something to a customer in our own words, giving something for a wait, sending a mail once more."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import caring, telling
from backorders.actions.done import Done
from backorders.amounts import money
from backorders.backoffice.forms.caring import CompensationForm, EditMessageForm, MessageForm
from backorders.backoffice.order_facts import starts_of
from backorders.backoffice.views.order_acts import OrderAct
from backorders.backoffice.views.screen import ActScreen, Doing
from backorders.desk.drafts import drafts_of
from backorders.ids import typed_id
from backorders.notifications.emails import Rendered
from backorders.notifications.models import Message
from backorders.refusal import Refused

TENTH = 10


class Mailing(OrderAct):
    """An act that shows the mail it would write."""

    preview_template = "backoffice/mail_preview.html"

    def mail(self, form: Any) -> Rendered | None:
        """Return the mail as it would be written, if one is."""
        raise NotImplementedError

    def looked_ahead(self, form: Any) -> dict[str, Any]:
        """Show the mail, or why there would be none."""
        if not form.is_ready():
            return {"mail": None, "unready": True}
        try:
            return {"mail": self.mail(form), **self.beside(form)}
        except Refused as refusal:
            return {"mail": None, "refusal": str(refusal)}

    def beside(self, form: Any) -> dict[str, Any]:
        """Return what else the preview shows."""
        return {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add who gets it."""
        return super().get_context_data(customer=self.order.customer, **kwargs)


class WriteMessage(Mailing):
    """Write to the customer of an order."""

    permission = "caring.write_message"
    form_class = MessageForm
    button = gettext_lazy("Put into the outbox")

    def heading(self) -> str:
        """Name the customer."""
        names = {"customer": self.order.customer, "order": self.order}
        return _("Message to %(customer)s about order %(order)s") % names

    def initial(self) -> dict[str, Any]:
        """Start with the words that the link named."""
        start = self.request.GET.get("start", "")
        if not start and (draft := drafts_of(self.order, by=self.by).get("message")):
            return {"text": draft.text}
        return {"text": next((each.text for each in starts_of(self.order) if each.name == start), "")}

    def mail(self, form: MessageForm) -> Rendered:
        """The message with its dates."""
        said = form.cleaned_data
        return caring.preview_message(self.order, text=said["text"], states_dates=said["states_dates"], at=self.at)

    def beside(self, form: MessageForm) -> dict[str, Any]:
        """Warn where the customer does not know the newest date and would not learn it."""
        promises = [line.promise for line in self.order.lines.open().select_related("promise")]
        is_news = any(promise.told != promise.expected for promise in promises)
        return {"hides_date": is_news and not form.cleaned_data["states_dates"]}

    def does(self, form: MessageForm) -> Done[Message]:
        """Write it."""
        said = form.cleaned_data
        return caring.write_message(
            self.order, text=said["text"], states_dates=said["states_dates"], key=said["key"], by=self.by, at=self.at
        )

    def done_sentence(self, done: Done[Message]) -> SafeString:
        """Say where it is now."""
        return resting(done.made, done.change_set.pk)


class Compensate(Mailing):
    """Give the customer something for the wait."""

    permission = "caring.compensate"
    button = gettext_lazy("Give it")

    def heading(self) -> str:
        """Name the order."""
        return _("Something for the wait for order %(order)s") % {"order": self.order}

    def form(self, data: Any = None) -> CompensationForm:
        """Return a form that proposes a tenth of what is open."""
        lines = list(self.order.lines.open())
        worth = sum(line.open_quantity * line.price for line in lines)
        proposed = round(worth / TENTH, 2) if worth else None
        reason = _("The wait became longer than we said")
        start = {"kind": "discount", "amount": proposed, "line": lines[0].pk if len(lines) == 1 else None}
        return CompensationForm(data, order=self.order, initial={**self.initial(), **start, "reason": reason})

    def mail(self, form: CompensationForm) -> Rendered | None:
        """The mail that says so."""
        said = form.cleaned_data
        shown = caring.preview_compensation(
            self.order, kind=said["kind"], amount=said["amount"], line=said["line"], at=self.at
        )
        return shown if said["tells"] else None

    def beside(self, form: CompensationForm) -> dict[str, Any]:
        """Say what this customer was given before."""
        given = [money(amount, currency) for currency, amount in caring.given_so_far(self.order.customer)]
        before = _("Given to this customer so far: %(sums)s.") % {"sums": ", ".join(given)} if given else ""
        return {"facts": [before or _("This customer was given nothing before.")]}

    def does(self, form: CompensationForm) -> Done[Any]:
        """Give it."""
        said = dict(form.cleaned_data)
        return caring.compensate(self.order, seen_version=said.pop("seen"), **said, by=self.by, at=self.at)


class EditMessage(ActScreen):
    """Change the words of a message before it leaves: one to a customer the desk, one to a supplier those who buy."""

    template_name = "backoffice/edit_message.html"
    permission = "telling.edit"
    form_class = EditMessageForm
    back_name = gettext_lazy("Message")
    button = gettext_lazy("Save the words")

    @cached_property
    def message(self) -> Message:
        """The message."""
        return get_object_or_404(Message.objects.select_related("customer"), pk=self.kwargs["pk"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask for the right that the mail needs."""
        if (message := Message.objects.filter(pk=kwargs["pk"]).first()) is not None:
            self.permission = telling.right_to_edit(message)
        return super().dispatch(request, *args, **kwargs)

    def heading(self) -> str:
        """Name the mail."""
        return _("Edit “%(subject)s”") % {"subject": self.message}

    def initial(self) -> dict[str, Any]:
        """Start with what a person wrote before."""
        known = getattr(self.message, "personal_text", None)
        return {"text": known.text if known else ""}

    def does(self, form: EditMessageForm) -> Done[Message]:
        """Write it anew."""
        verb = telling.edit_to_supplier if self.message.customer_id is None else telling.edit
        done = verb(self.message, text=form.cleaned_data["text"], by=self.by, at=self.at)
        self.anew = done.made
        return done

    def done_sentence(self, done: Done[Message]) -> SafeString:
        """Say where it is now."""
        return resting(done.made, done.change_set.pk, page=self._page)

    @property
    def _page(self) -> str:
        """The page of a mail that whoever edits it may see."""
        return "admin:message" if self.by.has_perm("notifications.view_message") else "admin:edit_message"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the message."""
        is_own = self.message.kind == Message.Kind.MESSAGE
        return super().get_context_data(message=self.message, is_own=is_own, **kwargs)

    def back(self) -> str:
        """Go to the message as it is now."""
        return reverse(self._page, args=[getattr(self, "anew", self.message).pk])


class Resend(Doing):
    """Send a mail once more."""

    permission = "telling.resend"

    def does(self) -> Done[Message]:
        """Queue it again."""
        self.message = get_object_or_404(Message, pk=self.kwargs["pk"])
        return telling.resend(self.message, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to where the click was."""
        order = typed_id(self.request.POST.get("order", ""))
        return reverse("admin:outbox") if order is None else reverse("admin:order", args=[order])


def resting(message: Message, change: int, *, page: str = "admin:message") -> SafeString:
    """Say that a message lies in the outbox, with the ways to it and back."""
    return format_html(
        '{} <a href="{}">{}</a> · <a href="{}">{}</a>',
        _("In the outbox; it leaves in five minutes unless somebody stops it."),
        reverse(page, args=[message.pk]),
        _("See the mail"),
        reverse("admin:change_set", args=[change]),
        _("Undo"),
    )
