"""What customers type: the forms of the page, their labels in its templates."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.actions.hearing import LONGEST
from backorders.notifications.dates import BABEL


class ContactForm(forms.Form):
    """Where the customer wants to be reached from now on; what is left empty stays."""

    email = forms.EmailField(
        required=False, max_length=254, error_messages={"invalid": _("Write a full address: name@example.com")}
    )
    phone = forms.RegexField(
        r"^[+0-9 ()./-]{5,40}$",
        required=False,
        error_messages={"invalid": _("Write the number in digits: +90 212 000 00 00")},
    )
    language = forms.ChoiceField(required=False, choices=[("", ""), *((code, code) for code in BABEL)])

    def __init__(self, data: Any, *, spoken: str) -> None:
        super().__init__(data)
        self.spoken = spoken

    def clean(self) -> dict[str, Any]:
        """Refuse a form in which nothing changes."""
        wanted = {name: value for name, value in super().clean().items() if value}  # type: ignore[union-attr]
        if wanted.get("language") == self.spoken:
            del wanted["language"]
        if not wanted and not self.errors:
            raise forms.ValidationError(_("Write what is to change."))
        return wanted


class FeedbackForm(forms.Form):
    """How the customer found it."""

    occasion = forms.ChoiceField(choices=[("delivered", ""), ("cancelled", ""), ("update", "")])
    csat = forms.IntegerField(required=False, min_value=1, max_value=5)
    nps = forms.IntegerField(required=False, min_value=0, max_value=10)
    was_helpful = forms.TypedChoiceField(
        required=False, choices=[("yes", ""), ("no", "")], coerce=lambda said: said == "yes", empty_value=None
    )
    text = forms.CharField(required=False, max_length=LONGEST)
