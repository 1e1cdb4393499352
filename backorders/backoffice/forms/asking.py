"""What our forms have in common: crispy, translatable, and a preview that needs less than saving does."""

from collections.abc import Mapping, Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core import signing
from django.db import models
from django.utils.translation import gettext_lazy as _

from backorders.ids import typed_id


class AskingForm(forms.Form):
    """A form without its own form tag; fields named in `only_for_saving` may be missing when it is previewed."""

    only_for_saving: tuple[str, ...] = ("reason",)
    layout: tuple[Any, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.include_media = False  # it stands in the head of the page
        self.helper.layout = Layout(*self.layout) if self.layout else None
        if self.helper.layout is not None:
            self.helper.render_unmentioned_fields = True

    def is_ready(self) -> bool:
        """Whether everything the preview needs is there and valid."""
        return self.is_bound and not (set(self.errors) - set(self.only_for_saving))

    def renew(self) -> None:
        """After a refusal because of somebody else's change: whoever saves again has seen it."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # what a request sent
        data["seen"] = self.initial["seen"]
        self.data = data


class ReasonForm(AskingForm):
    """Why: for acts that need nothing else."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Kept with the change."))


class SeenForm(AskingForm):
    """A form that knows which version of the order it was opened on."""

    seen = forms.IntegerField(widget=forms.HiddenInput)


class SeenReasonForm(SeenForm, ReasonForm):
    """Why, for an act on the order as it was shown."""

    def seen_reason(self) -> dict[str, Any]:
        """Return what the verbs of these acts are called with besides their own."""
        return {"reason": self.cleaned_data["reason"], "seen_version": self.cleaned_data["seen"]}


class SeenVersionsForm(AskingForm):
    """A form about many things that carries, signed, the version of each as it was shown; `salt` is the form's own.

    A change by somebody else in between is refused instead of overwritten.
    """

    salt = ""
    seen = forms.CharField(widget=forms.HiddenInput)

    @classmethod
    def signed(cls, versions: Mapping[int, int]) -> str:
        """Return versions by id as the form carries them."""
        return signing.dumps(versions, salt=cls.salt, compress=True)

    def read(self, signed: str) -> dict[int, int]:
        """Return the versions by id. Raises `BadSignature` if they were altered."""
        return {int(pk): version for pk, version in signing.loads(signed, salt=self.salt).items()}

    def clean_seen(self) -> dict[int, int]:
        """Return the versions as they were shown, by id."""
        try:
            return self.read(self.cleaned_data["seen"])
        except signing.BadSignature:
            raise forms.ValidationError(_("This form was altered on its way. Open it again.")) from None


class DateInput(forms.DateInput):
    """A date typed or picked, by the browser's own calendar."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


def number(**attrs: Any) -> forms.NumberInput:
    """Return an input for whole units."""
    return forms.NumberInput(attrs={"inputmode": "numeric", "step": 1, **attrs})


class Chooser(AutocompleteSelect):
    """The admin's searching select, which shows what was sent to it even if that is nonsense."""

    def optgroups(self, name: str, value: Sequence[str], attrs: dict[str, Any] | None = None) -> Any:
        """Leave out what cannot be an id before it is looked up."""
        return super().optgroups(name, [each for each in value if typed_id(str(each)) is not None], attrs)


def chooser(model: type[models.Model], field: str) -> Chooser:
    """Return the searching select for what the foreign key `field` of `model` points to."""
    return Chooser(model._meta.get_field(field), admin.site)
