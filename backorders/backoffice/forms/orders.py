"""Forms of the order screen: what can be done to an order and its lines."""

from collections.abc import Sequence
from typing import Any

from crispy_forms.layout import Div
from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.actions.placing import NewLine, NewOrder
from backorders.backoffice.forms.asking import AskingForm, SeenForm, SeenReasonForm, chooser, number
from backorders.catalog.models import Product
from backorders.orders.models import Carrier, Customer, Order, OrderLine, Shipment, ShipmentLine
from backorders.supply.models import Warehouse

LINES = 5


class CancelLineForm(SeenReasonForm):
    """How many units to cancel, and why."""

    layout = (Div("quantity", "reason", css_class="fields"),)
    quantity = forms.IntegerField(label=_("Units to cancel"), min_value=1, widget=number())


class QuantityForm(SeenReasonForm):
    """What the ordered quantity becomes, and why."""

    layout = (Div("quantity", "reason", css_class="fields"),)
    quantity = forms.IntegerField(label=_("New quantity"), min_value=1, widget=number())


class NoteForm(AskingForm):
    """What to remember about an order."""

    text = forms.CharField(label=_("Internal note"), widget=forms.Textarea(attrs={"rows": 2}))


class ShipForm(SeenForm):
    """How many of the units that lie ready leave in this parcel, and how it travels."""

    carrier = forms.ModelChoiceField(Carrier.objects.all(), label=_("Carrier"))
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=80, required=False)

    def __init__(self, data: Any = None, *, lines: Sequence[OrderLine], initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        for line in lines:
            self.fields[f"line_{line.pk}"] = forms.IntegerField(
                label=line.product.name,
                help_text=_("%(ready)s ready") % {"ready": line.allocated},
                min_value=0,
                initial=line.allocated,
                widget=number(),
            )
        self.lines = lines
        self.order_fields([f"line_{line.pk}" for line in lines])

    def units(self) -> list[tuple[int, int]]:
        """Return (line id, quantity) of what leaves."""
        wanted = [(line.pk, self.cleaned_data[f"line_{line.pk}"]) for line in self.lines]
        return [(pk, quantity) for pk, quantity in wanted if quantity]


class DeliveredForm(AskingForm):
    """Who says that a parcel arrived."""

    confirmed_by = forms.ChoiceField(label=_("Confirmed"), widget=forms.RadioSelect, initial=Shipment.Confirmed.CARRIER)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["confirmed_by"]
        choices.choices = [
            choice for choice in Shipment._meta.get_field("delivery_confirmed_by").choices or [] if choice[0]
        ]


class LostForm(SeenReasonForm):
    """What becomes of the units of a parcel that is lost, and how we know."""

    pays_back = forms.ChoiceField(
        label=_("The customer"),
        choices=[("", _("gets everything once more")), ("1", _("gets the money back"))],
        required=False,
        initial="",
        widget=forms.RadioSelect,
    )
    layout = ("seen", "pays_back", "reason")

    def clean_pays_back(self) -> bool:
        """Return whether the money goes back."""
        return bool(self.cleaned_data["pays_back"])


class ReturnForm(SeenForm):
    """How many shipped units came back, where they lie now, and why."""

    layout = (Div("quantity", "warehouse", "reason", css_class="fields"),)
    quantity = forms.IntegerField(label=_("Units that came back"), min_value=1, widget=number())
    warehouse = forms.ModelChoiceField(Warehouse.objects.all(), label=_("Back in"))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, data: Any = None, *, shipped: ShipmentLine, initial: dict[str, Any] | None = None) -> None:
        left = shipped.quantity - shipped.returned
        super().__init__(data, initial={"quantity": left, "warehouse": Warehouse.objects.first(), **(initial or {})})


class PlaceOrderForm(AskingForm):
    """Who orders; the lines are a formset beside it."""

    layout = (
        Div("number", "customer", "carrier", css_class="fields"),
        Div("currency", "is_paid", "is_ship_complete", "is_date_essential", css_class="fields"),
    )
    number = forms.CharField(label=_("Order number"), max_length=40)
    customer = forms.ModelChoiceField(Customer.objects.all(), label=_("Customer"), widget=chooser(Order, "customer"))
    carrier = forms.ModelChoiceField(Carrier.objects.all(), label=_("Carrier"))
    currency = forms.CharField(label=_("Currency"), min_length=3, max_length=3, initial="EUR")
    is_paid = forms.BooleanField(label=_("Paid"), required=False)
    is_ship_complete = forms.BooleanField(label=_("Ship complete"), required=False)
    is_date_essential = forms.BooleanField(label=_("Date is essential"), required=False)
    key = forms.CharField(widget=forms.HiddenInput, max_length=120)

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.lines = NewLineFormSet(data, prefix="lines")

    def clean(self) -> dict[str, Any]:
        """Check the lines as well."""
        cleaned = super().clean() or {}
        if not self.lines.is_valid():
            self.add_error(None, _("Correct the lines below."))
        return cleaned

    def order(self) -> NewOrder:
        """Return the order as it is to be placed."""
        asked = {name: value for name, value in self.cleaned_data.items() if name != "key"}
        lines = [NewLine(line["product"], line["quantity"]) for line in self.lines.cleaned_data if line]
        return NewOrder(**asked, lines=lines)


class NewLineForm(forms.Form):
    """A product and how many of it."""

    product = forms.ModelChoiceField(
        Product.objects.filter(is_active=True),
        label=_("Product"),
        widget=chooser(OrderLine, "product"),
    )
    quantity = forms.IntegerField(label=_("Units"), min_value=1, widget=number())


NewLineFormSet = forms.formset_factory(NewLineForm, extra=LINES, max_num=LINES, absolute_max=LINES)
