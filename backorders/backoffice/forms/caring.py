"""Forms of what we say to a customer and what we give for a wait."""

import secrets
from decimal import Decimal
from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.actions.caring import LONGEST
from backorders.backoffice.forms.asking import AskingForm, SeenReasonForm
from backorders.orders.models import Compensation, Order, OrderLine


class MessageForm(AskingForm):
    """What we write to the customer, and whether the dates stand below it."""

    text = forms.CharField(
        label=_("Message"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Greeting, dates, links and our name are added. Dates are never typed."),
    )
    states_dates = forms.BooleanField(label=_("State the dates we expect"), required=False, initial=True)
    key = forms.CharField(widget=forms.HiddenInput, max_length=120)

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"key": secrets.token_urlsafe(12), **(initial or {})}, prefix="message")


class AnswerForm(MessageForm):
    """The answer to a question, which stands above it."""

    asked = forms.CharField(label=_("The customer asks"), disabled=True, required=False, widget=forms.Textarea)
    field_order = ("asked", "text")

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["text"].label = _("Our answer")
        self.fields["asked"].widget.attrs["rows"] = 4


class PhoneQuestionForm(AskingForm):
    """What a customer asks by phone."""

    text = forms.CharField(label=_("The customer asks"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}))
    key = forms.CharField(widget=forms.HiddenInput, max_length=120)

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial={"key": secrets.token_urlsafe(12), **(initial or {})})


class EditMessageForm(AskingForm):
    """The words of a message that has not left."""

    text = forms.CharField(label=_("Text"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 6}))


class CompensationForm(SeenReasonForm):
    """What is given for a wait, and whether the customer hears of it at once."""

    layout = (Div("kind"), Div("line", "amount", css_class="fields"), "reason", "tells")
    kind = forms.ChoiceField(label=_("What is given"), choices=Compensation.Kind.choices, widget=forms.RadioSelect)
    line = forms.ModelChoiceField(OrderLine.objects.none(), label=_("For"), required=False, empty_label=_("the order"))
    amount = forms.DecimalField(label=_("Amount"), min_value=Decimal("0.01"), max_digits=12, decimal_places=2)
    tells = forms.BooleanField(label=_("Tell the customer by mail"), required=False, initial=True)

    def __init__(self, data: Any = None, *, order: Order, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.fields["kind"].choices = Compensation._meta.get_field("kind").flatchoices  # type: ignore[attr-defined]
        line: Any = self.fields["line"]
        line.queryset = order.lines.select_related("product").order_by("id")
        line.label_from_instance = lambda each: each.product.name
        self.fields["amount"].label = _("Amount, %(currency)s") % {"currency": order.currency}
