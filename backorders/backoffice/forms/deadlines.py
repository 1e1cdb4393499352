"""Forms for what customers decide about late lines."""

from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.forms.asking import AskingForm, SeenForm


def _day(**how: object) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **how)  # type: ignore[arg-type]


class AgreeForm(AskingForm):
    """Until when the customer agrees to wait."""

    until = _day(
        label=_("Agrees to wait until"),
        required=False,
        help_text=_("Empty: for the date that we named, or, where we named none, without a date."),
    )


class LastDayForm(AskingForm):
    """The last day on which the customer still takes the goods."""

    until = _day(label=_("Last day"))


class EssentialForm(SeenForm):
    """Whether late goods are of no use to the customer."""

    is_essential = forms.BooleanField(
        label=_("Date is essential"), required=False, help_text=_("Late goods are of no use to the customer.")
    )
