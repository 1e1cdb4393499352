"""The table of who may do what covers every verb and every record, and says what the house has agreed on."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin

from backorders import actions
from backorders.access import table
from backorders.access.checking import capability_of
from backorders.access.table import (
    ADMINISTRATOR,
    AUDITOR,
    CAPABILITIES,
    GROUP_LABELS,
    GROUPS,
    MANAGER,
    NOBODY,
    PURCHASING,
    RECORDS,
    SERVICE,
    WAREHOUSE,
    Role,
    permissions_of,
    roles_with,
)
from backorders.actions import approving

RULES = {"seconding", "keeping"}  # what verbs ask or keep, naming the person they do it for
# Allowed by themselves; a verb of the imports above the actions.
NOT_VERBS = {
    "contacts.see",
    "demo.load",
    "health.see",
    "lawful.prove",
    "opening.start_applying",
    "opening.start_undoing",
}


def verbs() -> Iterator[Any]:
    """Every public function of the actions that acts, or that somebody does."""
    for found in (found for found in pkgutil.iter_modules(actions.__path__) if found.name not in RULES):
        module = importlib.import_module(f"{actions.__name__}.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield function


def test_every_verb_stands_in_the_table_and_asks_it() -> None:
    found = {capability_of(verb): verb for verb in verbs()}
    done_by_somebody = {name for name, verb in found.items() if "by" in inspect.signature(verb).parameters}
    assert done_by_somebody <= CAPABILITIES.keys(), "say in access/table.py who may do them"
    assert CAPABILITIES.keys() - found.keys() == NOT_VERBS, "there are no such verbs"
    unasked = [name for name in done_by_somebody if not hasattr(found[name], "capability")]
    assert not unasked, "decorate them with @act, or with @allowed"


def test_every_record_stands_in_the_table() -> None:
    records = {model._meta.label_lower for model in admin.site._registry} - {"auth.permission"}
    assert records <= RECORDS.keys(), "say in access/table.py who sees them"
    assert RECORDS.keys() <= {model._meta.label_lower for model in apps.get_models()}


def test_every_role_has_its_group_and_every_group_its_words() -> None:
    assert list(GROUPS) == list(Role)
    assert GROUP_LABELS.keys() == set(GROUPS.values())


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        ("selling.cancel_line", SERVICE | MANAGER),
        ("revising.revise_eta", PURCHASING | MANAGER),
        ("receiving.receive", WAREHOUSE | MANAGER),
        ("contacts.see", SERVICE | MANAGER),
        ("orders.view_customer", SERVICE | MANAGER | AUDITOR),
        ("orders.change_customer", SERVICE | MANAGER),
        ("auth.change_user", ADMINISTRATOR),
        ("orders.delete_order", NOBODY),
        ("made.up", NOBODY),
        ("nonsense", NOBODY),
    ],
)
def test_who_has_a_permission(permission: str, roles: Role) -> None:
    assert roles_with(permission) == roles
    for role in Role:
        assert (permission in permissions_of(role)) == bool(role & roles)


def test_customer_service_never_edits_etas_and_purchasing_never_sees_contact_data() -> None:
    assert "revising.revise_eta" not in permissions_of(SERVICE)
    shown = {name for name in permissions_of(PURCHASING | WAREHOUSE) if name.startswith("notifications.")}
    assert not shown
    assert not {"contacts.see", "orders.view_customer"} & permissions_of(PURCHASING | WAREHOUSE)


def test_the_auditor_changes_nothing_and_the_administrator_sees_no_business_data() -> None:
    own = {"viewing.save_view", "viewing.delete_view", "viewing.prefer", "viewing.prefer_columns"}  # of their own desk
    own |= {"minding.ask_for_access", "minding.mark_read", "minding.mark_unread"}
    own |= {"minding.set_aside", "minding.take_up_again", "minding.follow", "minding.unfollow", "minding.mute"}
    assert all("view_" in name for name in permissions_of(AUDITOR) - own)
    settings = {f"changes.{way}_approvallimit" for way in ("view", "add", "change", "delete")}
    business = ("catalog.", "supply.", "orders.", "allocation.", "changes.", "selling.", "buying.", "receiving.")
    assert not [name for name in permissions_of(ADMINISTRATOR) - settings if name.startswith(business)]


def test_a_manager_may_do_every_verb_of_the_day() -> None:
    assert CAPABILITIES.keys() - permissions_of(MANAGER) == {
        "bookkeeping.repair_books",
        "approving.set_limits",
        "demo.load",
    }


def test_what_a_screen_shows_to_some_only_is_for_somebody() -> None:
    """A button behind a permission that no role has is seen by nobody but those who may do everything."""
    templates = [path.read_text() for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html")]
    asked = {found for text in templates for found in re.findall(r"perms\.(\w+\.\w+)", text)}
    navigation = (Path(settings.BASE_DIR) / "backorders/backoffice/navigation.py").read_text()
    asked |= set(re.findall(r'"(\w+\.\w+)"\)', navigation))
    assert {"receiving.receive", "placing.place_order"} <= asked
    assert not {permission for permission in asked if not roles_with(permission)}


def test_the_table_marks_what_can_need_an_approval() -> None:
    source = inspect.getsource(table)
    one_line = r'^    "([\w.]+)": _c.*# (?:.*; )?approval: '
    beneath = r'^    # approval: .*\n    "([\w.]+)": _c'
    marked = {*re.findall(one_line, source, re.M), *re.findall(beneath, source, re.M)}
    assert marked == set(approving.WAYS)
