"""The form of a person's preferences; two commands never share a key."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.backoffice.keyboard import CHANGEABLE, Command
from backorders.backoffice.preferences import HOMES
from backorders.backoffice.zones import zone_names
from backorders.desk.models import Preference
from backorders.inbox.models import NEVER_MUTED, Notice

LOOKS = ("theme", "density", "language", "time_zone", "home")
NAMES = (*LOOKS, "digest", "are_keys_on")


class PreferenceForm(forms.Form):
    """How the desk looks, what comes first, and what the keys do."""

    theme = forms.ChoiceField(label=gettext_lazy("Theme"))
    density = forms.ChoiceField(label=gettext_lazy("Density"))
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("as the browser has it")), *settings.LANGUAGES],
    )
    home = forms.ChoiceField(
        label=gettext_lazy("First screen"),
        required=False,
        choices=[("", gettext_lazy("as my role has it")), *HOMES.items()],
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone of moments"),
        required=False,
        choices=lambda: [
            ("", f"{_('as the business has it')} ({settings.TIME_ZONE})"),
            *((n, n) for n in zone_names()),
        ],
    )
    digest = forms.ChoiceField(label=gettext_lazy("My inbox by e-mail"))
    muted = forms.MultipleChoiceField(
        label=gettext_lazy("Muted kinds of notices"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=lambda: [(k, label) for k, label in Notice._meta.get_field("kind").flatchoices if k not in NEVER_MUTED],
    )
    are_keys_on = forms.BooleanField(label=gettext_lazy("Single keys do something"), required=False)

    def __init__(self, data: Any = None, *, preference: Preference | None, muted: Collection[str]) -> None:
        super().__init__(data, initial={**self._initial(preference), "muted": muted})
        for name in ("theme", "density", "digest"):
            field: Any = self.fields[name]
            field.choices = Preference._meta.get_field(name).flatchoices  # type: ignore[union-attr]
        own = preference.keys if preference else {}
        for command in CHANGEABLE:
            self.fields[f"key_{command.name}"] = forms.CharField(
                label=command.label, max_length=1, required=False, initial=own.get(command.name, command.key)
            )

    @staticmethod
    def _initial(preference: Preference | None) -> dict[str, Any]:
        known = preference or Preference()
        return {name: getattr(known, name) for name in NAMES}

    @property
    def keys(self) -> list[Any]:
        """The fields of the keys."""
        return [self[f"key_{command.name}"] for command in CHANGEABLE]

    @property
    def looks(self) -> list[Any]:
        """The other fields that are chosen."""
        return [self[name] for name in LOOKS]

    def clean(self) -> dict[str, Any]:
        """Refuse the same key for two commands; g begins the keys that lead to pages."""
        cleaned: dict[str, Any] = super().clean() or {}
        taken: list[tuple[str, Command]] = []
        for command in CHANGEABLE:
            name = f"key_{command.name}"
            key = cleaned.get(name) or command.key
            if key == "g":
                self.add_error(name, _("g begins the keys that lead to pages."))
            elif other := next((each for was, each in taken if was == key and each.meets(command)), None):
                words = {"key": key, "other": other.label}
                self.add_error(name, _("“%(key)s” is the key of “%(other)s”.") % words)
            taken.append((key, command))
        return cleaned

    def own_keys(self) -> dict[str, str]:
        """Return the commands that have another key than the usual one."""
        typed = {command: self.cleaned_data.get(f"key_{command.name}") for command in CHANGEABLE}
        return {command.name: key for command, key in typed.items() if key and key != command.key}
