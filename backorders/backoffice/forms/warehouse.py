"""Forms of the warehouse and of buying: what arrived, what was counted, what will not come."""

import secrets
from collections.abc import Sequence
from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.actions.buying import OrderedGoods
from backorders.actions.receiving import Arrival
from backorders.backoffice.forms.asking import AskingForm, DateInput, SeenReasonForm, chooser, number
from backorders.catalog.models import Product
from backorders.supply.models import PurchaseLine, PurchaseOrder, StockLevel, Supplier, Warehouse


class ArrivalForm(forms.Form):
    """What arrived of one purchase line; prefilled with what is outstanding, so that only exceptions are typed."""

    quantity = forms.IntegerField(label=_("Good"), min_value=0, widget=number())
    over = forms.IntegerField(label=_("Over"), min_value=0, required=False, widget=number())
    damaged = forms.IntegerField(label=_("Damaged"), min_value=0, required=False, widget=number())
    note = forms.CharField(label=_("Note"), required=False, max_length=200)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, line: PurchaseLine, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.line = line
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{field.label}: {line.product.sku}"
            field.widget.attrs["class"] = f"arrival-{name}"


class ReceiveForm(AskingForm):
    """A delivery note against the lines of one purchase order."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=120)

    def __init__(self, data: Any = None, *, lines: Sequence[PurchaseLine]) -> None:
        super().__init__(data, initial={"key": secrets.token_urlsafe(12)})
        self.lines = [
            ArrivalForm(
                data,
                prefix=f"line_{line.pk}",
                line=line,
                initial={"quantity": line.outstanding, "over": 0, "damaged": 0, "seen": line.version},
            )
            for line in lines
        ]

    def renew(self) -> None:
        """After a refusal because of somebody else's change: whoever saves again has seen it."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # what a request sent
        for form in self.lines:
            data[form.add_prefix("seen")] = form.initial["seen"]
        self.data = data
        for form in self.lines:
            form.data = data

    def clean(self) -> dict[str, Any]:
        """Check every line, and that something arrived."""
        cleaned = super().clean() or {}
        valid = [line.is_valid() for line in self.lines]  # every line is asked, so that every mistake shows
        if not all(valid):
            self.add_error(None, _("Correct the quantities marked below."))
        elif not self.arrivals():
            self.add_error(None, _("Nothing arrived: every quantity is 0."))
        return cleaned

    def arrivals(self) -> list[Arrival]:
        """Return what arrived; lines of which nothing did are left out."""
        said = [(form.line.pk, form.cleaned_data) for form in self.lines]
        made = [Arrival(pk, d["quantity"], d["over"] or 0, d["damaged"] or 0, d["note"], d["seen"]) for pk, d in said]
        return [arrival for arrival in made if arrival.quantity or arrival.over or arrival.damaged]


class CountForm(AskingForm):
    """What was counted of a product in a warehouse, and why it was counted."""

    layout = (Div("product", "warehouse", css_class="fields"), Div("counted", "reason", css_class="fields"))
    product = forms.ModelChoiceField(Product.objects.all(), label=_("Product"), widget=chooser(StockLevel, "product"))
    warehouse = forms.ModelChoiceField(Warehouse.objects.all(), label=_("Warehouse"))
    counted = forms.IntegerField(label=_("Counted"), min_value=0, widget=number())
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Kept with the change."))
    seen_on_hand = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def renew(self) -> None:
        """Whoever counts again has seen what lies there now."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # what a request sent
        data.pop("seen_on_hand", None)
        self.data = data


class ClosePurchaseLineForm(SeenReasonForm):
    """Why what is outstanding will not come."""


class OrderGoodsForm(AskingForm):
    """From whom goods are ordered; the lines are a formset beside it."""

    layout = (Div("number", "supplier", css_class="fields"),)
    only_for_saving = ("number",)
    number = forms.CharField(label=_("Number"), max_length=60)
    supplier = forms.ModelChoiceField(
        Supplier.objects.all(), label=_("Supplier"), widget=chooser(PurchaseOrder, "supplier")
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.lines = GoodsFormSet(data, prefix="lines")

    def clean(self) -> dict[str, Any]:
        """Check the lines as well."""
        cleaned = super().clean() or {}
        if not self.lines.is_valid():
            self.add_error(None, _("Correct the lines below."))
        return cleaned

    def goods(self) -> list[OrderedGoods]:
        """Return what is ordered."""
        return [OrderedGoods(**line) for line in self.lines.cleaned_data if line]


class GoodsForm(forms.Form):
    """A product, how many of it, where it goes, and when the supplier says it comes."""

    product = forms.ModelChoiceField(Product.objects.all(), label=_("Product"), widget=chooser(PurchaseLine, "product"))
    quantity = forms.IntegerField(label=_("Units"), min_value=1, widget=number())
    warehouse = forms.ModelChoiceField(Warehouse.objects.all(), label=_("Warehouse"))
    eta_on = forms.DateField(label=_("ETA"), required=False, widget=DateInput())
    eta_until = forms.DateField(label=_("ETA until"), required=False, widget=DateInput())


GoodsFormSet = forms.formset_factory(GoodsForm, extra=5, max_num=5, absolute_max=5)
