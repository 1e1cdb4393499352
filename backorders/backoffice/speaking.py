"""Models speak plain English; the screens say their words in the reader's language."""

from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

OURS = "backorders."


def speak_models() -> None:
    """Make every name, help text and choice of our models translatable: the English words are the keys."""
    for app in our_apps():
        app.verbose_name = gettext_lazy(str(app.verbose_name))
    for model in our_models():
        options = model._meta
        options.verbose_name = gettext_lazy(str(options.verbose_name))
        options.verbose_name_plural = gettext_lazy(str(options.verbose_name_plural))
        for field in _own_fields(model):
            field.verbose_name = gettext_lazy(str(field.verbose_name))
            if field.help_text:
                field.help_text = gettext_lazy(str(field.help_text))
            if field.choices:
                field.choices = [(value, _spoken(label)) for value, label in field.flatchoices]


def model_words() -> Iterator[str]:
    """Yield every English word or sentence of our models that a screen can show."""
    yield from (str(app.verbose_name) for app in our_apps())
    for model in our_models():
        yield str(model._meta.verbose_name)
        yield str(model._meta.verbose_name_plural)
        for field in _own_fields(model):
            yield str(field.verbose_name)
            if field.help_text:
                yield str(field.help_text)
            yield from (str(label) for _value, label in field.flatchoices)


def our_apps() -> list[AppConfig]:
    """Return the project's own apps that have models."""
    return [app for app in apps.get_app_configs() if app.name.startswith(OURS) and list(app.get_models())]


def our_models() -> list[type[models.Model]]:
    """Return the models of the project's own apps."""
    return [model for app in our_apps() for model in app.get_models()]


def _own_fields(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    return [field for field in model._meta.get_fields() if isinstance(field, models.Field)]


def _spoken(label: Any) -> Any:
    return label if isinstance(label, Promise) else gettext_lazy(str(label))
