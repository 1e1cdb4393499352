"""The keyboard map: every command with its usual key; a person may give it another, or switch single keys off."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backorders.desk.models import Preference


class Command(NamedTuple):
    """Something a key does: its name, its usual key ("g b" is one after the other), what it does, where it works."""

    name: str
    key: str
    label: Any
    is_in_lists: bool = False
    is_on_orders: bool = False
    is_in_imports: bool = False
    goes_to: str = ""

    @property
    def is_everywhere(self) -> bool:
        """Whether it works on every page."""
        return not (self.is_in_lists or self.is_on_orders or self.is_in_imports)

    def meets(self, other: "Command") -> bool:
        """Whether there can be a page on which both work: then they never share a key."""
        return self.is_everywhere or other.is_everywhere or self.is_in_imports == other.is_in_imports


COMMANDS = (
    Command("search", "/", _("Search")),
    Command("help", "?", _("Show the keyboard map")),
    Command("go_queue", "g b", _("Go to the waiting lines"), goes_to="waiting_lines"),
    Command("go_purchases", "g p", _("Go to purchase orders"), goes_to="purchase_orders"),
    Command("go_receive", "g r", _("Go to receiving"), goes_to="expected"),
    Command("go_home", "g d", _("Go to the overview"), goes_to="index"),
    Command("go_inbox", "g n", _("Go to the inbox"), goes_to="inbox"),
    Command("undo", "u", _("Undo the last change")),
    Command("note", "n", _("Write a note"), is_in_lists=True, is_on_orders=True),
    Command("split", "s", _("Split the order"), is_on_orders=True),
    Command("back", "b", _("Back to the list"), is_on_orders=True),
    Command("previous_order", "[", _("Previous order of the list"), is_on_orders=True),
    Command("next_order", "]", _("Next order of the list"), is_on_orders=True),
    Command("next", "j", _("Next line"), is_in_lists=True),
    Command("previous", "k", _("Previous line"), is_in_lists=True),
    Command("select", "x", _("Choose the line"), is_in_lists=True),
    Command("select_range", "X", _("Choose up to this line"), is_in_lists=True),
    Command("peek", "p", _("Peek at the line"), is_in_lists=True),
    Command("set_eta", "e", _("Set the ETA"), is_in_lists=True, is_on_orders=True),
    Command("message", "m", _("Message"), is_in_lists=True, is_on_orders=True),
    Command("assign", "a", _("Assign"), is_in_lists=True, is_on_orders=True),
    Command("snooze", "z", _("Set aside"), is_in_lists=True, is_on_orders=True),
    Command("columns", "c", _("Choose columns"), is_in_lists=True),
    Command("next_problem", "e", _("Next problem"), is_in_imports=True),
)
# What cannot be given another key: it has none of its own, or is one that every program has.
FIXED = (
    ("Ctrl K, ⌘ K", _("Search")),
    ("Enter", _("Open the line")),
    ("Esc", _("Close")),
    ("Ctrl Enter", _("Save")),
)
CHANGEABLE = tuple(command for command in COMMANDS if len(command.key) == 1)


def keys_of(preference: Preference | None) -> dict[str, str]:
    """Return command → key as this person has it; none at all if they switched single keys off.

    A key that they gave to one command is no other's that it meets, even of one that came later and usually has it.
    """
    if preference is None:
        return {command.name: command.key for command in COMMANDS}
    if not preference.are_keys_on:
        return {}
    own: Mapping[str, str] = preference.keys
    given = [command for command in COMMANDS if command.name in own]
    keyed = [
        command
        for command in COMMANDS
        if command.name in own or not any(own[each.name] == command.key and each.meets(command) for each in given)
    ]
    return {command.name: own.get(command.name, command.key) for command in keyed}


def as_json(preference: Preference | None) -> str:
    """Return the map for the script: key → command, or → the address it leads to; several stand beside each other."""
    map_of: dict[str, str] = {}
    for name, key in keys_of(preference).items():
        map_of[key] = f"{map_of[key]} {_does(name)}" if key in map_of else _does(name)
    return json.dumps(map_of, ensure_ascii=False, separators=(",", ":"))


def _does(name: str) -> str:
    command = next(command for command in COMMANDS if command.name == name)
    return reverse(f"admin:{command.goes_to}") if command.goes_to else name
