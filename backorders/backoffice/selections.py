"""A selection is frozen when it leaves the list: what is shown and saved afterwards is what was ticked."""

from collections.abc import Iterable

from django.http import Http404, HttpRequest
from django.utils import timezone

from backorders.desk import selecting


def freeze(request: HttpRequest, ids: Iterable[int]) -> str:
    """Keep the ids on the server and return the name of the selection; of each person the latest few are kept."""
    return selecting.freeze(ids, by=request.user, at=timezone.now()).name  # type: ignore[arg-type]


def frozen(request: HttpRequest, name: str) -> list[int]:
    """Return the ids of a selection; 404 if this person never made it or it is too old."""
    ids = selecting.frozen(name, by=request.user)  # type: ignore[arg-type]
    if ids is None:
        raise Http404
    return ids
