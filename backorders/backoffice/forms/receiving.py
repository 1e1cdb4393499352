"""The form of a receipt: what arrived line by line, when the rest comes, and who was put before others for it."""

import datetime
import re
import secrets
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.actions.etas import EtaChange, EtaPart
from backorders.actions.reallocating import GoesBefore
from backorders.actions.receiving import Arrival
from backorders.backoffice.dates import short_window
from backorders.backoffice.forms.asking import AskingForm, number
from backorders.backoffice.forms.eta import understand
from backorders.importing.values import Days
from backorders.supply.models import DamagePhoto, PurchaseLine

MOVE = r"\d{1,18}:\d{1,18}(:\d{0,9}(:\d{1,9})?)?"
NOTE = 200
MOVES = 50  # more is no correction of the queue but another queue


class ArrivalForm(forms.Form):
    """What arrived of one purchase line; prefilled with what is outstanding, so that only exceptions are typed."""

    quantity = forms.IntegerField(label=_("Good"), min_value=0, widget=number())
    over = forms.IntegerField(label=_("Over"), min_value=0, required=False, widget=number())
    damaged = forms.IntegerField(label=_("Damaged"), min_value=0, required=False, widget=number())
    rest = forms.CharField(label=_("ETA of the rest"), max_length=60, required=False)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=NOTE, widget=forms.TextInput(attrs={"list": "reasons"})
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, line: PurchaseLine, today: datetime.date, photos: Sequence[DamagePhoto], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.line, self.today, self.photos = line, today, photos
        self.days: Days | None = None
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{field.label}: {line.product.sku}"
            field.widget.attrs["class"] = f"arrival-{name}"

    def clean_rest(self) -> str:
        """Understand when the rest comes, in the words of the supplier."""
        words: str = self.cleaned_data["rest"]
        self.days = understand(words, today=self.today) if words else None
        return words

    def clean(self) -> dict[str, Any]:
        """Let pictures show what is counted as damaged."""
        cleaned = super().clean() or {}
        if self.photos and cleaned.get("damaged") == 0:
            self.add_error("damaged", _("There are pictures of damage: say how many are damaged, or remove them."))
        return cleaned

    @property
    def left(self) -> int:
        """Units that are still to come once this arrived."""
        arrived: int = self.cleaned_data["quantity"] + (self.cleaned_data["damaged"] or 0)
        return self.line.outstanding - arrived

    @property
    def excess(self) -> int:
        """Units that came beyond what is outstanding and are not said to be over."""
        return max(-self.left, 0)

    def settled(self, *, is_kept: bool) -> dict[str, Any]:
        """Return the fields by name as they are when good units beyond what is outstanding are kept as over, or when
        all that is beyond it goes back, which the note says."""
        said, good = self.cleaned_data, min(self.excess, self.cleaned_data["quantity"])
        over, broken = said["over"] or 0, said["damaged"] or 0
        if is_kept:
            fields = {"quantity": said["quantity"] - good, "over": over + good}
        else:
            back = _("%(count)s beyond what was ordered, sent back") % {"count": self.excess + over}
            note = "; ".join(filter(None, [said["note"], back]))[:NOTE]
            left = broken - (self.excess - good)
            fields = {"quantity": said["quantity"] - good, "over": 0, "damaged": left, "note": note}
        return {self.add_prefix(name): value for name, value in fields.items()}

    @property
    def meaning(self) -> str:
        """How the words on the rest are understood, for the form to carry."""
        return f"{self.line.pk}:{self.days.first or ''}/{self.days.last or ''}" if self.days else ""

    @property
    def echo(self) -> str:
        """How the words on the rest are understood, in words."""
        return short_window(*self.days) if self.days else ""


class ReceiveForm(AskingForm):
    """A delivery note against the lines of one purchase order, and whom its goods serve before others.

    `moves` names the lines put before others as "line:before:version:units", in the order they were put there (without
    units it is all of the line); `understood` carries how the words on the rest were read when they were shown.
    """

    only_for_saving = ("reason",)
    key = forms.CharField(widget=forms.HiddenInput, max_length=120)
    moves = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4000)
    understood = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20_000)
    reason = forms.CharField(
        label=_("Why others get it first"), required=False, max_length=200, help_text=_("Kept with the change.")
    )

    def __init__(
        self,
        data: Any = None,
        *,
        lines: Sequence[PurchaseLine],
        today: datetime.date,
        photos: Sequence[DamagePhoto] = (),
    ) -> None:
        super().__init__(data, initial={"key": secrets.token_urlsafe(12)})
        self.lines = [
            ArrivalForm(
                data,
                prefix=f"line_{line.pk}",
                line=line,
                today=today,
                photos=[photo for photo in photos if photo.purchase_line_id == line.pk],
                initial={"quantity": line.outstanding, "over": 0, "damaged": 0, "seen": line.version},
            )
            for line in lines
        ]

    def renew(self) -> None:
        """After a refusal because of somebody else's change: whoever saves again has seen it."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # what a request sent
        moves = [move.split(":") for move in data.get("moves", "").split(",") if move]
        data["moves"] = ",".join(":".join([*move[:2], "", *move[3:]]) for move in moves)
        for form in self.lines:
            data[form.add_prefix("seen")] = form.initial["seen"]
        self.data = data
        for form in self.lines:
            form.data = data

    def clean_moves(self) -> list[GoesBefore]:
        """Return who goes before whom."""
        moves = [move for move in self.cleaned_data["moves"].split(",") if move]
        if len(moves) > MOVES or not all(re.fullmatch(MOVE, move) for move in moves):
            raise forms.ValidationError(_("This form was altered on its way. Open it again."))
        said = [[int(number) if number else None for number in move.split(":")] for move in moves]
        return [GoesBefore(line, before, *rest) for line, before, *rest in said if line and before]

    def clean(self) -> dict[str, Any]:
        """Check every line, that something arrived, and that changing the queue has a reason."""
        cleaned = super().clean() or {}
        valid = [line.is_valid() for line in self.lines]  # every line is asked, so that every mistake shows
        if not all(valid):
            self.add_error(None, _("Correct what is marked below."))
        elif not self.arrivals():
            self.add_error(None, _("Nothing arrived: every quantity is 0."))
        if cleaned.get("moves") and not cleaned.get("reason"):
            self.add_error("reason", _("Say why: the reason is kept with the change."))
        return cleaned

    def arrivals(self) -> list[Arrival]:
        """Return what arrived; lines of which nothing did are left out."""
        said = [(form.line.pk, form.cleaned_data) for form in self.lines]
        made = [Arrival(pk, d["quantity"], d["over"] or 0, d["damaged"] or 0, d["note"], d["seen"]) for pk, d in said]
        return [arrival for arrival in made if arrival.quantity or arrival.over or arrival.damaged]

    def rest(self) -> list[EtaChange]:
        """Return when what is short comes, of the lines of which that was said."""
        return [
            EtaChange(form.line.pk, [EtaPart(form.days.first, form.days.last)])
            for form in self.lines
            if form.days is not None
        ]

    @property
    def beyond(self) -> list[ArrivalForm]:
        """The lines of which more came than is outstanding, whether it is said to be over or not said yet."""
        read = [form for form in self.lines if form.is_bound and not form.errors]
        return [form for form in read if form.excess or form.cleaned_data["over"]]

    @property
    def meaning(self) -> str:
        """How the words on every rest are understood."""
        return " ".join(form.meaning for form in self.lines if form.meaning)

    @property
    def is_echoed(self) -> bool:
        """Whether what was understood was shown, as it is understood now."""
        return self.meaning == str(self.cleaned_data.get("understood", ""))
