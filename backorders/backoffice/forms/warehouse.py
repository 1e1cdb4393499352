"""Forms of the warehouse and of buying: what was counted, what will not come, what is ordered."""

from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.actions.buying import OrderedGoods
from backorders.backoffice.forms.asking import AskingForm, DateInput, SeenReasonForm, chooser, number
from backorders.catalog.models import Product
from backorders.supply.models import PurchaseLine, PurchaseOrder, StockLevel, Supplier, Warehouse


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
