"""The form in which a supplier says of one line whether its date stands, moves, is split, or does not come."""

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.actions import proposals
from backorders.actions.etas import PARTS, EtaPart
from backorders.actions.proposals import LineAnswer
from backorders.chasing.models import EtaProposal, RequestLine
from backorders.refusal import Refused
from backorders.supply.models import EtaRevision

Answer, Reason = EtaProposal.Answer, EtaRevision.ReasonCode
DATE_FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"]
REASONS = [
    ("", _("Choose, if there is one")),
    (Reason.PRODUCTION.value, _("production")),
    (Reason.PART_SHORTAGE.value, _("a part is short")),
    (Reason.TRANSPORT.value, _("transport")),
    (Reason.CUSTOMS.value, _("customs")),
    (Reason.EARLIER.value, _("earlier than planned")),
    (Reason.OTHER.value, _("something else")),
]


def _day(**how: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    wrong = {"invalid": _("This is no date. Write it like 2026-12-31.")}
    return forms.DateField(required=False, widget=widget, input_formats=DATE_FORMATS, error_messages=wrong, **how)


class LineForm(forms.Form):
    """One line; without an answer it stays open. What cannot be is refused in the words of the verb."""

    answer = forms.ChoiceField(label=_("Your answer"), required=False, widget=forms.RadioSelect)
    on = _day(label=_("New date"))
    reason_code = forms.ChoiceField(label=_("Reason"), required=False, choices=REASONS)
    note = forms.CharField(label=_("Note for us"), required=False, max_length=500)
    seen = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, line: RequestLine, at: datetime.datetime, today: datetime.date) -> None:
        self.line, self.purchase, self.at = line, line.purchase_line, at
        super().__init__(data, prefix=f"line-{line.pk}", initial={"seen": self.purchase.version})
        self.stands = self.purchase.eta_on is not None and self.purchase.eta_on >= today
        choices = [
            (Answer.CONFIRM.value, _("The date stands")),
            (Answer.MOVE.value, _("Another date")),
            (Answer.SPLIT.value, _("In parts, on several dates")),
            (Answer.REFUSE.value, _("It will not come")),
        ]
        chosen: Any = self.fields["answer"]
        chosen.choices = choices if self.stands else choices[1:]
        for number in range(1, PARTS + 1):
            units = forms.NumberInput(attrs={"aria-label": _("Units, part %(number)s") % {"number": number}})
            self.fields[f"units_{number}"] = forms.IntegerField(
                label=_("Units"), required=False, min_value=1, max_value=10_000_000, widget=units
            )
            self.fields[f"on_{number}"] = _day(label=_("On"))
            self.fields[f"on_{number}"].widget.attrs["aria-label"] = _("On, part %(number)s") % {"number": number}

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be said of the line."""
        cleaned = super().clean() or {}
        if not cleaned.get("answer") or self.errors:
            return cleaned
        if cleaned["answer"] == Answer.MOVE and not cleaned.get("on"):
            self.add_error("on", _("Give the new date."))
        elif cleaned["answer"] == Answer.SPLIT and not self._split():
            self.add_error(None, _("Give at least two parts, each with its units and its date."))
        else:
            try:
                proposals.check(self.said(), self.purchase, at=self.at)
            except Refused as refusal:
                self.add_error(None, str(refusal))
        return cleaned

    def said(self) -> LineAnswer:
        """Return the answer as the verb takes it."""
        given = self.cleaned_data
        answer = given["answer"]
        kept = Reason.CONFIRMATION if answer == Answer.CONFIRM else Reason.OTHER
        reason = kept if answer == Answer.CONFIRM else given.get("reason_code") or kept
        return LineAnswer(self.line.pk, answer, self._parts(answer), reason, given.get("note", ""), given.get("seen"))

    def _parts(self, answer: str) -> list[EtaPart]:
        if answer == Answer.CONFIRM:
            return [EtaPart(self.purchase.eta_on, self.purchase.eta_until)]
        if answer == Answer.MOVE:
            return [EtaPart(self.cleaned_data["on"])]
        return self._split() if answer == Answer.SPLIT else []

    def _split(self) -> list[EtaPart]:
        """Return the parts if each that was begun is whole and there are at least two."""
        pairs = [
            (self.cleaned_data.get(f"on_{number}"), self.cleaned_data.get(f"units_{number}"))
            for number in range(1, PARTS + 1)
        ]
        begun = [(on, units) for on, units in pairs if on or units]
        if len(begun) < 2 or not all(on and units for on, units in begun):
            return []
        return [EtaPart(on, quantity=units) for on, units in begun]

    @property
    def parts(self) -> list[tuple[Any, Any]]:
        """The fields of the parts of a split, in pairs."""
        return [(self[f"units_{number}"], self[f"on_{number}"]) for number in range(1, PARTS + 1)]
