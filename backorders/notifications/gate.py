"""The gate: a message is looked at once more before it is sent; what is not true at that moment is not attempted.

The gate and the attempt are one statement; the attempt is on paper before the call.
"""

import datetime
import uuid
from typing import Any

from django.db import connection

from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.notifications.addresses import IS_NOT_SUPPRESSED, normal, objection, suppressed
from backorders.notifications.calling import ask_to_call, ask_to_write_again
from backorders.notifications.leasing import HAS_LEASE, NO_LEASE, Lease, give_back, leased
from backorders.notifications.models import Message
from backorders.notifications.outbox import OF_NO_USE_LATER
from backorders.notifications.outdating import IS_CURRENT, is_outdated, start_of
from backorders.notifications.policy import SENDING, SendingPolicy
from backorders.notifications.requesting import mail_again
from backorders.notifications.superseding import drop, reopen
from backorders.notifications.switch import LETS_PASS, lets_pass, mail_switch, this_instance

State = Message.State

OPEN_ATTEMPT = f"""
    INSERT INTO notifications_attempt (message_id, number, started_at, ended_at, outcome, error)
    SELECT m.id, m.attempts + 1, %s, NULL, '', ''
    FROM notifications_message m LEFT JOIN orders_customer c ON c.id = m.customer_id
        LEFT JOIN supply_supplier u ON u.id = m.supplier_id
    WHERE m.id = %s AND {HAS_LEASE}
        AND (m.expires_at IS NULL OR m.expires_at > %s)
        AND {IS_CURRENT}
        AND {LETS_PASS}
        AND {IS_NOT_SUPPRESSED}
"""  # noqa: S608 conditions of ours


def open_attempt(message: Message, lease: Lease, *, at: datetime.datetime, policy: SendingPolicy = SENDING) -> bool:
    """Let the message through the gate and write down the attempt; return whether it may be sent now.

    It may if the lease is still ours, mail is on, it has not expired, the address is still the recipient's and is
    mailed, every date and every division it states is still the newest, and what it asks is still open. What names as
    news a date that has passed, or asks for an answer by such a day, is written anew, as things are then.
    """
    with connection.cursor() as cursor:
        cursor.execute(OPEN_ATTEMPT, gate_params(message, lease, at, policy))
        return bool(cursor.rowcount == 1)


def gate_params(message: Message, lease: Lease, at: datetime.datetime, policy: SendingPolicy) -> list[Any]:
    """Return the parameters of the gate."""
    moment = connection.ops.adapt_datetimefield_value(at)
    today = connection.ops.adapt_datefield_value(business_day(at))
    morning = connection.ops.adapt_datetimefield_value(start_of(business_day(at)))
    token, instance = (_uuid(value) for value in (lease.token, this_instance()))
    despite = message.kind in policy.despite_complaint
    return [
        *(moment, message.pk, token, moment, moment, today, morning, instance, moment),
        *(normal(message.recipient), despite),
    ]


def _uuid(value: uuid.UUID) -> uuid.UUID | str:
    return value if connection.features.has_native_uuid_field else value.hex


@act
def turn_away(message: Message, lease: Lease, *, at: datetime.datetime, policy: SendingPolicy = SENDING) -> str:
    """Put a message that the gate did not let through where it belongs; return the state it is in now.

    Its reasons are the gate's conditions, one by one: that statement only says no.
    """
    mine = leased(message, lease)
    now = mine.select_related("customer", "supplier").first()
    if now is None:
        return ""
    if not lets_pass(mail_switch(at=at), at=at):
        give_back(lease, [message.pk])
        return State.PENDING
    is_over = now.expires_at is not None and now.expires_at <= at
    if is_over and now.kind in OF_NO_USE_LATER:
        drop(mine, state=State.EXPIRED)
        return State.EXPIRED
    if is_over or is_outdated(now, today=business_day(at)):
        drop(mine, state=State.SUPERSEDED)
        mail_again([message.pk])
        reopen([message.pk], at=at)
        ask_to_write_again([message.pk], at=at)
        return State.SUPERSEDED
    if why := objection(now.recipient, now.kind, suppressed([now.recipient]), policy=policy):
        mine.update(state=State.SUPPRESSED, last_error=why, **NO_LEASE)
        ask_to_call([message.pk], why=why, at=at)
        return State.SUPPRESSED
    give_back(lease, [message.pk])  # what stood in the way is gone again
    return State.PENDING
