"""Presence: who has a screen open right now, so that two do not unknowingly do the same work; nobody is locked out.

It is kept in the cache (see `CACHES`) for as long as somebody keeps asking, never in a table. Two who ask at the same
moment may miss each other once; while the broker is away nobody is named.
"""

import datetime
import logging

from django.contrib.auth.models import AbstractUser
from django.core.cache import cache
from redis.exceptions import RedisError

from backorders.access.people import name_of

log = logging.getLogger(__name__)

EVERY = 30  # seconds between two signs of life of a screen
GONE = 3 * EVERY  # seconds without one


def others_at(place: str, *, by: AbstractUser, at: datetime.datetime) -> list[str]:
    """Note that `by` is at a place at this moment; return the names of the others who are, by name."""
    now = at.timestamp()
    try:
        seen: dict[int, tuple[str, float]] = cache.get(_key(place), {})
        others = {pk: (name, last) for pk, (name, last) in seen.items() if pk != by.pk and now - last < GONE}
        cache.set(_key(place), {**others, by.pk: (name_of(by), now)}, GONE)
    except RedisError as error:
        log.warning("nobody is named: %s", type(error).__name__)
        return []
    return sorted(name for name, _last in others.values())


def leave(place: str, *, by: AbstractUser) -> None:
    """Note that `by` is done there."""
    try:
        seen = cache.get(_key(place), {})
        if seen.pop(by.pk, None):
            cache.set(_key(place), seen, GONE)
    except RedisError as error:
        log.warning("nobody is named: %s", type(error).__name__)


def _key(place: str) -> str:
    return f"presence:{place}"
