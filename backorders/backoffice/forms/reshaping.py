"""Forms that reshape an order that waits: split it, exchange a product, put one line before another."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from crispy_forms.layout import Div
from django import forms
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.forms.asking import SeenReasonForm, number
from backorders.orders.models import OrderLine


class Choice(NamedTuple):
    """One thing to choose: the id of what it stands for, and its words."""

    pk: int
    words: str


class SplitForm(SeenReasonForm):
    """How many open units of each line go to an order of their own, and why."""

    def __init__(self, data: Any = None, *, lines: Sequence[OrderLine], initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        for line in lines:
            self.fields[f"line_{line.pk}"] = forms.IntegerField(
                label=line.product.name,
                help_text=_("%(ready)s ready, %(waiting)s waiting")
                % {"ready": line.allocated, "waiting": line.waiting},
                min_value=0,
                max_value=line.open_quantity,
                required=False,
                initial=line.waiting,
                widget=number(),
            )
        self.lines = lines
        self.order_fields([f"line_{line.pk}" for line in lines])

    def units(self) -> list[tuple[int, int]]:
        """Return (line id, quantity) of what is split off."""
        wanted = [(line.pk, self.cleaned_data.get(f"line_{line.pk}")) for line in self.lines]
        return [(pk, quantity) for pk, quantity in wanted if quantity]


class ChoosingForm(SeenReasonForm):
    """One of a few things, and why."""

    chosen = forms.TypedChoiceField(label=_("Choose"), coerce=int, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, choices: Sequence[Choice], initial: dict[str, Any]) -> None:
        first = {"chosen": choices[0].pk} if choices else {}
        super().__init__(data, initial={**first, **initial})
        self.fields["chosen"].choices = [(choice.pk, choice.words) for choice in choices]  # type: ignore[attr-defined]


class SubstituteForm(ChoosingForm):
    """Which product comes instead, for how many units, and why."""

    layout = ("chosen", Div("quantity", "reason", css_class="fields"))
    quantity = forms.IntegerField(label=_("Units"), min_value=1, widget=number())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chosen"].label = _("Comes instead")


class ReallocateForm(ChoosingForm):
    """Before which line this one goes, and why."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chosen"].label = _("Goes before")
