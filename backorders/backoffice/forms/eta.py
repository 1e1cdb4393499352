"""The ETA form: what a supplier says about one purchase line, several, or a whole purchase order."""

import datetime
import secrets
from collections.abc import Sequence
from typing import Any

from crispy_forms.layout import Div, Field
from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from backorders.actions.buying import EtaChange, EtaPart
from backorders.backoffice.forms.asking import AskingForm, DateInput, number
from backorders.changes.models import Source
from backorders.supply.models import EtaRevision, PurchaseLine

SALT = "backorders.eta"
PARTS = 4


class EtaForm(AskingForm):
    """How the ETA becomes: a date, a window, moved by days, split over dates, or none.

    `seen` carries the version of every line as it was shown, signed, so that a change by somebody else in between is
    refused instead of overwritten; `key` makes the form act once however often it is sent.
    """

    only_for_saving = ("reason_code", "note", "source")
    layout = (
        "how",
        Div("eta_on", "eta_until", css_class="fields how-date how-window"),
        Div("days", css_class="fields how-shift"),
        Field("confidence"),
        Div("reason_code", "source", css_class="fields"),
        "note",
    )

    how = forms.ChoiceField(label=_("The supplier says"), widget=forms.RadioSelect, initial="date")
    eta_on = forms.DateField(label=_("New date, or first day"), required=False, widget=DateInput())
    eta_until = forms.DateField(label=_("Last day of a window"), required=False, widget=DateInput())
    days = forms.IntegerField(
        label=_("Days later (negative: earlier)"), required=False, min_value=-365, max_value=365, widget=number()
    )
    confidence = forms.ChoiceField(label=_("Certainty"), widget=forms.RadioSelect, initial="confirmed")
    reason_code = forms.ChoiceField(label=_("Reason"))
    source = forms.ChoiceField(label=_("Who said so"), initial=Source.SUPPLIER)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    seen = forms.CharField(widget=forms.HiddenInput)
    key = forms.CharField(widget=forms.HiddenInput, max_length=120)

    def __init__(
        self, data: Any = None, *, lines: Sequence[PurchaseLine], initial: dict[str, Any] | None = None
    ) -> None:
        started = {"seen": _sealed(lines), "key": secrets.token_urlsafe(12)}
        super().__init__(data, initial={**started, **(initial or {})})
        self.lines = lines
        ways = [("date", _("a date")), ("window", _("a window")), ("none", _("no date"))]
        ways.insert(2, ("split", _("split over dates")) if len(lines) == 1 else ("shift", _("moved by days")))
        if len(lines) == 1:
            ways.insert(2, ("shift", _("moved by days")))
        self._field("how").choices = ways
        self._field("confidence").choices = PurchaseLine._meta.get_field("confidence").choices
        self._field("reason_code").choices = [("", "—"), *(EtaRevision._meta.get_field("reason_code").choices or [])]
        self._field("source").choices = [(Source.SUPPLIER, _("the supplier")), (Source.STAFF, _("we worked it out"))]
        self.parts = PartFormSet(data, prefix="parts") if len(lines) == 1 else None

    def clean(self) -> dict[str, Any]:
        """Check what the way chosen needs."""
        cleaned = super().clean() or {}
        how = cleaned.get("how")
        if how in ("date", "window") and not cleaned.get("eta_on") and "eta_on" not in self.errors:
            self.add_error("eta_on", _("Give a date, or choose “no date”."))
        if how == "window" and not cleaned.get("eta_until") and "eta_until" not in self.errors:
            self.add_error("eta_until", _("Give the last day of the window."))
        if how == "shift" and not cleaned.get("days") and "days" not in self.errors:
            self.add_error("days", _("Say by how many days."))
        if how == "split" and (self.parts is None or not self.parts.is_valid()):
            self.add_error(None, _("Correct the parts of the split."))
        return cleaned

    def clean_seen(self) -> dict[int, int]:
        """Return the version of each line as it was shown."""
        try:
            return {int(pk): version for pk, version in signing.loads(self.cleaned_data["seen"], salt=SALT).items()}
        except signing.BadSignature:
            raise forms.ValidationError(_("This form was altered on its way. Open it again.")) from None

    def changes(self) -> list[EtaChange]:
        """Return what the supplier says, line by line; lines without a date are not moved by days."""
        seen, confidence = self.cleaned_data["seen"], self.cleaned_data["confidence"]
        said = [(line, self._parts(line)) for line in self.lines]
        return [EtaChange(line.pk, parts, confidence, seen.get(line.pk)) for line, parts in said if parts]

    def _parts(self, line: PurchaseLine) -> list[EtaPart]:
        match self.cleaned_data["how"]:
            case "none":
                return [EtaPart(None)]
            case "shift":
                return _shifted(line, self.cleaned_data["days"])
            case "split":
                said = self.parts.cleaned_data if self.parts else []
                return [EtaPart(part["eta_on"], part["eta_until"], part["quantity"]) for part in said if part]
            case "window":
                return [EtaPart(self.cleaned_data["eta_on"], self.cleaned_data["eta_until"])]
        return [EtaPart(self.cleaned_data["eta_on"])]

    def _field(self, name: str) -> Any:
        return self.fields[name]


class PartForm(forms.Form):
    """A part of a split: so many units on a date, in a window, or without a date."""

    quantity = forms.IntegerField(label=_("Units"), min_value=1, widget=number())
    eta_on = forms.DateField(label=_("On, or from"), required=False, widget=DateInput())
    eta_until = forms.DateField(label=_("Until"), required=False, widget=DateInput())


PartFormSet = forms.formset_factory(PartForm, extra=PARTS, max_num=PARTS, absolute_max=PARTS)


def _sealed(lines: Sequence[PurchaseLine]) -> str:
    return signing.dumps({line.pk: line.version for line in lines}, salt=SALT, compress=True)


def _shifted(line: PurchaseLine, days: int) -> list[EtaPart]:
    if line.eta_on is None or line.eta_until is None:
        return []
    by = datetime.timedelta(days=days)
    return [EtaPart(line.eta_on + by, line.eta_until + by)]
