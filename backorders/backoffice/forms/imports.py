"""The forms of an import: what is given, what its columns hold, why the dates changed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.forms.asking import AskingForm
from backorders.backoffice.imports import ROLE_NAMES
from backorders.importing import columns
from backorders.importing.models import Import
from backorders.importing.reading import LOOKED_AT, MOST_BYTES, Row
from backorders.supply.models import EtaRevision, PurchaseLine, Supplier


class OpenForm(AskingForm):
    """A pasted list or a file; the supplier is found by the purchase orders that the list names."""

    pasted = forms.CharField(
        label=_("Paste the supplier's list"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 9, "class": "pasted", "spellcheck": "false"}),
        help_text=_("From a spreadsheet, a mail, or line by line. A header row helps, but is not needed."),
    )
    file = forms.FileField(
        label=_("or choose a file"),
        required=False,
        help_text=_("CSV or XLSX, up to 10 MB and 100,000 rows."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    supplier = forms.ModelChoiceField(
        label=_("Supplier"), queryset=Supplier.objects.order_by("name", "id"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["supplier"].empty_label = _("as the list says")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for one of both, and for no more than is read."""
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file and file.size > MOST_BYTES:
            size = f"{file.size / 2**20:.1f}"
            self.add_error("file", _("The file has %(size)s MB; at most 10 MB are read. Divide it.") % {"size": size})
        elif not file and not cleaned.get("pasted", "").strip() and "file" not in self.errors:
            self.add_error("pasted", _("There is nothing in it. Paste the list, or choose a file."))
        return cleaned

    def given(self) -> tuple[bytes, str]:
        """Return what was given, and what it is called."""
        if file := self.cleaned_data.get("file"):
            return file.read(), file.name
        return self.cleaned_data["pasted"].encode("utf-8", "replace"), str(_("Pasted list"))


class ColumnsForm(AskingForm):
    """What each column holds, which row names them, and how sure the dates are."""

    header = forms.TypedChoiceField(label=_("Header"), coerce=int, empty_value=None, required=False)
    confidence = forms.ChoiceField(label=_("Certainty"), widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, of: Import, listed: list[Row]) -> None:
        super().__init__(data, initial={"header": of.header, "confidence": of.confidence})
        rows = [(index, _row_words(index, row)) for index, row in enumerate(listed[: columns.HEADER_WITHIN])]
        self._field("header").choices = [("", _("no row names the columns")), *rows]
        self._field("confidence").choices = PurchaseLine._meta.get_field("confidence").choices
        width = max(len(row) for row in listed[:LOOKED_AT])
        self.names = [f"column_{index}" for index in range(width)]
        for index, name in enumerate(self.names):
            guess = of.columns[index] if index < len(of.columns) else ""
            self.fields[name] = forms.ChoiceField(
                label=_("Column %(number)s") % {"number": index + 1},
                choices=[("", _("ignored")), *ROLE_NAMES.items()],
                initial=guess,
                required=False,
            )

    def roles(self) -> list[str]:
        """Return the role of every column."""
        return [self.cleaned_data[name] for name in self.names]

    def _field(self, name: str) -> Any:
        return self.fields[name]


class ApplyForm(AskingForm):
    """Why the dates changed, and a note for the log."""

    reason_code = forms.ChoiceField(label=_("Reason"), initial=EtaRevision.ReasonCode.CONFIRMATION)
    note = forms.CharField(label=_("Note for the log"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons: Any = self.fields["reason_code"]
        reasons.choices = EtaRevision._meta.get_field("reason_code").choices or []


def _row_words(index: int, row: Row) -> str:
    words = " · ".join(cell for cell in row if cell)
    return f"{index + 1}: {words[:70]}"
