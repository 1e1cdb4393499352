"""Recording who did what: every act opens one change set, and an act with a key that is known happens only once."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from backorders import rows
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.sentences import Sentence


def open_change(
    act: str,
    *,
    reason: Sentence = "",
    key: str | None = None,
    before: dict[str, Any] | None = None,
    summary: dict[str, Any] | None = None,
    undoes: ChangeSet | None = None,
    source: Source | None = None,
    pk: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> ChangeSet:
    """Start the change set of an act. `source` defaults to staff when a person acts and to system when none does.

    `pk` is an id that was asked for before (`rows.new_ids`).
    """
    source = source or (Source.STAFF if by else Source.SYSTEM)
    change = ChangeSet(
        pk=pk,
        act=act,
        by=by,  # type: ignore[misc]  # the stubs know only the default user model
        source=source,
        at=at,
        reason=reason,
        key=key or None,
        before=before or {},
        summary=summary or {},
        undoes=undoes,
    )
    return rows.create(change)


def done_before(key: str | None) -> ChangeSet | None:
    """Return the change set that already did this act, or None."""
    return ChangeSet.objects.filter(key=key).first() if key else None


def touch(change_set: ChangeSet, *, kind: Touch.Kind, ids: Iterable[int]) -> None:
    """Note the things a change set changed directly."""
    rows.insert(
        Touch, ["change_set", "kind", "object_id"], [(change_set.pk, kind.value, pk) for pk in sorted(set(ids))]
    )
