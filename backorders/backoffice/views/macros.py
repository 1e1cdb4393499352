"""Macros: the short answers that our people begin with, kept in both languages."""

from typing import Any

from django import forms
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.actions import macros
from backorders.actions.caring import LONGEST
from backorders.actions.done import Done
from backorders.backoffice.forms.asking import AskingForm
from backorders.backoffice.views.screen import ActScreen, Doing, Screen
from backorders.notifications.emails import company
from backorders.notifications.models import Macro
from backorders.notifications.wordings import UNDATED, checked_answer, filled
from backorders.refusal import Refused

# What an example of a filled text names; no customer is real.
EXAMPLE = {"number": "10482", "name": "Örnek Müşteri"}


class MacroForm(AskingForm):
    """The name of a macro and its texts."""

    only_for_saving = ("name",)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    english = forms.CharField(
        label=gettext_lazy("English"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 5})
    )
    turkish = forms.CharField(
        label=gettext_lazy("Turkish"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 5})
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)


class Macros(Screen):
    """Every macro in use."""

    template_name = "backoffice/macros.html"
    permission = "macros.write_macro"
    title = gettext_lazy("Macros of answers")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the macros."""
        found = Macro.objects.filter(withdrawn_at=None).select_related("written_by").order_by("name", "id")
        return super().get_context_data(macros=found, **kwargs)


class NewMacro(ActScreen):
    """Write a macro, and read it filled in both languages."""

    template_name = "backoffice/macro.html"
    preview_template = "backoffice/macro_preview.html"
    permission = "macros.write_macro"
    back_name = gettext_lazy("Macros of answers")
    button = gettext_lazy("Keep the macro")

    @cached_property
    def macro(self) -> Macro | None:
        """The macro that is changed; none if one is made."""
        return None

    def heading(self) -> str:
        """Say that it is new."""
        return _("New macro")

    def form(self, data: Any = None) -> MacroForm:
        """Start empty."""
        return MacroForm(data, initial={"seen": 0})

    def looked_ahead(self, form: MacroForm) -> dict[str, Any]:
        """Show both texts filled."""
        if not form.is_ready():
            return {"shown": [], "unready": True}
        labels = {"english": _("English"), "turkish": _("Turkish")}
        places = {**EXAMPLE, "company": company()["name"]}
        try:
            texts = [(label, checked_answer(label, form.cleaned_data[name])) for name, label in labels.items()]
        except Refused as refusal:
            return {"shown": [], "refusal": str(refusal)}
        return {"shown": [(label, filled(text, places)) for label, text in texts]}

    def does(self, form: MacroForm) -> Done[Macro]:
        """Keep it."""
        said = dict(form.cleaned_data)
        seen = said.pop("seen")
        return macros.write_macro(self.macro, **said, seen_version=seen, by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to all of them."""
        return reverse("admin:macros")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the places."""
        return super().get_context_data(places=[f"{{{name}}}" for name in UNDATED], **kwargs)


class EditMacro(NewMacro):
    """Change a macro."""

    @cached_property
    def macro(self) -> Macro:
        """The macro."""
        return get_object_or_404(Macro, pk=self.kwargs["pk"], withdrawn_at=None)

    def heading(self) -> str:
        """Name it."""
        return self.macro.name

    def form(self, data: Any = None) -> MacroForm:
        """Start with what it says."""
        said = {name: getattr(self.macro, name) for name in ("name", "english", "turkish")}
        return MacroForm(data, initial={**said, "seen": self.macro.version})


class WithdrawMacro(Doing):
    """Offer a macro no longer."""

    permission = "macros.withdraw_macro"

    def does(self) -> Done[Macro]:
        """Withdraw it."""
        return macros.withdraw_macro(get_object_or_404(Macro, pk=self.kwargs["pk"]), by=self.by, at=self.at)

    def back(self) -> str:
        """Go back to all of them."""
        return reverse("admin:macros")
