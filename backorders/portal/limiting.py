"""How often somebody may try: counted in the cache, never in a table, for as long as a window lasts.

The count is kept by each process unless the settings name a cache that they share; it holds back a flood, not a person.
"""

from typing import NamedTuple

from django.core.cache import cache
from django.utils.crypto import salted_hmac


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
    if cache.add(key, 1, limit.seconds):
        return 0
    try:
        tries = cache.incr(key)
    except ValueError:  # it expired between the two
        return 0
    return limit.seconds if tries > limit.most else 0
