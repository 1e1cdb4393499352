"""The form of the rules of telling."""

from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.forms.asking import AskingForm
from backorders.notifications.policy import Rules


class TellingRulesForm(AskingForm):
    """From which change on customers hear of a date, and how often."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    earlier_by_days = forms.IntegerField(
        label=_("An earlier date is told from"),
        min_value=1,
        max_value=30,
        help_text=_("Days. A later date is always told."),
    )
    apology_beyond_days = forms.IntegerField(
        label=_("A later date says sorry beyond"),
        min_value=0,
        max_value=60,
        help_text=_("Days; and whenever it moves again."),
    )
    cap_hours = forms.IntegerField(
        label=_("One customer hears of dates once in"),
        min_value=0,
        max_value=336,
        help_text=_("Hours. What the law asks, and dates that press, do not wait."),
    )
    silence_days = forms.IntegerField(
        label=_("Without news a customer hears after"),
        min_value=3,
        max_value=60,
        help_text=_("Days. The mail says that nothing has changed, on the day that was named."),
    )

    def rules(self) -> Rules:
        """Return the rules that were typed."""
        return Rules(*(self.cleaned_data[name] for name in Rules._fields))
