"""Earlier words: what lines had been told before they heard the newest, or before a mail to them came back."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from django.db.models import Max, Q
from django.db.models.functions import Coalesce

from backorders.allocation.windows import Window
from backorders.notifications.models import BOUNCES, Message, MessageLine


class Word(NamedTuple):
    """A window (None: that nobody knows) that a line was told at a moment, until, perhaps, its mail came back."""

    window: Window | None
    at: datetime.datetime
    back_at: datetime.datetime | None

    def held(self, moment: datetime.datetime) -> bool:
        """Whether it had been said, and not come back, just before a moment."""
        return self.at < moment and (self.back_at is None or self.back_at >= moment)


def earlier_words(line_ids: Collection[int]) -> Iterator[dict[int, Window | None]]:
    """Yield what these lines knew just before each of them last heard something or had a mail come back.

    Who knew nothing, or that nobody knows, has None. Newest moment first; one statement.
    """
    words = _words(line_ids)
    moments = {max(moment for word in said for moment in (word.at, word.back_at or word.at)) for said in words.values()}
    for moment in sorted(moments, reverse=True):
        known = {pk: [word for word in said if word.held(moment)] for pk, said in words.items()}
        yield {pk: known[pk][-1].window if known.get(pk) else None for pk in line_ids}


def _words(line_ids: Collection[int]) -> dict[int, list[Word]]:
    """What each line was ever told, oldest first: by mail, or by somebody who called about the mail."""
    lines = MessageLine.objects.filter(line__in=line_ids, promise_version__isnull=False)
    called_at = Coalesce("message__call_task__done_at", "message__accepted_at")
    back = Max("message__events__processed_at", filter=Q(message__events__event_type__in=BOUNCES))
    found = lines.order_by().annotate(said_at=called_at, back_at=back).filter(said_at__isnull=False)
    fields = ("line", "window_from", "window_until", "said_at", "back_at", "message__accepted_at", "message__delivery")
    words: dict[int, list[Word]] = defaultdict(list)
    for pk, first, last, said_at, back_at, accepted_at, delivery in found.values_list(*fields):
        is_back = delivery == Message.Delivery.BOUNCED and said_at == accepted_at
        words[pk].append(Word(Window.between(first, last), said_at, back_at if is_back else None))
    return {pk: sorted(said, key=lambda word: word.at) for pk, said in words.items()}
