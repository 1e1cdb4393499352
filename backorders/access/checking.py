"""Asking the table: by verbs of whoever acts, by Django of whoever looks. Nobody's act is the system's."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from backorders.access.table import (
    CAPABILITIES,
    GROUP_LABELS,
    GROUPS,
    NOBODY,
    Capability,
    Role,
    group_names,
    permissions_of,
    roles_with,
)
from backorders.refusal import Refused

P = ParamSpec("P")
R = TypeVar("R")
_BY_NAME = {name: role for role, name in GROUPS.items()}


class NotAllowed(Refused):
    """The person's roles do not have this verb; `details` name it and the roles that have it."""


def allowed(verb: Callable[P, R], *, capability: str = "") -> Callable[P, R]:
    """Let only those call `verb` whose role has it: the person in its argument `by`; None is the system.

    The verb's name in the table is its room and its own, "revising.revise_eta", unless it is a step of another
    `capability`. A private part of a verb is not asked again.
    """
    if verb.__name__.startswith("_"):
        return verb
    capability = capability or capability_of(verb)

    @functools.wraps(verb)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if (by := kwargs.get("by")) is not None:
            check(capability, by=by)
        return verb(*args, **kwargs)

    checked.capability = capability  # type: ignore[attr-defined]  # a test looks for it
    return checked


def capability_of(verb: Callable[..., Any]) -> str:
    """Return the name of a verb in the table of capabilities."""
    return f"{verb.__module__.rpartition('.')[2]}.{verb.__name__}"


def check(capability: str, *, by: Any) -> None:
    """Refuse, with the roles that have it, what this person's roles do not have. Raises `NotAllowed`."""
    if may(by, capability):
        return
    known = CAPABILITIES.get(capability, Capability(capability, NOBODY))
    groups = group_names(known.roles)
    raise NotAllowed(
        _("Your role does not allow this: %(what)s. Roles that do: %(who)s."),
        what=known.label,
        who=_in_words_lazy(groups),
        capability=capability,
        roles=groups,
    )


def may(by: Any, capability: str) -> bool:
    """Whether this person (None: the system) may do this."""
    return by is None or (isinstance(by, PermissionsMixin) and by.has_perm(capability))


def roles_of(person: AbstractBaseUser | AnonymousUser) -> Role:
    """Return the roles of a person; read once per request, since they hang on the person as it was read."""
    if not isinstance(person, PermissionsMixin) or not person.is_active:
        return NOBODY
    known: Role | None = getattr(person, "_roles", None)
    if known is None:
        names = person.groups.values_list("name", flat=True)
        known = functools.reduce(Role.__or__, (_BY_NAME[name] for name in names if name in _BY_NAME), NOBODY)
        person._roles = known  # type: ignore[attr-defined]  # kept as Django keeps its own permission cache
    return known


def in_words(groups: list[str]) -> str:
    """Return the roles' names in the reader's language, divided by commas."""
    return ", ".join(str(GROUP_LABELS[name]) for name in groups) or "–"


_in_words_lazy = lazy(in_words, str)


class RolesBackend(ModelBackend):
    """Logs people in as Django does, and lets the table answer first what they may do.

    Django's own permissions can be given on top of it to people or to further groups.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether one of the person's roles has it, or it was given to them; nothing is given for single objects."""
        return obj is None and (bool(roles_with(perm) & roles_of(user_obj)) or super().has_perm(user_obj, perm))

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return what the person's roles and other groups have."""
        theirs = super().get_group_permissions(user_obj, obj)
        return {*theirs, *permissions_of(roles_of(user_obj))} if obj is None else theirs
