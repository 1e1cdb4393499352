"""Every record keeps the habits of the house: it says what it is, reads as words, and comes in a certain order."""

import re

import pytest
from django.apps import apps
from django.db import models

from backorders.allocation.models import Allocation
from backorders.changes.models import ChangeSet, Touch
from tests.actions.desk import a_world

OURS = [model for model in apps.get_models() if model.__module__.startswith("backorders.")]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_its_docstring_is_its_entry_in_the_glossary(model: type[models.Model]) -> None:
    name = re.escape(str(model._meta.verbose_name))
    assert re.match(rf"(A|An|The) {name} (is|says) ", model.__doc__ or "", re.IGNORECASE), model.__doc__


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_rows_come_in_an_order_that_leaves_nothing_to_chance(model: type[models.Model]) -> None:
    if model._meta.ordering:
        last = model._meta.get_field(model._meta.ordering[-1].lstrip("-").replace("pk", model._meta.pk.name))
        assert last.unique or last.primary_key
    else:
        assert model.__name__ in ("MailSwitch", "TellingRules"), "there is only one"


@pytest.mark.django_db
def test_every_record_reads_as_words() -> None:
    a_world()
    read = 0
    for model in OURS:
        for row in model._default_manager.all()[:2]:
            assert str(row).strip()
            assert " object (" not in str(row)
            read += 1
    assert read > 20
    assert {ChangeSet, Touch, Allocation} <= set(OURS)
