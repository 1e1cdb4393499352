"""Purging: when its time has come a message loses its words; what it stated, when and to whom stays, and their hash.

So does a mail that came in, with its files; who wrote it, when, its subject and what became of it stay.
"""

import datetime

from django.db.models import Exists, OuterRef, Q

from backorders.changes.acting import act
from backorders.notifications.models import Message, Reply, ReplyFile
from backorders.notifications.policy import TELLING

BATCH = 1000


def purge_bodies(*, at: datetime.datetime) -> int:
    """Empty the bodies of all messages whose time has come; return how many, a thousand in each transaction."""
    return sum(iter(lambda: _purge_some(at=at), 0))


def purge_replies(*, at: datetime.datetime) -> int:
    """Forget what was written and attached in all mails that came in long enough ago; return of how many."""
    return sum(iter(lambda: _purge_some_replies(at=at), 0))


@act
def _purge_some_replies(*, at: datetime.datetime) -> int:
    old = Reply.objects.filter(received_at__lte=at - datetime.timedelta(days=TELLING.keep_days))
    has_files = Exists(ReplyFile.objects.filter(reply=OuterRef("pk")))
    says = old.filter(~Q(text="", folded="", left_out=[]) | has_files)
    ids = list(says.order_by("id").values_list("id", flat=True)[:BATCH])
    ReplyFile.objects.filter(reply__in=ids).delete()
    return Reply.objects.filter(id__in=ids).update(text="", folded="", left_out=[])


@act
def _purge_some(*, at: datetime.datetime) -> int:
    worded = Message.objects.filter(purge_after__lte=at).exclude(text="", html="")
    ids = list(worded.order_by("id").values_list("id", flat=True)[:BATCH])
    return Message.objects.filter(id__in=ids).update(text="", html="")
