"""Posting: what concerns several people lies in the inbox of each; what lies there unread is counted up."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser

from backorders import rows
from backorders.access.table import Role, group_names
from backorders.inbox.models import Notice


def people_with(roles: Role) -> list[int]:
    """Return the ids of the active people with any of these roles."""
    people = get_user_model().objects.filter(is_active=True, groups__name__in=group_names(roles))
    return list(people.order_by("pk").values_list("pk", flat=True).distinct())


def administrators(roles: Role) -> list[int]:
    """Return the people with these roles; without any, those who may break the glass."""
    found = people_with(roles)
    return found or list(
        get_user_model().objects.filter(is_active=True, is_superuser=True).order_by("pk").values_list("pk", flat=True)
    )


def post(
    kind: Notice.Kind,
    *,
    to: Iterable[int],
    key: str,
    object_id: int | None = None,
    words: dict[str, Any] | None = None,
    count: int = 1,
    at: datetime.datetime,
) -> None:
    """Let these people (ids) find it in their inbox: a fixed number of statements however many they are."""
    post_all(kind, [Posted(pk, key, object_id, words or {}, count) for pk in sorted(set(to))], at=at)


class Posted(NamedTuple):
    """One thing for one person (id): what it leads to (id), what its sentence names, how much there is of it."""

    person: int
    key: str
    object_id: int | None
    words: dict[str, Any]
    units: int


def post_all(kind: Notice.Kind, things: Sequence[Posted], *, at: datetime.datetime) -> None:
    """Let each person find each thing, at most one of a person and key: three statements however many there are."""
    wanted = {(each.person, each.key): each for each in things}
    lying = Notice.objects.filter(
        person__in={each.person for each in things}, key__in={each.key for each in things}, read_at=None
    )
    found = {(person, key): pk for pk, person, key in lying.values_list("pk", "person", "key")}
    known = {key: pk for key, pk in found.items() if key in wanted}
    rows.run(
        "UPDATE inbox_notice AS t SET count = t.count + {1}, at = {2}, words = {3}, object_id = {4}"
        " FROM {source} WHERE t.id = {0}",
        Notice,
        ["id", "count", "at", "words", "object_id"],
        [(pk, each.units, at, each.words, each.object_id) for key, pk in known.items() for each in [wanted[key]]],
    )
    new = [(key, each) for key, each in wanted.items() if key not in known]
    rows.insert(
        Notice,
        ["person", "kind", "key", "object_id", "words", "count", "at"],
        [(e.person, kind.value, e.key, e.object_id, e.words, e.units, at) for _key, e in new],
    )


def post_once(
    kind: Notice.Kind, things: Mapping[str, tuple[int, dict[str, Any]]], *, to: Iterable[int], at: datetime.datetime
) -> None:
    """Let these people (ids) find things that nobody was told of before, read or not: two statements however many.

    `things`: of each, by key, what it leads to (id) and what its sentence names.
    """
    known = set(Notice.objects.filter(key__in=things).values_list("key", flat=True))
    new = [(key, *about) for key, about in sorted(things.items()) if key not in known]
    rows.insert(
        Notice,
        ["person", "kind", "key", "object_id", "words", "count", "at"],
        [(pk, kind.value, key, number, words, 1, at) for pk in sorted(set(to)) for key, number, words in new],
    )


def settle(*keys: str, at: datetime.datetime) -> None:
    """Let things that are done wait for nobody any more."""
    Notice.objects.filter(key__in=keys, read_at=None).update(read_at=at)


def unread(person: AbstractBaseUser, *, cap: int, at: datetime.datetime) -> int:
    """Return how many notices wait for a person now, at most `cap`; those set aside do not."""
    return Notice.objects.waiting(at).filter(person=person.pk).order_by()[:cap].count()
