"""Leasing: a due message is locked and leased to one worker for a while; a lease that ran out counts no more.

Every mark names the lease's token, so that a worker that lost its lease changes nothing.
"""

import datetime
import uuid
from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.lookups import IsNull

from backorders.changes.acting import act
from backorders.notifications.models import UNFINISHED, Message
from backorders.notifications.policy import SENDING, SendingPolicy

State = Message.State

NO_LEASE = {"lease_token": None, "lease_until": None, "lease_owner": ""}
GIVEN_BACK = Case(When(attempts=0, then=Value(State.PENDING)), default=Value(State.RETRY))


class Lease(NamedTuple):
    """A worker's claim on a batch of messages; `until` is a moment."""

    token: uuid.UUID
    until: datetime.datetime
    owner: str


@act
def claim(*, owner: str, at: datetime.datetime, policy: SendingPolicy = SENDING) -> tuple[Lease, list[Message]]:
    """Claim up to a batch of due messages for this worker; return the lease and the messages.

    An unfinished older message of the same customer goes first, so a batch holds at most one of each.
    """
    lease = Lease(uuid.uuid4(), at + policy.lease, owner)
    due = Message.objects.filter(state__in=(State.PENDING, State.RETRY), not_before__lte=at)
    older = Message.objects.filter(customer=OuterRef("customer"), id__lt=OuterRef("id"), state__in=UNFINISHED).filter(
        ~Q(state=State.PENDING) | Q(not_before__lte=at)
    )
    has_none = IsNull(Subquery(older.values("id")[:1]), True)
    due = due.filter(has_none).order_by("priority", "not_before", "id")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
        _walk_in_order()
    messages = list(due[: policy.batch])
    fields = {"state": State.SENDING, "lease_token": lease.token, "lease_until": lease.until, "lease_owner": owner}
    Message.objects.filter(id__in=[message.pk for message in messages]).update(**fields)
    return lease, messages


def _walk_in_order() -> None:
    """Let PostgreSQL walk the index of what is due and stop after the batch.

    Its statistics do not know yet of the thousands that were announced a moment ago: it would sort them all. For the
    same reason the older message is one value, looked up for each, and not a join whose order is the planner's.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")


def renew(lease: Lease, *, at: datetime.datetime, policy: SendingPolicy = SENDING) -> Lease:
    """Prolong a lease that runs out, for what is left of its batch."""
    if lease.until - at > policy.renew_below:
        return lease
    longer = lease._replace(until=at + policy.lease)
    Message.objects.filter(state=State.SENDING, lease_token=lease.token, lease_until__gt=at).update(
        lease_until=longer.until
    )
    return longer


def give_back(lease: Lease, message_ids: Iterable[int]) -> int:
    """Return claimed messages that were not attempted to the others."""
    mine = Message.objects.filter(id__in=list(message_ids), state=State.SENDING, lease_token=lease.token)
    return mine.update(state=GIVEN_BACK, **NO_LEASE)


# The same in the statement of the gate, whose `m` is the message; it asks for more: that the lease has not run out.
HAS_LEASE = "m.lease_token = %s AND m.lease_until > %s"


def leased(message: Message, lease: Lease) -> "QuerySet[Message]":
    """Return the message as long as the lease is on it."""
    return Message.objects.filter(pk=message.pk, lease_token=lease.token)  # only what is being sent has a lease
