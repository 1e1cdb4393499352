"""Repeating: the same words once more, with the same claims, to the address the customer has now."""

import datetime

from django.db.models import Q

from backorders.allocation.models import Promise
from backorders.changes.acting import act
from backorders.delays.days import end_of
from backorders.delays.law import OPTIONS
from backorders.delays.models import LegalCase
from backorders.notifications.addresses import objection, suppressed
from backorders.notifications.calling import WRITE_AGAIN, ask_to_call
from backorders.notifications.letters import BY_HAND
from backorders.notifications.models import TO_WHERE_IT_WAS, CallTask, Message, MessageLine
from backorders.notifications.outbox import OF_NO_USE_LATER, headers
from backorders.notifications.outdating import stating_old_dates
from backorders.notifications.superseding import FREED, reopen

State = Message.State


def repeat(
    message: Message, *, occasion: str, at: datetime.datetime, rest: datetime.timedelta = datetime.timedelta()
) -> Message:
    """Queue the same words once more, with the same claims, to the address the customer has now; return the message.

    It leaves after `rest`; a notice to the address that was left goes there again.
    """
    customer = message.customer
    if customer is None:
        raise TypeError("A mail to a supplier is not repeated: its request is mailed again.")
    lines = list(message.lines.order_by("id"))
    key = repeated_key(message, occasion)
    again = Message.objects.create(
        **{name: getattr(message, name) for name in _KEPT},
        customer=customer,
        dedupe_key=key,
        address_version=customer.address_version,
        recipient=message.recipient if message.kind in TO_WHERE_IT_WAS else customer.email.strip()[:254],
        headers=_headers_again(message, key),
        expires_at=_expires_again(message),
        not_before=at + rest,
        created_at=at,
    )
    for line in lines:
        line.pk, line.message = None, again
    MessageLine.objects.bulk_create(lines)
    dated = [line.line_id for line in lines if line.promise_version is not None]
    Promise.objects.filter(pk__in=dated, announced_at=message.created_at).update(announced_at=at)  # the newest word now
    stated = [line.line_id for line in lines if line.line_id]
    LegalCase.objects.filter(pk__in=stated, notice_at=message.created_at).update(notice_at=at)  # and the notice
    if why := objection(again.recipient, again.kind, suppressed([again.recipient])):
        Message.objects.filter(pk=again.pk).update(state=State.SUPPRESSED, last_error=why)
        ask_to_call([again.pk], why=why, at=at)
    return again


def repeated_key(message: Message, occasion: str) -> str:
    """Return the key of a message that repeats another on this occasion."""
    return f"{message.dedupe_key[: 200 - len(occasion)]}{occasion}"


def _headers_again(message: Message, key: str) -> dict[str, str]:
    """The headers of a repeated mail: another id, the same thread."""
    return {**message.headers, "Message-ID": headers(key)["Message-ID"]}


def _expires_again(message: Message) -> datetime.datetime | None:
    """Until when a repeated message is true: a notice until what runs now by the cases it asks about is over.

    Other lines may stand in it, too: their clocks say nothing of it.
    """
    if message.kind in OF_NO_USE_LATER or message.expires_at is None:
        return message.expires_at
    asked = Q(notice_at=message.created_at)
    asked |= Q(notice_at__lt=message.created_at, state__in=[state.value for state in OPTIONS])  # as a reminder
    cases = LegalCase.objects.filter(asked, line__message_lines__message=message, clock_on__isnull=False).order_by()
    return min((end_of(day, zone=zone) for day, zone in cases.values_list("clock_on", "zone") if day), default=None)


_KEPT = "kind language subject text html content_hash has_apology priority purge_after".split()


@act
def say_anew(customer_id: int, *, at: datetime.datetime) -> int:
    """Let a customer who can be mailed (again) hear what did not reach them; return how many messages that is.

    That is what failed or was suppressed, and what the provider took but could not deliver. What is known is composed
    anew, as it is now; what a person wrote is sent once more, unless a date in it changed: that they are asked to
    write again. Nobody has to call about the others any more.
    """
    bounced = Q(state=State.ACCEPTED, delivery=Message.Delivery.BOUNCED)
    unheard = Message.objects.filter(bounced | Q(state__in=(State.FAILED, State.SUPPRESSED)), customer=customer_id)
    unheard = unheard.filter(call_task__isnull=False, call_task__done_at=None).exclude(kind__in=TO_WHERE_IT_WAS)
    unheard = unheard.order_by("id")
    by_hand = list(unheard.filter(kind__in=BY_HAND).exclude(content_hash=""))
    outdated = set(stating_old_dates().filter(message__in=by_hand).values_list("message_id", flat=True))
    again = [message for message in by_hand if message.pk not in outdated and message.text]
    for message in again:
        repeat(message, occasion=f"~a{message.pk}", at=at)
    anew = unheard.exclude(kind__in=BY_HAND)
    ids = [*anew.values_list("id", flat=True), *(message.pk for message in again)]
    reopen(list(anew.values_list("id", flat=True)), at=at)
    Message.objects.filter(id__in=ids).update(dedupe_key=FREED)  # the next may state the same
    CallTask.objects.filter(message__in=ids, done_at=None).update(done_at=at)
    CallTask.objects.filter(message__in=outdated).update(why=WRITE_AGAIN)
    return len(ids)
