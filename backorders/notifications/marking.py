"""Marking: how a call ended is written down under the lease, and what was accepted counts as told.

An attempt that stays open past its lease is exactly what is not known: perhaps sent.
"""

import datetime
import random
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders.notifications.calling import ask_to_call
from backorders.notifications.gate import OPEN_ATTEMPT, gate_params, open_attempt
from backorders.notifications.leasing import NO_LEASE, Lease, leased
from backorders.notifications.models import Attempt, Message
from backorders.notifications.policy import SENDING, SendingPolicy
from backorders.refusal import said

State, Outcome = Message.State, Attempt.Outcome


def mark_accepted(message: Message, lease: Lease, *, provider_id: str, at: datetime.datetime) -> bool:
    """Mark a message as accepted and its customer as told; return whether the lease was still ours."""
    _close_attempt(message, Outcome.ACCEPTED, "", at)
    fields = {"state": State.ACCEPTED, "accepted_at": at, "provider_id": provider_id[:200], "last_error": ""}
    if not leased(message, lease).update(attempts=message.attempts + 1, **fields, **NO_LEASE):
        return False
    tell([message.pk], unless_bounced=True, at=at)
    return True


_TELL = """
    UPDATE allocation_promise AS t SET told_from = l.window_from, told_until = l.window_until, told_at = %s
    FROM notifications_messageline l
    WHERE l.message_id IN ({ids}) AND l.promise_version IS NOT NULL AND t.line_id = l.line_id
"""


_UNLESS_NEWER = """
    AND (t.announced_at IS NULL
        OR t.announced_at <= (SELECT m.created_at FROM notifications_message m WHERE m.id = l.message_id))
"""


# A provider may report a bounce before we wrote down that it took the mail.
_UNLESS_BOUNCED = f"""
    AND NOT EXISTS (
        SELECT 1 FROM notifications_message b WHERE b.id = l.message_id AND b.delivery = {Message.Delivery.BOUNCED:d}
    )
"""  # noqa: S608 a number of ours


def tell(
    message_ids: Sequence[int], *, unless_newer: bool = False, unless_bounced: bool = False, at: datetime.datetime
) -> None:
    """Write down that the customers now know what these messages state; perhaps not of lines with a newer message, or
    of messages that bounced."""
    if message_ids:
        with connection.cursor() as cursor:
            places = ", ".join(["%s"] * len(message_ids))
            sql = _TELL.format(ids=places)
            sql += (_UNLESS_NEWER if unless_newer else "") + (_UNLESS_BOUNCED if unless_bounced else "")
            cursor.execute(sql, [connection.ops.adapt_datetimefield_value(at), *message_ids])


# What a customer knows of a line without the messages that bounced: the newest that was accepted, or read to them.
_KNOWN = f"""
    FROM notifications_messageline s
        JOIN notifications_message k ON k.id = s.message_id
        LEFT JOIN notifications_calltask c ON c.message_id = k.id AND c.done_by_id IS NOT NULL
    WHERE s.line_id = t.line_id AND s.promise_version IS NOT NULL
        AND (k.state = 'accepted' AND k.delivery <> {Message.Delivery.BOUNCED:d} OR c.id IS NOT NULL)
    ORDER BY coalesce(c.done_at, k.accepted_at) DESC, k.id DESC LIMIT 1
"""
_UNTELL = f"""
    UPDATE allocation_promise AS t
    SET told_from = (SELECT s.window_from {_KNOWN}), told_until = (SELECT s.window_until {_KNOWN}),
        told_at = (SELECT coalesce(c.done_at, k.accepted_at) {_KNOWN})
    WHERE EXISTS (
        SELECT 1 FROM notifications_messageline l JOIN notifications_message m ON m.id = l.message_id
        WHERE l.message_id IN ({{ids}}) AND l.promise_version IS NOT NULL
            AND l.line_id = t.line_id AND t.told_at = m.accepted_at
    ) AND t.line_id IN (SELECT l.line_id FROM notifications_messageline l WHERE l.message_id IN ({{ids}}))
"""  # noqa: S608 statements of ours


def untell(message_ids: Sequence[int]) -> None:
    """Take back that customers know what these messages state, which bounced; they know what they knew before.

    What they heard since, by a newer message or a call, stands. Doing it twice changes nothing.
    """
    if message_ids:
        with connection.cursor() as cursor:
            places = ", ".join(["%s"] * len(message_ids))
            cursor.execute(_UNTELL.format(ids=places), [*message_ids, *message_ids])


# The same as `mark_accepted` and `open_attempt` of the next message in one round trip; SQLite has no such statement.
_ACCEPTED_AND_OPEN = f"""
    WITH closed AS (
        UPDATE notifications_attempt SET ended_at = %s, outcome = 'accepted' WHERE message_id = %s AND number = %s
    ), marked AS (
        UPDATE notifications_message
        SET state = 'accepted', accepted_at = %s, provider_id = %s, last_error = '', attempts = %s,
            lease_token = NULL, lease_until = NULL, lease_owner = ''
        WHERE id = %s AND lease_token = %s RETURNING id
    ), told AS (
        {_TELL.format(ids="SELECT id FROM marked")} {_UNLESS_BOUNCED}
    ), opened AS ({OPEN_ATTEMPT} RETURNING message_id)
    SELECT (SELECT count(*) FROM marked), (SELECT count(*) FROM opened)
"""  # noqa: S608 statements of ours


def mark_accepted_and_open(
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
            is_mine = mark_accepted(message, lease, provider_id=provider_id, at=at)
            return is_mine, open_attempt(following, lease, at=at, policy=policy)
    number = message.attempts + 1
    params = [at, message.pk, number, at, provider_id[:200], number, message.pk, lease.token, at]
    is_mine, is_open = _prepared(_ACCEPTED_AND_OPEN, [*params, *gate_params(following, lease, at, policy)])
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
    error: Any,
    wait: datetime.timedelta | None,
    at: datetime.datetime,
    policy: SendingPolicy = SENDING,
) -> bool:
    """Mark an attempt as refused for now; after the policy's last wait the message fails.

    Returns whether the lease was still ours.
    """
    number = message.attempts + 1
    if number > len(policy.backoff):
        given_up = said(_("Given up after %(number)s attempts: %(error)s"), number=number, error=error)
        return mark_refused(message, lease, error=given_up, at=at)
    _close_attempt(message, Outcome.TRANSIENT, error, at)
    pause = max(wait or datetime.timedelta(), backoff(number, policy=policy))
    fields = {"state": State.RETRY, "not_before": at + pause, "attempts": number, "last_error": error}
    return bool(leased(message, lease).update(**fields, **NO_LEASE))


def backoff(number: int, *, policy: SendingPolicy = SENDING) -> datetime.timedelta:
    """Return the wait after attempt `number` (from 1), spread so that what failed together does not come together."""
    return policy.backoff[number - 1] * random.uniform(1 - policy.jitter, 1 + policy.jitter)  # noqa: S311 not a secret


def mark_refused(message: Message, lease: Lease, *, error: Any, at: datetime.datetime) -> bool:
    """Mark a message as refused for good: somebody has to call. Returns whether the lease was still ours."""
    _close_attempt(message, Outcome.PERMANENT, error, at)
    fields = {"state": State.FAILED, "attempts": message.attempts + 1, "last_error": error}
    if not leased(message, lease).update(**fields, **NO_LEASE):
        return False
    ask_to_call([message.pk], why=error, at=at)
    return True


def mark_unanswered(
    message: Message,
    lease: Lease,
    *,
    error: Any,
    honours_keys: bool,
    at: datetime.datetime,
    policy: SendingPolicy = SENDING,
) -> bool:
    """Mark a message as perhaps accepted; a provider that honours keys is asked again at once.

    Returns whether the lease was still ours.
    """
    _close_attempt(message, Outcome.AMBIGUOUS, error, at)
    return bool(leased(message, lease).update(last_error=error, **perhaps(honours_keys, at, policy), **NO_LEASE))


def perhaps(honours_keys: bool, at: datetime.datetime, policy: SendingPolicy) -> dict[str, object]:
    """Return the fields of a message that was perhaps accepted."""
    if honours_keys:
        return {"state": State.RETRY, "not_before": at, "attempts": F("attempts") + 1}
    return {"state": State.UNKNOWN, "not_before": at + policy.unknown_wait, "attempts": F("attempts") + 1}


def _close_attempt(message: Message, outcome: str, error: Any, at: datetime.datetime) -> None:
    Attempt.objects.filter(message=message, number=message.attempts + 1).update(
        ended_at=at, outcome=outcome, error=error
    )


def confirm_unknown(message_ids: Sequence[int], *, at: datetime.datetime) -> int:
    """Mark messages as accepted of which it was not known, or that were to be repeated; return how many there were."""
    unknown = Message.objects.filter(id__in=message_ids, state__in=(State.UNKNOWN, State.RETRY))
    ids = list(unknown.values_list("id", flat=True))
    count = unknown.update(state=State.ACCEPTED, accepted_at=at, last_error="")
    tell(ids, unless_bounced=True, at=at)
    return count
