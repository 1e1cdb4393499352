"""The form of a policy of compensation: everything it says, as its record has it."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crispy_forms.layout import Div, Fieldset
from django import forms
from django.forms.models import fields_for_model
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backorders.actions.policymaking import Terms
from backorders.backoffice.forms.asking import AskingForm, DateInput
from backorders.compensation.models import CompensationPolicy


class SeenAmountForm(AskingForm):
    """A form that knows which amount it was opened on."""

    seen = forms.DecimalField(widget=forms.HiddenInput, decimal_places=2, max_digits=12)


def listing(amounts: Mapping[int, Decimal]) -> str:
    """Return the amounts that a list shows, by the ids of their proposals, in one hidden field."""
    return " ".join(f"{pk}:{amount}" for pk, amount in amounts.items())


_LISTED = re.compile(r"(?a:\b(\d{1,18}):(\d{1,10}\.\d\d)\b)")


def listed(field: str) -> dict[int, Decimal]:
    """Return what `listing` wrote into the field; what is nothing of the kind is left out."""
    return {int(pk): Decimal(amount) for pk, amount in _LISTED.findall(field)}


def _row(*names: str) -> Div:
    return Div(*names, css_class="fields")


class PolicyForm(AskingForm):
    """What a policy gives, for what, to whom, and at which cost at most."""

    only_for_saving = ("name",)
    layout = (
        "seen",
        "name",
        Fieldset(_("For what"), _row("trigger", "days"), css_class="part"),
        Fieldset(_("What is given"), _row("kind", "percent", "amount", "currency"), css_class="part"),
        Fieldset(_("To whom"), _row("category", "least_tier"), css_class="part"),
        Fieldset(_("At which cost"), _row("margin_percent", "budget_month", "budget_total"), css_class="part"),
        Fieldset(_("How"), _row("mode", "active_from", "active_until", "held_out_percent"), css_class="part"),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        dates: dict[str, Any] = {"active_from": DateInput(), "active_until": DateInput()}
        for name, field in fields_for_model(CompensationPolicy, Terms._fields, widgets=dates).items():
            if field is None:
                continue
            known: Any = CompensationPolicy._meta.get_field(name)
            field.label = capfirst(str(known.verbose_name))
            if isinstance(field, forms.TypedChoiceField):
                field.choices = known.flatchoices
            self.fields[name] = field

    def terms(self) -> Terms:
        """Return what the policy is to say."""
        said = {name: self.cleaned_data.get(name) for name in Terms._fields}
        said["name"] = said["name"] or "–"  # a preview does not need it
        return Terms(**said)  # type: ignore[arg-type]  # the form has checked each
