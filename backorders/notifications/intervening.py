"""Intervening: what people do about messages that have not left: hold them, let them go, send them first, or never."""

import datetime
from collections.abc import Iterable

from backorders.notifications.calling import ask_to_call
from backorders.notifications.models import UNSENT, Message
from backorders.notifications.superseding import drop

State = Message.State

BEFORE_ALL_OTHERS = 1  # a priority


def hold(message_ids: Iterable[int]) -> int:
    """Keep messages that have not left from leaving; return how many were stopped."""
    unsent = Message.objects.filter(id__in=message_ids, state__in=(State.PENDING, State.RETRY))
    return unsent.update(state=State.HELD)


def release(message_ids: Iterable[int], *, at: datetime.datetime) -> int:
    """Let held messages leave; those out of date are superseded at the gate."""
    return Message.objects.filter(id__in=message_ids, state=State.HELD).update(state=State.PENDING, not_before=at)


def send_now(message_ids: Iterable[int], *, at: datetime.datetime) -> int:
    """Put messages before all others. One that is not known to have been accepted may then reach its customer twice."""
    waiting = Message.objects.filter(id__in=message_ids, state__in=(*UNSENT, State.UNKNOWN))
    return waiting.update(state=State.RETRY, not_before=at, priority=BEFORE_ALL_OTHERS)


def cancel(message_ids: Iterable[int], *, why: str, at: datetime.datetime) -> int:
    """Never send these messages. Somebody has to tell the customers another way: each becomes a call task."""
    waiting = Message.objects.select_for_update(no_key=True, of=("self",))
    waiting = waiting.filter(id__in=message_ids, state__in=(*UNSENT, State.UNKNOWN))
    ids = list(waiting.order_by("id").values_list("id", flat=True))
    drop(Message.objects.filter(id__in=ids), state=State.CANCELLED, error=why)
    ask_to_call(ids, why=why, at=at)
    return len(ids)
