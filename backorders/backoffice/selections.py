"""A selection is frozen when it leaves the list: what is shown and saved afterwards is what was ticked."""

import secrets
from collections.abc import Iterable

from django.http import Http404, HttpRequest

KEY = "selections"
KEPT = 5


def freeze(request: HttpRequest, ids: Iterable[int]) -> str:
    """Keep the ids in the session and return the name of the selection; the latest few are kept."""
    kept = dict(list(request.session.get(KEY, {}).items())[-(KEPT - 1) :])
    name = secrets.token_urlsafe(9)
    request.session[KEY] = {**kept, name: list(ids)}
    return name


def frozen(request: HttpRequest, name: str) -> list[int]:
    """Return the ids of a selection; 404 if this person never made it or it is too old."""
    try:
        return list(request.session[KEY][name])
    except KeyError:
        raise Http404 from None
