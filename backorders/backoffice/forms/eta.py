"""The ETA form: what a supplier says about one purchase line, several, or a whole purchase order."""

import calendar
import datetime
import secrets
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import NoReason
from backorders.actions.etas import PARTS, EtaChange, EtaPart
from backorders.actions.staff_proposals import check_why
from backorders.backoffice.dates import short_window
from backorders.backoffice.forms.asking import DateInput, SeenVersionsForm, number
from backorders.changes.models import Source
from backorders.importing.values import NOTHING, Days, read_days
from backorders.supply.models import EtaRevision, PurchaseLine

OWN_DATES = 200  # lines beyond it follow what holds for all


class EtaForm(SeenVersionsForm):
    """How the ETA becomes: a date, a window, moved by days, split over dates, or none.

    `seen` carries the version of every line; `key` makes the form act once however often it is sent.
    """

    salt = "backorders.eta"
    only_for_saving: tuple[str, ...] = ("reason_code", "note", "source")
    how = forms.ChoiceField(label=_("The supplier says"), widget=forms.RadioSelect, initial="date")
    eta_on = forms.DateField(label=_("New date, or first day"), required=False, widget=DateInput())
    eta_until = forms.DateField(label=_("Last day of a window"), required=False, widget=DateInput())
    words = forms.CharField(
        label=_("In the supplier's words"),
        required=False,
        max_length=60,
        help_text=_("“next week”, “week 51”, “mid January”, “end of the month”: what is understood is shown first."),
    )
    understood = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    days = forms.IntegerField(
        label=_("Days later (negative: earlier)"), required=False, min_value=-365, max_value=365, widget=number()
    )
    confidence = forms.ChoiceField(label=_("Certainty"), widget=forms.RadioSelect, initial="confirmed")
    reason_code = forms.ChoiceField(label=_("Reason"), widget=forms.RadioSelect)
    source = forms.ChoiceField(label=_("Who said so"), initial=Source.SUPPLIER)
    compensation = forms.ChoiceField(
        label=_("Compensation"),
        required=False,
        choices=[("policy", _("as the policies say")), ("none", _("none for this change"))],
        initial="policy",
        help_text=_("If none is given, the note says why."),
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    key = forms.CharField(widget=forms.HiddenInput, max_length=120)

    def __init__(
        self,
        data: Any = None,
        *,
        lines: Sequence[PurchaseLine],
        today: datetime.date,
        may_withhold: bool = False,
        initial: dict[str, Any] | None = None,
    ) -> None:
        started = {"seen": self.signed({line.pk: line.version for line in lines}), "key": secrets.token_urlsafe(12)}
        super().__init__(data, initial={**started, **(initial or {})})
        self.lines, self.today = lines, today
        self.spoken: Days | None = None
        ways = [("date", _("a date")), ("window", _("a window")), ("words", _("in words")), ("none", _("no date"))]
        ways.insert(3, ("split", _("split over dates")) if len(lines) == 1 else ("shift", _("moved by days")))
        if len(lines) == 1:
            ways.insert(3, ("shift", _("moved by days")))
        else:
            ways.insert(4, ("each", _("line by line")))
            self._add_own_dates()
        self._field("how").choices = ways
        self._field("confidence").choices = PurchaseLine._meta.get_field("confidence").choices
        self._field("reason_code").choices = EtaRevision._meta.get_field("reason_code").choices or []
        self._field("source").choices = [(Source.SUPPLIER, _("the supplier")), (Source.STAFF, _("we worked it out"))]
        if not may_withhold:
            del self.fields["compensation"]
        self.parts = PartFormSet(data, prefix="parts") if len(lines) == 1 else None

    def clean(self) -> dict[str, Any]:
        """Check what the way chosen needs."""
        cleaned = super().clean() or {}
        how = cleaned.get("how")
        if how in ("date", "window") and not cleaned.get("eta_on") and "eta_on" not in self.errors:
            self.add_error("eta_on", _("Give a date, or choose “no date”."))
        if how == "window" and not cleaned.get("eta_until") and "eta_until" not in self.errors:
            self.add_error("eta_until", _("Give the last day of the window."))
        if how == "words":
            self._listen(cleaned.get("words", ""))
        if how == "shift" and not cleaned.get("days") and "days" not in self.errors:
            self.add_error("days", _("Say by how many days."))
        if how == "each" and not any(cleaned.get(_own(line)) for line in self.lines):
            self.add_error("how", _("Give at least one line its own date."))
        if how == "split" and (self.parts is None or not self.parts.is_valid()):
            self.add_error(None, _("Correct the parts of the split."))
        return cleaned

    def _listen(self, words: str) -> None:
        """Understand what was said; it is saved only once it was shown as it is understood."""
        if not words.strip():
            self.add_error("words", _("Say it in words, or choose another way."))
            return
        try:
            self.spoken = understand(words, today=self.today)
        except forms.ValidationError as error:
            self.add_error("words", error)

    @property
    def is_echoed(self) -> bool:
        """Whether what was understood of the words was shown, as it is understood now."""
        return self.spoken is None or self.cleaned_data.get("understood") == self.meaning

    @property
    def compensates(self) -> bool:
        """Whether policies give for the promises that it breaks."""
        return self.cleaned_data.get("compensation") != "none"

    @property
    def meaning(self) -> str:
        """What was understood, for the form to carry; nothing where nothing was said in words."""
        return f"{self.spoken.first or ''}/{self.spoken.last or ''}" if self.spoken else ""

    @property
    def echo(self) -> str:
        """What was understood, in words."""
        return short_window(*self.spoken) if self.spoken else ""

    @property
    def month_end(self) -> datetime.date:
        """The next end of a month after today and after the last date that the lines have now."""
        last = max([self.today, *(line.eta_until for line in self.lines if line.eta_until)])
        after = last + datetime.timedelta(days=1)
        return after.replace(day=calendar.monthrange(after.year, after.month)[1])

    def changes(self) -> list[EtaChange]:
        """Return what the supplier says, line by line; lines without a date are not moved by days."""
        seen, confidence = self.cleaned_data["seen"], self.cleaned_data["confidence"]
        said = [(line, self._parts(line)) for line in self.lines]
        return [EtaChange(line.pk, parts, confidence, seen.get(line.pk)) for line, parts in said if parts]

    def _parts(self, line: PurchaseLine) -> list[EtaPart]:
        if own := self.cleaned_data.get(_own(line)):
            return [EtaPart(own)]
        match self.cleaned_data["how"]:
            case "each":
                return []
            case "none":
                return [EtaPart(None)]
            case "words":
                first, last = self.spoken or NOTHING
                return [EtaPart(first, last if last != first else None)]
            case "shift":
                return _shifted(line, self.cleaned_data["days"])
            case "split":
                said = self.parts.cleaned_data if self.parts else []
                return [EtaPart(part["eta_on"], part["eta_until"], part["quantity"]) for part in said if part]
            case "window":
                return [EtaPart(self.cleaned_data["eta_on"], self.cleaned_data["eta_until"])]
        return [EtaPart(self.cleaned_data["eta_on"])]

    def _add_own_dates(self) -> None:
        """Let every line have a date of its own; one that is left empty follows what holds for all."""
        for line in self.lines[:OWN_DATES]:
            label = _("Own date of %(line)s") % {"line": line}
            self.fields[_own(line)] = forms.DateField(
                label=label, required=False, widget=DateInput(attrs={"aria-label": label, "class": "own-date"})
            )

    def own_dates(self) -> list[tuple[PurchaseLine, Any]]:
        """Return every line with its own field, or with none."""
        return [(line, self[_own(line)] if _own(line) in self.fields else None) for line in self.lines]

    def seen_before(self) -> dict[int, int]:
        """Return the versions that the form was sent with, none if it was altered."""
        try:
            return self.read(self.data.get("seen", ""))
        except signing.BadSignature:
            return {}

    def _field(self, name: str) -> Any:
        return self.fields[name]


class ProposalForm(EtaForm):
    """What somebody who does not change ETAs heard of one line: a date, a window or none, and where it comes from."""

    only_for_saving = ("said", "note")
    said = forms.CharField(
        label=_("What was said"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Paste the mail, or write who said it on the phone. The buyers decide by it."),
    )

    def __init__(self, data: Any = None, **how: Any) -> None:
        super().__init__(data, **how)
        del self.fields["reason_code"], self.fields["source"]
        how_field = self._field("how")
        how_field.choices = [way for way in how_field.choices if way[0] != "split"]
        self.parts = None

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two that say why."""
        cleaned = super().clean()
        if "said" not in self.errors:
            try:
                check_why(said=cleaned.get("said", ""), note=cleaned.get("note", ""))
            except NoReason as refusal:
                self.add_error("said", str(refusal))
        return cleaned


class PartForm(forms.Form):
    """A part of a split: so many units on a date, in a window, or without a date."""

    quantity = forms.IntegerField(label=_("Units"), min_value=1, widget=number())
    eta_on = forms.DateField(label=_("On, or from"), required=False, widget=DateInput())
    eta_until = forms.DateField(label=_("Until"), required=False, widget=DateInput())


PartFormSet = forms.formset_factory(PartForm, extra=PARTS, max_num=PARTS, absolute_max=PARTS)


def understand(words: str, *, today: datetime.date) -> Days:
    """Return what a supplier's words on a date mean. Raises a `ValidationError` if that is nothing, or two things."""
    found = read_days(words, today=today)
    if not found:
        raise forms.ValidationError(_("That is not understood. Try “week 51”, “mid January”, or type the date."))
    if len(found) > 1:
        both = " / ".join(short_window(*days) for days in found)
        raise forms.ValidationError(_("That can be %(both)s. Write the month in letters.") % {"both": both})
    return found[0]


def _own(line: PurchaseLine) -> str:
    return f"own_{line.pk}"


def _shifted(line: PurchaseLine, days: int) -> list[EtaPart]:
    if line.eta_on is None or line.eta_until is None:
        return []
    by = datetime.timedelta(days=days)
    return [EtaPart(line.eta_on + by, line.eta_until + by)]
