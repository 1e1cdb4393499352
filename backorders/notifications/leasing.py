"""The lease and the gate: a message is claimed by one worker for a while, and looked at once more before it is sent.

An attempt is written before the call and closed after it. An attempt that stays open past its lease is exactly what is
not known: perhaps sent. Every mark names the lease's token, so that a worker that lost its lease changes nothing.
"""

import datetime
import random
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg
from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from backorders.changes.acting import act
from backorders.notifications.addresses import is_silenced, normal, suppressed
from backorders.notifications.models import Attempt, Message, MessageLine
from backorders.notifications.outbox import NO_LEASE, ask_to_call, drop, reopen
from backorders.notifications.policy import SENDING, SendingPolicy
from backorders.notifications.switch import lets_pass, mail_switch, this_instance

State, Outcome = Message.State, Attempt.Outcome

UNFINISHED = (State.PENDING, State.SENDING, State.RETRY, State.UNKNOWN)
GIVEN_BACK = Case(When(attempts=0, then=Value(State.PENDING)), default=Value(State.RETRY))


class Lease(NamedTuple):
    """A worker's claim on a batch of messages; `until` is a moment."""

    token: uuid.UUID
    until: datetime.datetime
    owner: str


# -- claiming ---------------------------------------------------------------------------------------------------------


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
    due = due.filter(~Exists(older)).order_by("priority", "not_before", "id")
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    messages = list(due[: policy.batch])
    fields = {"state": State.SENDING, "lease_token": lease.token, "lease_until": lease.until, "lease_owner": owner}
    Message.objects.filter(id__in=[message.pk for message in messages]).update(**fields)
    return lease, messages


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


# -- the gate ---------------------------------------------------------------------------------------------------------

# The gate and the attempt are one statement: what is not true at that moment is not attempted.
_OPEN_ATTEMPT = """
    INSERT INTO notifications_attempt (message_id, number, started_at, ended_at, outcome, error)
    SELECT m.id, m.attempts + 1, %s, NULL, '', ''
    FROM notifications_message m JOIN orders_customer c ON c.id = m.customer_id
    WHERE m.id = %s AND m.lease_token = %s AND m.lease_until > %s
        AND (m.expires_at IS NULL OR m.expires_at > %s)
        AND c.address_version = m.address_version
        AND EXISTS (
            SELECT 1 FROM notifications_mailswitch s
            WHERE s.id = 1 AND s.is_on AND s.instance_id = %s AND (s.paused_until IS NULL OR s.paused_until <= %s)
        )
        AND NOT EXISTS (
            SELECT 1 FROM notifications_messageline l JOIN allocation_promise p ON p.line_id = l.line_id
            WHERE l.message_id = m.id AND l.promise_version <> p.version
        )
        AND NOT EXISTS (
            SELECT 1 FROM notifications_suppression x
            WHERE x.address = %s AND x.lifted_at IS NULL AND (x.reason <> 'complaint' OR NOT %s)
        )
"""


def open_attempt(message: Message, lease: Lease, *, at: datetime.datetime, policy: SendingPolicy = SENDING) -> bool:
    """Let the message through the gate and write down the attempt; return whether it may be sent now.

    It may if the lease is still ours, mail is on, it has not expired, the address is the customer's and is mailed, and
    every date it states is still the newest.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ATTEMPT, _gate(message, lease, at, policy))
        return bool(cursor.rowcount == 1)


def _gate(message: Message, lease: Lease, at: datetime.datetime, policy: SendingPolicy) -> list[Any]:
    """Return the parameters of the gate."""
    moment = connection.ops.adapt_datetimefield_value(at)
    token, instance = (_uuid(value) for value in (lease.token, this_instance()))
    despite = message.kind in policy.despite_complaint
    return [moment, message.pk, token, moment, moment, instance, moment, normal(message.recipient), despite]


def _uuid(value: uuid.UUID) -> uuid.UUID | str:
    return value if connection.features.has_native_uuid_field else value.hex


@act
def turn_away(message: Message, lease: Lease, *, at: datetime.datetime, policy: SendingPolicy = SENDING) -> str:
    """Find out why the gate let the message not through, and put it where it belongs; return the state it is in now."""
    mine = _mine(message, lease)
    now = mine.select_related("customer").first()
    if now is None:
        return ""
    if not lets_pass(mail_switch(at=at), at=at):
        give_back(lease, [message.pk])
        return State.PENDING
    if now.expires_at is not None and now.expires_at <= at:
        drop(mine, state=State.EXPIRED)
        return State.EXPIRED
    if now.customer.address_version != now.address_version or _states_the_past(now):
        drop(mine, state=State.SUPERSEDED)
        reopen([message.pk], at=at)
        return State.SUPERSEDED
    reason = suppressed([now.recipient]).get(normal(now.recipient))
    if is_silenced(reason, now.kind, policy=policy):
        why = f"The address is not mailed any more ({str(reason).replace('_', ' ')})."
        mine.update(state=State.SUPPRESSED, last_error=why, **NO_LEASE)
        ask_to_call([message.pk], why=why, at=at)
        return State.SUPPRESSED
    give_back(lease, [message.pk])  # what stood in the way is gone again
    return State.PENDING


def _states_the_past(message: Message) -> bool:
    lines = MessageLine.objects.filter(message=message, promise_version__isnull=False)
    return lines.exclude(promise_version=F("line__promise__version")).exists()


def _mine(message: Message, lease: Lease) -> "QuerySet[Message]":
    return Message.objects.filter(pk=message.pk, lease_token=lease.token)  # only what is being sent has a lease


# -- marking ----------------------------------------------------------------------------------------------------------


def accepted(message: Message, lease: Lease, *, provider_id: str, at: datetime.datetime) -> bool:
    """Mark a message as accepted and its customer as told; return whether the lease was still ours."""
    _close_attempt(message, Outcome.ACCEPTED, "", at)
    fields = {"state": State.ACCEPTED, "accepted_at": at, "provider_id": provider_id[:200], "last_error": ""}
    if not _mine(message, lease).update(attempts=message.attempts + 1, **fields, **NO_LEASE):
        return False
    tell([message.pk], at=at)
    return True


_TELL = """
    UPDATE allocation_promise AS t SET told_from = l.window_from, told_until = l.window_until, told_at = %s
    FROM notifications_messageline l
    WHERE l.message_id IN ({ids}) AND l.promise_version IS NOT NULL AND t.line_id = l.line_id
"""


def tell(message_ids: Sequence[int], *, at: datetime.datetime) -> None:
    """Write down that the customers now know what these messages state."""
    if message_ids:
        with connection.cursor() as cursor:
            places = ", ".join(["%s"] * len(message_ids))
            cursor.execute(_TELL.format(ids=places), [connection.ops.adapt_datetimefield_value(at), *message_ids])


# The same as `accepted` and `open_attempt` of the next message in one round trip; SQLite has no such statement.
_ACCEPTED_AND_OPEN = f"""
    WITH closed AS (
        UPDATE notifications_attempt SET ended_at = %s, outcome = 'accepted' WHERE message_id = %s AND number = %s
    ), marked AS (
        UPDATE notifications_message
        SET state = 'accepted', accepted_at = %s, provider_id = %s, last_error = '', attempts = %s,
            lease_token = NULL, lease_until = NULL, lease_owner = ''
        WHERE id = %s AND lease_token = %s RETURNING id
    ), told AS (
        UPDATE allocation_promise AS t SET told_from = l.window_from, told_until = l.window_until, told_at = %s
        FROM notifications_messageline l JOIN marked ON marked.id = l.message_id
        WHERE l.promise_version IS NOT NULL AND t.line_id = l.line_id
    ), opened AS ({_OPEN_ATTEMPT} RETURNING message_id)
    SELECT (SELECT count(*) FROM marked), (SELECT count(*) FROM opened)
"""  # noqa: S608 two statements of this module


def accepted_and_open(
    message: Message,
    following: Message,
    lease: Lease,
    *,
    provider_id: str,
    at: datetime.datetime,
    policy: SendingPolicy = SENDING,
) -> tuple[bool, bool]:
    """Mark a message as accepted and let the next one through the gate; return what both answered."""
    if connection.vendor != "postgresql":
        with transaction.atomic():
            is_mine = accepted(message, lease, provider_id=provider_id, at=at)
            return is_mine, open_attempt(following, lease, at=at, policy=policy)
    number = message.attempts + 1
    params = [at, message.pk, number, at, provider_id[:200], number, message.pk, lease.token, at]
    is_mine, is_open = _prepared(_ACCEPTED_AND_OPEN, [*params, *_gate(following, lease, at, policy)])
    return bool(is_mine), bool(is_open)


def _prepared(sql: str, params: Sequence[Any]) -> tuple[Any, ...]:
    """Return the row of a statement that PostgreSQL plans once a connection: planning takes longer than running it."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        row = psycopg.Cursor(connection.connection).execute(sql, params, prepare=True).fetchone()
        return row or ()


def try_later(
    message: Message,
    lease: Lease,
    *,
    error: str,
    wait: datetime.timedelta | None,
    at: datetime.datetime,
    policy: SendingPolicy = SENDING,
) -> bool:
    """Mark an attempt as refused for now; after the policy's last wait the message fails. Returns as `accepted`."""
    number = message.attempts + 1
    if number > len(policy.backoff):
        return refused(message, lease, error=f"Given up after {number} attempts: {error}", at=at)
    _close_attempt(message, Outcome.TRANSIENT, error, at)
    pause = max(wait or datetime.timedelta(), backoff(number, policy=policy))
    fields = {"state": State.RETRY, "not_before": at + pause, "attempts": number, "last_error": error}
    return bool(_mine(message, lease).update(**fields, **NO_LEASE))


def backoff(number: int, *, policy: SendingPolicy = SENDING) -> datetime.timedelta:
    """Return the wait after attempt `number` (from 1), spread so that what failed together does not come together."""
    return policy.backoff[number - 1] * random.uniform(1 - policy.jitter, 1 + policy.jitter)  # noqa: S311 not a secret


def refused(message: Message, lease: Lease, *, error: str, at: datetime.datetime) -> bool:
    """Mark a message as refused for good: somebody has to call. Returns as `accepted`."""
    _close_attempt(message, Outcome.PERMANENT, error, at)
    fields = {"state": State.FAILED, "attempts": message.attempts + 1, "last_error": error}
    if not _mine(message, lease).update(**fields, **NO_LEASE):
        return False
    ask_to_call([message.pk], why=error, at=at)
    return True


def unanswered(
    message: Message,
    lease: Lease,
    *,
    error: str,
    honours_keys: bool,
    at: datetime.datetime,
    policy: SendingPolicy = SENDING,
) -> bool:
    """Mark a message as perhaps accepted; a provider that honours keys is asked again at once. Returns as before."""
    _close_attempt(message, Outcome.AMBIGUOUS, error, at)
    return bool(_mine(message, lease).update(last_error=error, **_perhaps(honours_keys, at, policy), **NO_LEASE))


def _perhaps(honours_keys: bool, at: datetime.datetime, policy: SendingPolicy) -> dict[str, object]:
    if honours_keys:
        return {"state": State.RETRY, "not_before": at, "attempts": F("attempts") + 1}
    return {"state": State.UNKNOWN, "not_before": at + policy.unknown_wait, "attempts": F("attempts") + 1}


def _close_attempt(message: Message, outcome: str, error: str, at: datetime.datetime) -> None:
    Attempt.objects.filter(message=message, number=message.attempts + 1).update(
        ended_at=at, outcome=outcome, error=error
    )


# -- what workers left behind -----------------------------------------------------------------------------------------


@act
def recover(*, honours_keys: bool = False, at: datetime.datetime, policy: SendingPolicy = SENDING) -> int:
    """Take back messages whose lease ran out: those with an open attempt were perhaps sent, the others were not."""
    expired = Message.objects.filter(state=State.SENDING, lease_until__lt=at)
    attempts = Attempt.objects.filter(message=OuterRef("pk"), number=OuterRef("attempts") + 1)
    found = 0
    if expired.exists():
        found += expired.filter(~Exists(attempts)).update(state=GIVEN_BACK, **NO_LEASE)
        perhaps = list(expired.filter(Exists(attempts)).values_list("id", flat=True))
        open_ones = Attempt.objects.filter(message__in=perhaps, ended_at=None)
        open_ones.update(ended_at=at, outcome=Outcome.AMBIGUOUS, error="The worker did not come back.")
        found += expired.filter(id__in=perhaps).update(**_perhaps(honours_keys, at, policy), **NO_LEASE)
    return found


@act
def settle_unknown(*, at: datetime.datetime, policy: SendingPolicy = SENDING) -> int:
    """Decide on messages that were perhaps accepted, once nobody spoke up for long enough: repeat them.

    A duplicate is better than silence. Late evidence counts: a worker that lost its lease but had its answer.
    """
    unknown = Message.objects.filter(state=State.UNKNOWN, not_before__lte=at)
    if not unknown.exists():
        return 0
    taken = Attempt.objects.filter(message=OuterRef("pk"), outcome=Outcome.ACCEPTED)
    known = list(unknown.filter(Exists(taken)).values_list("id", flat=True))
    count = confirm_unknown(known, at=at)
    worn_out = list(unknown.filter(attempts__gt=len(policy.backoff)).values_list("id", flat=True))
    why = "The provider did not answer, again and again."
    count += unknown.filter(id__in=worn_out).update(state=State.FAILED, last_error=why)
    ask_to_call(worn_out, why=why, at=at)
    return count + unknown.update(state=State.RETRY, not_before=at)


def confirm_unknown(message_ids: Sequence[int], *, at: datetime.datetime) -> int:
    """Mark messages as accepted of which it was not known; return how many there were."""
    unknown = Message.objects.filter(id__in=message_ids, state=State.UNKNOWN)
    ids = list(unknown.values_list("id", flat=True))
    count = unknown.update(state=State.ACCEPTED, accepted_at=at, last_error="")
    tell(ids, at=at)
    return count
