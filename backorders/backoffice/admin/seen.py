"""A record's plain form knows what it showed: what somebody else changed meanwhile is said, never overwritten."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db import models
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backorders.backoffice.zones import local

SALT = "backorders.seen"
SEEN = "seen_values"


class Seen(forms.CharField):
    """What the form was opened with; never a change by itself."""

    def __init__(self, initial: str) -> None:
        super().__init__(widget=forms.HiddenInput, initial=initial, required=False)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """It is no field of the record."""
        return False


class SeenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form of one record that carries, signed, the values it was opened with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            shown = _values(self.instance, self.fields)
            self.fields[SEEN] = Seen(signing.dumps(shown, salt=SALT, compress=True))

    def clean(self) -> dict[str, Any]:
        """Refuse what was opened before somebody else's change, and say what they changed from and to."""
        cleaned = super().clean() or {}
        if self.instance.pk is None:
            return cleaned
        try:
            seen = signing.loads(cleaned.pop(SEEN, "") or "", salt=SALT)
        except signing.BadSignature:
            raise forms.ValidationError(_("This form was altered on its way. Open it again.")) from None
        # The instance is changed by the form as it is validated, so what is stored is read again (and was locked).
        stored = type(self.instance)._default_manager.get(pk=self.instance.pk)
        now = _values(stored, seen)
        changed = [name for name in seen if now[name] != seen[name]]
        if changed:
            self._renew(now)
            raise forms.ValidationError([_intro(stored), *(_from_to(stored, name, seen, now) for name in changed)])
        return cleaned

    def _renew(self, now: dict[str, Any]) -> None:
        """Whoever saves again has seen it."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # what a request sent
        data[self.add_prefix(SEEN)] = signing.dumps(now, salt=SALT, compress=True)
        self.data = data


class SeenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin whose forms notice what changed since they were opened, and which writes only what was changed."""

    form = SeenForm

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Lock the record while it is being saved: two forms sent at once are weighed one after the other."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and request.method == "POST":
            self.model._base_manager.select_for_update(of=("self",)).filter(pk=found.pk).first()
            found.refresh_from_db()
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write what was changed in the form and nothing else."""
        if not change:
            return super().save_model(request, obj, form, change)
        own = {field.name for field in obj._meta.concrete_fields}
        obj.save(update_fields=[name for name in form.changed_data if name in own])
        return None


def _values(record: models.Model, names: Any) -> dict[str, Any]:
    """What a record holds and is linked to, as text that can be compared and shown."""
    own = {field.name: field for field in record._meta.concrete_fields}
    several = {field.name for field in record._meta.many_to_many}
    held = {name: own[name].value_to_string(record) for name in names if name in own}
    linked = {name: ", ".join(map(str, getattr(record, name).order_by("pk"))) for name in names if name in several}
    return held | linked


def _intro(stored: models.Model) -> str:
    kind = ContentType.objects.get_for_model(type(stored))
    last = LogEntry.objects.filter(content_type=kind, object_id=str(stored.pk)).select_related("user").first()
    if last is None:
        return _("This was changed since you opened it. Nothing was saved; look at it again.")
    said = {"who": last.user, "when": date_format(local(last.action_time), "j M H:i")}
    return _("Changed by %(who)s, %(when)s, since you opened it. Nothing was saved; look at it again.") % said


def _from_to(stored: models.Model, name: str, seen: dict[str, Any], now: dict[str, Any]) -> str:
    label = capfirst(str(stored._meta.get_field(name).verbose_name))  # type: ignore[union-attr]
    return f"{label}: {seen[name] or '–'} → {now[name] or '–'}"
