"""How often somebody may try: counted in the cache, never in a table, for as long as a window lasts.

All processes count in the broker (see `CACHES`), each for itself where none is given. It holds back a flood, not a
person: while the broker is away nobody waits.
"""

import logging
from typing import NamedTuple

from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class Limit(NamedTuple):
    """So many tries within so many seconds."""

    name: str
    most: int
    seconds: int


CHANGES = Limit("changes", 40, 600)  # by link
NEW_LINKS = Limit("new-links", 20, 3600)  # by address of the network
NEW_LINK = Limit("new-link", 1, 3600)  # by link that has ended
NOWHERE = Limit("nowhere", 60, 600)  # links that lead nowhere, by address of the network


def wait(limit: Limit, who: str) -> int:
    """Count a try of `who` and return how many seconds they have to wait; 0: none."""
    key = f"{limit.name}:{salted_hmac('backorders.limiting', who).hexdigest()}"
    try:
        if cache.add(key, 1, limit.seconds):
            return 0
        tries = cache.incr(key)
    except ValueError:  # it expired between the two
        return 0
    except RedisError as error:
        log.warning("tries are not counted: %s", type(error).__name__)
        return 0
    return limit.seconds if tries > limit.most else 0
