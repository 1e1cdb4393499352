"""The form on which a buyer ticks what suppliers answered, to take it over or to say no."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.forms.asking import SeenVersionsForm
from backorders.chasing.models import EtaProposal


class AcceptForm(SeenVersionsForm):
    """Which answers; `seen` carries the version of each one's purchase line, by proposal."""

    salt = "backorders.proposals"
    only_for_saving = ("note",)
    proposal = forms.MultipleChoiceField(label=_("Answers"), widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(label=_("Note"), required=False, max_length=200, help_text=_("Kept with the change."))

    def __init__(self, data: Any = None, *, waiting: Sequence[EtaProposal]) -> None:
        ids = [str(each.pk) for each in waiting]
        started = {"seen": self.signed({each.pk: each.line.purchase_line.version for each in waiting}), "proposal": ids}
        super().__init__(data, initial=started)
        ticked: Any = self.fields["proposal"]
        ticked.choices = [(pk, pk) for pk in ids]
        ticked.error_messages["required"] = _("Tick at least one answer.")
        gone = _("One of the answers is not there any more: it was decided on, or its supplier changed it.")
        ticked.error_messages["invalid_choice"] = gone

    def ticked(self) -> list[int]:
        """Return the ids of the ticked answers."""
        return [int(pk) for pk in self.cleaned_data["proposal"]]

    def seen_of_ticked(self) -> dict[int, int]:
        """Return what `proposals.accept` takes; an answer that was not shown has no version and is stale."""
        seen = self.cleaned_data["seen"]
        return {pk: seen.get(pk, 0) for pk in self.ticked()}
