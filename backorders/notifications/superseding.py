"""Superseding: an unsent message that must not leave as it is ends, and what it claimed is open again.

It never leaves silence behind: announcing says what is true now, or a person is asked to write again.
"""

import datetime
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from backorders.allocation.gaps import gap_since
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.delays.law import OPTIONS
from backorders.delays.models import LegalCase
from backorders.notifications.calling import ask_to_write_again
from backorders.notifications.leasing import NO_LEASE
from backorders.notifications.models import UNSENT, Attempt, Message, MessageLine, NextUpdate
from backorders.notifications.outdating import outdated
from backorders.orders.models import Cancellation, Compensation, Offer, Order, Shipment

Kind, State = Message.Kind, Message.State

WAS_HELD = "Held by staff; what takes its place is held, too."
FREED = Concat(F("dedupe_key"), Value("~"), Cast(F("id"), CharField()))


def supersede_outdated(customers: Sequence[int], *, at: datetime.datetime) -> frozenset[int]:
    """Take back what these customers would be sent but should not be any more; return those whose mail was held.

    That is what is not true now, and dates while there is more to say of dates: both become one message. What the
    messages claimed is open again, so that announcing says what is true now, if it is still worth saying. That may be
    later, so whose mail was held is known until `forget_hold`.
    """
    found = list(outdated(customers, today=business_day(at)).order_by("id").values_list("id", flat=True))
    if found:
        supersede(found, at=at)
    return frozenset(_replaced_while_held(customers).values_list("customer_id", flat=True))


def would_hold(customers: Sequence[int], *, at: datetime.datetime) -> frozenset[int]:
    """Return whose next mail would be held, because the one that it replaces is or was."""
    held = (
        outdated(customers, today=business_day(at))
        .filter(state=State.HELD)
        .order_by()
        .values_list("customer_id", flat=True)
    )
    return frozenset([*held, *_replaced_while_held(customers).values_list("customer_id", flat=True)])


def forget_hold(customers: Iterable[int]) -> None:
    """What was held of these customers has been replaced, or needs no message any more."""
    _replaced_while_held(list(customers)).update(last_error="")


def _replaced_while_held(customers: Sequence[int]) -> "QuerySet[Message]":
    return Message.objects.filter(customer__in=customers, state=State.SUPERSEDED, last_error=WAS_HELD).order_by()


@act
def supersede(message_ids: Sequence[int], *, at: datetime.datetime) -> int:
    """Mark unsent messages as superseded and open again what they claimed; return how many there still were.

    What a person wrote nobody else can write again: they are asked to.
    """
    mine = Message.objects.select_for_update(no_key=True, of=("self",)).filter(id__in=message_ids, state__in=UNSENT)
    ids = list(mine.order_by("id").values_list("id", flat=True))
    drop(Message.objects.filter(id__in=ids, state=State.HELD), state=State.SUPERSEDED, error=WAS_HELD)
    drop(Message.objects.filter(id__in=ids, state__in=UNSENT), state=State.SUPERSEDED)
    reopen(ids, at=at)
    ask_to_write_again(ids, at=at)
    return len(ids)


def take_back(message_ids: Iterable[int], *, at: datetime.datetime) -> int:
    """End unsent messages whose act is undone or done anew; what they claimed is open again. Nobody has to call."""
    mine = Message.objects.select_for_update(no_key=True, of=("self",)).filter(id__in=message_ids, state__in=UNSENT)
    ids = list(mine.order_by("id").values_list("id", flat=True))
    drop(Message.objects.filter(id__in=ids), state=State.SUPERSEDED, error="Taken back.")
    reopen(ids, at=at)
    return len(ids)


def drop(messages: "QuerySet[Message]", *, state: str, error: str = "") -> int:
    """End the messages in a state that will not be sent; their key is free for another that states the same."""
    return messages.update(state=state, dedupe_key=FREED, last_error=error, **NO_LEASE)


# Perhaps the message was read: a date that went back since, or to none, is news after it, and not after what was told.
# A date later than what was told is news after both; so is what the message said itself.
_PERHAPS_READ = f"""
    EXISTS (
        SELECT 1 FROM notifications_attempt a WHERE a.message_id = m.id AND a.outcome = '{Attempt.Outcome.AMBIGUOUS}'
    )
    AND t.told_at IS NOT NULL AND (t.expected_until <= t.told_until OR coalesce(t.expected_until, t.told_until) IS NULL)
    AND (l.window_from IS DISTINCT FROM t.expected_from OR l.window_until IS DISTINCT FROM t.expected_until)
"""  # noqa: S608 a word of ours

# What was announced is what was told again, for the lines whose newest announcement these messages are.
_REOPEN = f"""
    UPDATE allocation_promise AS t
    SET announced_from = told_from, announced_until = told_until, announced_at = told_at, weighed_version = NULL,
        approach_announced_until = CASE WHEN m.kind = 'approaching' THEN NULL ELSE approach_announced_until END,
        gap_since = {gap_since(announced=("told_from", "told_until"), none_if="told_at IS NULL OR NOT is_open")}
    FROM notifications_messageline l
        JOIN notifications_message m ON m.id = l.message_id
    WHERE l.message_id IN ({{ids}}) AND l.promise_version IS NOT NULL
        AND t.line_id = l.line_id AND t.announced_at = m.created_at AND ({_PERHAPS_READ}) IS NOT TRUE
"""  # noqa: S608 columns


def reopen(message_ids: Sequence[int], *, at: datetime.datetime) -> None:
    """Open again what these messages claimed: dates, confirmations, parcels, cancellations, offers, reminders."""
    if not message_ids:
        return
    lines = MessageLine.objects.filter(message__in=message_ids)
    dated = lines.filter(promise_version__isnull=False)
    first_words = dated.filter(line__promise__told_at=None, line__promise__announced_at=F("message__created_at"))
    Order.objects.filter(id__in=first_words.values("order")).update(is_confirmed=False)
    Shipment.objects.filter(id__in=lines.filter(is_arrival=False).values("shipment")).update(is_announced=False)
    arrived = lines.filter(is_arrival=True)
    Shipment.objects.filter(id__in=arrived.values("shipment")).update(is_arrival_announced=False)
    Cancellation.objects.filter(id__in=lines.values("cancellation")).update(is_announced=False)
    Offer.objects.filter(id__in=lines.values("offer")).update(is_announced=False)
    Compensation.objects.filter(id__in=lines.values("compensation")).update(is_announced=False)
    still = Q(window_from=F("line__promise__expected_from"), window_until=F("line__promise__expected_until"))
    still |= Q(window_from=None, line__promise__expected_from=None)
    reminders = dated.filter(still, message__kind__in=(Kind.APPROACHING, Kind.HEARTBEAT, Kind.NO_DATE))
    NextUpdate.objects.filter(line__in=reminders.values("line")).update(on=business_day(at))
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(at)
        places = ", ".join(["%s"] * len(message_ids))
        cursor.execute(_REOPEN.format(ids=places), [moment, *message_ids])
    _owe_notices_again(dated, at=at)


def _owe_notices_again(lines: "QuerySet[MessageLine]", *, at: datetime.datetime) -> None:
    """Let notices that the law asks for, and reminders of them, be due again with these messages."""
    stated = lines.filter(message__kind=Kind.ANSWER_NEEDED).order_by()
    newest = stated.filter(line__legal_case__notice_at=F("message__created_at"))
    cases = list(newest.values_list("line_id", flat=True))
    LegalCase.objects.filter(pk__in=cases).update(notice_at=None)
    asked = LegalCase.objects.filter(pk__in=stated.values("line"), state__in=[state.value for state in OPTIONS])
    asked.exclude(pk__in=cases).filter(remind_on=None).update(remind_on=business_day(at))
