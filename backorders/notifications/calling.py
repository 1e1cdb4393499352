"""Calling: a message that reaches nobody by mail becomes a call for a person, never silence."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from backorders.access.table import CAPABILITIES
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post
from backorders.notifications.letters import BY_HAND
from backorders.notifications.models import TO_WHERE_IT_WAS, CallTask, Message

WRITE_AGAIN = _("A date in it changed before it left: write it again or call.")


def ask_to_call(message_ids: Iterable[int], *, why: Any, at: datetime.datetime) -> None:
    """Open a call task beside each of these messages that has none.

    Nobody is called about a notice to the address that a customer left: that it leads nowhere is no news, they are
    reached at the new one, and whoever can still read there needs no call to object.
    """
    missing = Message.objects.filter(id__in=message_ids, call_task=None).exclude(kind__in=TO_WHERE_IT_WAS)
    missing = missing.order_by("id")
    tasks = [
        CallTask(customer_id=customer_id, supplier_id=supplier_id, message_id=pk, why=why, opened_at=at)
        for pk, customer_id, supplier_id in missing.values_list("id", "customer_id", "supplier_id")
    ]
    CallTask.objects.bulk_create(tasks, ignore_conflicts=True)
    to_suppliers = sum(task.supplier_id is not None for task in tasks)
    say_who_calls(len(tasks) - to_suppliers, at=at)
    _say_who_calls_suppliers(to_suppliers, at=at)


def say_who_calls(count: int, *, at: datetime.datetime) -> None:
    """Let those who call customers find in their inbox that there are more."""
    if count:
        callers = people_with(CAPABILITIES["telling.mark_called"].roles)
        post(Notice.Kind.CALL, to=callers, key="calls", count=count, at=at)


def _say_who_calls_suppliers(count: int, *, at: datetime.datetime) -> None:
    if count:
        buyers = people_with(CAPABILITIES["asking.note_call"].roles)
        post(Notice.Kind.SUPPLIER_CALL, to=buyers, key="supplier calls", count=count, at=at)


def ask_to_write_again(message_ids: Sequence[int], *, at: datetime.datetime) -> None:
    """Open a call task beside those of these dropped messages that a person wrote."""
    by_hand = Message.objects.filter(id__in=message_ids, kind__in=BY_HAND).values_list("id", flat=True)
    by_hand = by_hand.exclude(lines__compensation__isnull=False)  # given by a policy: announcing says it anew
    ask_to_call(list(by_hand), why=WRITE_AGAIN, at=at)
