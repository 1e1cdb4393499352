"""Purging: when its time has come a message loses its words; what it stated, when and to whom stays, and their hash."""

import datetime

from backorders.changes.acting import act
from backorders.notifications.models import Message

BATCH = 1000


def purge_bodies(*, at: datetime.datetime) -> int:
    """Empty the bodies of all messages whose time has come; return how many, a thousand in each transaction."""
    return sum(iter(lambda: _purge_some(at=at), 0))


@act
def _purge_some(*, at: datetime.datetime) -> int:
    worded = Message.objects.filter(purge_after__lte=at).exclude(text="", html="")
    ids = list(worded.order_by("id").values_list("id", flat=True)[:BATCH])
    return Message.objects.filter(id__in=ids).update(text="", html="")
