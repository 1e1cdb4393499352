"""The form of the rules of telling."""

from typing import Any

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

    quiet_from = forms.IntegerField(
        label=_("Mails about dates rest from"),
        min_value=0,
        max_value=23,
        required=False,
        help_text=_(
            "The hour, in our time zone; empty: they leave at any hour. What somebody waits for leaves at once."
        ),
    )
    quiet_until = forms.IntegerField(
        label=_("Mails about dates rest until"), min_value=0, max_value=23, required=False, help_text=_("The hour.")
    )

    def clean(self) -> dict[str, Any]:
        """Refuse quiet hours without a beginning or an end."""
        typed = [self.cleaned_data.get(name) for name in ("quiet_from", "quiet_until")]
        if typed.count(None) == 1 or (typed[0] is not None and typed[0] == typed[1]):
            self.add_error("quiet_until", _("Quiet hours need a beginning and another end; or leave both empty."))
        return self.cleaned_data

    def rules(self) -> Rules:
        """Return the rules that were typed."""
        return Rules(*(self.cleaned_data[name] for name in Rules._fields))
