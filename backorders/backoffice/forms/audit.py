"""What an audit asks for: every field narrows it, none is needed."""

from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.forms.asking import AskingForm, DateInput
from backorders.changes.acts import NAMES


class AuditForm(AskingForm):
    """Who, what, when, and on which thing."""

    layout = (
        Div("who", "act", "thing", css_class="fields"),
        Div("since", "until", "words", css_class="fields"),
    )
    who = forms.CharField(label=_("Who"), required=False, help_text=_("A user name, or: system, customer, supplier."))
    act = forms.ChoiceField(label=_("Act"), required=False)
    thing = forms.CharField(
        label=_("Thing"), required=False, help_text=_("An order or purchase order number, or a SKU.")
    )
    since = forms.DateField(label=_("From day"), required=False, widget=DateInput())
    until = forms.DateField(label=_("To day"), required=False, widget=DateInput())
    words = forms.CharField(label=_("Reason holds"), required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        acts: Any = self.fields["act"]
        named = sorted(((name, str(label)) for name, label in NAMES.items()), key=lambda pair: pair[1])
        acts.choices = [("", _("any")), *named]
