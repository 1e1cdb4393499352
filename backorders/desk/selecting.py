"""A selection is frozen when it leaves the list; each person keeps the latest few, and sees only their own."""

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser

from backorders.desk.models import Selection

KEPT = 10


def freeze(ids: Iterable[int], *, by: AbstractBaseUser, at: datetime.datetime) -> Selection:
    """Keep the ids in their order; of a person's selections the latest ten stay."""
    made = Selection.objects.create(owner=by, ids=list(ids), made_at=at)  # type: ignore[misc]
    old = Selection.objects.filter(owner=by).order_by("-id").values_list("pk", flat=True)[KEPT:]  # type: ignore[misc]
    Selection.objects.filter(pk__in=list(old)).delete()
    return made


def frozen(name: str, *, by: AbstractBaseUser) -> list[int] | None:
    """Return the ids of a person's selection, or None if they never made it or it is too old."""
    if "\x00" in name:
        return None
    ids: list[int] | None = (
        Selection.objects.filter(owner=by, name=name).values_list("ids", flat=True).first()  # type: ignore[misc]
    )
    return ids
