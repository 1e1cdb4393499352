"""What makes a message outdated, in the form the gate asks it and in the form that finds many.

The gate must be one statement, so each of its conditions is said in SQL, beside the same in Python: a test lets both
answer for every combination.
"""

import datetime
from collections.abc import Sequence

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from backorders.allocation.models import Promise
from backorders.chasing.models import DateRequest
from backorders.delays.days import end_of
from backorders.notifications.letters import ABOUT_DATES
from backorders.notifications.models import TO_WHERE_IT_WAS, UNSENT, Message, MessageLine

# The letters stand for: m the message, c its customer, u its supplier, k a link to a request, r the request, l a line
# of the message, p its promise, o its order line.
KINDS_TO_WHERE_IT_WAS = ", ".join(f"'{kind}'" for kind in TO_WHERE_IT_WAS)
IS_CURRENT = f"""
    (c.address_version = m.address_version OR u.email = m.recipient OR m.kind IN ({KINDS_TO_WHERE_IT_WAS}))
    AND (m.supplier_id IS NULL OR NOT EXISTS (
        SELECT 1 FROM notifications_supplierlink k JOIN chasing_daterequest r ON r.id = k.request_id
        WHERE k.message_id = m.id AND r.closed_at IS NOT NULL
    ))
    AND NOT EXISTS (
        SELECT 1 FROM notifications_messageline l JOIN allocation_promise p ON p.line_id = l.line_id
        WHERE l.message_id = m.id AND l.promise_version <> p.version
    )
    AND NOT EXISTS (
        SELECT 1 FROM notifications_messageline l JOIN allocation_promise p ON p.line_id = l.line_id
        WHERE l.message_id = m.id AND l.promise_version IS NOT NULL AND l.window_until < %s
            AND (p.told_from IS DISTINCT FROM l.window_from OR p.told_until IS DISTINCT FROM l.window_until
                OR (m.created_at < %s AND EXISTS (
                    SELECT 1 FROM notifications_messageline s
                    WHERE s.message_id = m.id AND s.order_id = l.order_id AND s.shipment_id IS NOT NULL
                )))
    )
    AND NOT EXISTS (
        SELECT 1 FROM notifications_messageline l JOIN orders_orderline o ON o.id = l.line_id
        WHERE l.message_id = m.id AND (l.ready <> o.allocated + o.shipped OR l.waits <> o.waiting)
    )
"""  # noqa: S608 kinds of ours


def is_outdated(message: Message, *, today: datetime.date) -> bool:
    """Whether its address, a date or a split in it is not the newest any more, a date that would be news has passed, or
    nobody has to answer what it asks."""
    if message.supplier:
        return message.supplier.email != message.recipient or _is_answered(message)
    is_moved = message.customer is not None and message.customer.address_version != message.address_version
    is_moved = is_moved and message.kind not in TO_WHERE_IT_WAS
    stating = (stating_old_dates(), stating_past_days(today), stating_old_splits())
    return is_moved or any(lines.filter(message=message).exists() for lines in stating)


def _is_answered(message: Message) -> bool:
    """Whether nothing is open any more of what this message asks."""
    return DateRequest.objects.filter(links__message=message, closed_at__isnull=False).exists()


def outdated(customers: Sequence[int], *, today: datetime.date) -> "QuerySet[Message]":
    """What was not sent yet and should not be as it is: what is not true now, dates while there is more to say."""
    moved = stating_old_dates().filter(message=OuterRef("pk"))
    passed = stating_past_days(today).filter(message=OuterRef("pk"))
    divided = stating_old_splits().filter(message=OuterRef("pk"))
    unsent = Message.objects.filter(customer__in=customers, state__in=UNSENT).exclude(kind__in=TO_WHERE_IT_WAS)
    more = Promise.objects.untold().filter(customer=OuterRef("customer"))
    return unsent.filter(
        Exists(moved)
        | Exists(passed)
        | Exists(divided)
        | ~Q(address_version=F("customer__address_version"))
        | (Q(kind__in=ABOUT_DATES) & Exists(more))
    )


def stating_old_dates() -> "QuerySet[MessageLine]":
    """Lines of messages that state a date which is not the newest of its promise any more."""
    return MessageLine.objects.filter(promise_version__isnull=False).exclude(
        promise_version=F("line__promise__version")
    )


def stating_past_days(today: datetime.date) -> "QuerySet[MessageLine]":
    """Lines of messages that state as news a window that has passed: what its customer was told before is none.

    Beside a parcel it is the day of what still comes: if that passed since the day the message was written, it goes.
    """
    known = Q(window_from=F("line__promise__told_from"), window_until=F("line__promise__told_until"))
    knows = Exists(MessageLine.objects.filter(known, pk=OuterRef("pk")))
    parcels = MessageLine.objects.filter(message=OuterRef("message"), order=OuterRef("order"), shipment__isnull=False)
    still_comes = Q(message__created_at__lt=start_of(today)) & Exists(parcels)
    return MessageLine.objects.filter(~knows | still_comes, promise_version__isnull=False, window_until__lt=today)


def start_of(today: datetime.date) -> datetime.datetime:
    """Return the moment in which the day began where the business is."""
    return end_of(today - datetime.timedelta(days=1), zone=settings.TIME_ZONE)


def stating_old_splits() -> "QuerySet[MessageLine]":
    """Lines of confirmations that say of other units than now that they leave at once, or that they wait."""
    leaves = F("line__allocated") + F("line__shipped")
    return MessageLine.objects.filter(~Q(ready=leaves) | ~Q(waits=F("line__waiting")), ready__isnull=False)
