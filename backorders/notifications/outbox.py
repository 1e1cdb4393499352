"""The outbox: what is queued was rendered before and is never rendered again; what it claimed is taken back with it.

A message that does not leave never leaves silence behind: it is outdated and what it claimed is open again, or a person
has to call.
"""

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from email.utils import parseaddr
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from backorders import rows
from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.notifications.addresses import is_mailable, is_silenced, normal, suppressed
from backorders.notifications.emails import Rendered
from backorders.notifications.letters import ABOUT_DATES, Letter
from backorders.notifications.links import Link
from backorders.notifications.models import CallTask, CustomerLink, Message, MessageLine, NextUpdate
from backorders.notifications.policy import TELLING, TellingPolicy
from backorders.orders.models import Cancellation, Order, Shipment

Kind, State = Message.Kind, Message.State

UNSENT = (State.PENDING, State.RETRY, State.HELD)
PRIORITY = {
    Kind.CONFIRMATION: 3,
    Kind.CANCELLED: 4,
    Kind.NO_DATE: 4,
    Kind.LATER: 4,
    Kind.SHIPPED: 4,
    Kind.EARLIER: 6,
    Kind.APPROACHING: 6,
}
AT_ONCE = 1


class Draft(NamedTuple):
    """A letter in words, or the reason why there are none; the links its text leads to, by order."""

    letter: Letter
    links: Mapping[int, Link]
    rendered: Rendered | None
    error: str = ""


# -- in ---------------------------------------------------------------------------------------------------------------


def queue(drafts: Sequence[Draft], *, at: datetime.datetime, policy: TellingPolicy = TELLING) -> dict[str, int]:
    """Store the drafts as messages to be sent, inside the caller's transaction; return their ids by dedupe key.

    Whoever cannot be mailed, and what has no words, becomes a call task with the message beside it.
    """
    reasons = suppressed(draft.letter.to.email for draft in drafts)
    stored = [(draft, *_state(draft, reasons)) for draft in drafts]
    rows.insert(Message, _MESSAGE, [_message(draft, state, error, at, policy) for draft, state, error in stored])
    keys = {draft.letter.dedupe_key: draft for draft in drafts}
    ids = dict(Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", "id"))
    rows.insert(MessageLine, _LINE, [row for draft in drafts for row in _lines(draft, ids)])
    rows.insert(
        CustomerLink,
        ["order", "token_hash", "created_at", "expires_at"],
        [
            (order_id, link.token_hash, at, at + datetime.timedelta(days=policy.link_days))
            for draft in drafts
            for order_id, link in draft.links.items()
        ],
    )
    calls = [(draft.letter, error) for draft, state, error in stored if state in (State.FAILED, State.SUPPRESSED)]
    rows.insert(
        CallTask,
        ["customer", "message", "why", "opened_at"],
        [(letter.to.customer_id, ids[letter.dedupe_key], why[:200], at) for letter, why in calls],
    )
    return ids


_MESSAGE = [
    *("kind", "customer", "dedupe_key", "address_version", "recipient", "language", "subject", "text", "html"),
    *("headers", "content_hash", "has_apology", "state", "priority", "not_before", "expires_at", "attempts"),
    *("lease_owner", "provider_id", "delivery", "last_error", "purge_after", "created_at"),
]


def _message(draft: Draft, state: str, error: str, at: datetime.datetime, policy: TellingPolicy) -> tuple[object, ...]:
    letter = draft.letter
    words = draft.rendered or Rendered("", "", "")
    key = letter.dedupe_key
    return (
        *(letter.kind, letter.to.customer_id, key, letter.to.address_version, letter.to.email[:254]),
        *(letter.to.language, words.subject, words.text, words.html, _headers(key)),
        *(words.content_hash if draft.rendered else "", letter.has_apology, state, PRIORITY[Kind(letter.kind)], at),
        *(_expires_at(letter, at), 0, "", "", Message.Delivery.NOTHING.value, error),
        *(at + datetime.timedelta(days=policy.keep_days), at),
    )


def _state(draft: Draft, reasons: Mapping[str, str]) -> tuple[str, str]:
    """Return in which state a draft is stored, and why if it is not going to be sent."""
    address = draft.letter.to.email
    if draft.rendered is None:
        return State.FAILED, draft.error
    if not is_mailable(address):
        return State.SUPPRESSED, "No valid e-mail address."
    if is_silenced(reasons.get(normal(address)), draft.letter.kind):
        return State.SUPPRESSED, f"The address is not mailed any more ({reasons[normal(address)].replace('_', ' ')})."
    return (State.HELD if draft.letter.is_held else State.PENDING), ""


def _headers(key: str) -> dict[str, str]:
    """The headers of a mail; its id comes from what it states, so that a repeated mail is recognised as the same."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return {
        "Message-ID": f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>",
        "From": settings.DEFAULT_FROM_EMAIL,
        "Reply-To": settings.REPLY_TO,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


def _expires_at(letter: Letter, at: datetime.datetime) -> datetime.datetime | None:
    """A reminder of a date is of no use after it."""
    last = [window.last for part in letter.parts for window in part.windows]
    if letter.kind != Kind.APPROACHING or not last:
        return None
    return at + (max(last) - business_day(at) + datetime.timedelta(days=1))


_LINE = [
    *("message", "line", "order", "shipment", "cancellation"),
    *("promise_version", "window_from", "window_until"),
]


def _lines(draft: Draft, ids: Mapping[str, int]) -> Iterable[tuple[object, ...]]:
    message = ids[draft.letter.dedupe_key]
    for claim in draft.letter.claims:
        window = claim.window or (None, None)
        yield (
            *(message, claim.line_id, claim.order_id, claim.shipment_id, claim.cancellation_id),
            *(claim.version, *window),
        )


# -- out of date ------------------------------------------------------------------------------------------------------


def supersede_outdated(customers: Sequence[int], *, at: datetime.datetime) -> frozenset[int]:
    """Take back what these customers would be sent but should not be any more; return those whose mail was held.

    That is what is not true now, and dates while there is more to say of dates: both become one message. What the
    messages claimed is open again, so that announcing says what is true now, if it is still worth saying.
    """
    moved = MessageLine.objects.filter(message=OuterRef("pk"), promise_version__isnull=False)
    moved = moved.exclude(promise_version=F("line__promise__version"))
    unsent = Message.objects.filter(customer__in=customers, state__in=UNSENT)
    more = Promise.objects.untold().filter(customer=OuterRef("customer"))
    outdated = unsent.filter(
        Exists(moved) | ~Q(address_version=F("customer__address_version")) | (Q(kind__in=ABOUT_DATES) & Exists(more))
    )
    found = list(outdated.order_by("id").values_list("id", "customer_id", "state"))
    if found:
        supersede([pk for pk, _, _ in found], at=at)
    return frozenset(customer for _, customer, state in found if state == State.HELD)


@act
def supersede(message_ids: Sequence[int], *, at: datetime.datetime) -> int:
    """Mark unsent messages as superseded and open again what they claimed; return how many there still were."""
    mine = Message.objects.select_for_update(no_key=True, of=("self",)).filter(id__in=message_ids, state__in=UNSENT)
    ids = list(mine.order_by("id").values_list("id", flat=True))
    drop(Message.objects.filter(id__in=ids), state=State.SUPERSEDED)
    reopen(ids, at=at)
    return len(ids)


def drop(messages: "QuerySet[Message]", *, state: str, error: str = "") -> int:
    """End the messages in a state that will not be sent; their key is free for another that states the same."""
    key = Concat(F("dedupe_key"), Value("~"), Cast(F("id"), CharField()))
    return messages.update(state=state, dedupe_key=key, last_error=error, **NO_LEASE)


NO_LEASE = {"lease_token": None, "lease_until": None, "lease_owner": ""}

# What was announced is what was told again, for the lines whose newest announcement these messages are.
_REOPEN = """
    UPDATE allocation_promise AS t
    SET announced_from = told_from, announced_until = told_until, announced_at = told_at, weighed_version = NULL,
        approach_announced_until = CASE WHEN m.kind = 'approaching' THEN NULL ELSE approach_announced_until END,
        gap_since = CASE
            WHEN told_at IS NULL OR o.allocated + o.waiting = 0 THEN NULL
            WHEN expected_from IS NOT DISTINCT FROM told_from
                AND expected_until IS NOT DISTINCT FROM told_until THEN NULL
            ELSE coalesce(gap_since, %s)
        END
    FROM notifications_messageline l
        JOIN notifications_message m ON m.id = l.message_id JOIN orders_orderline o ON o.id = l.line_id
    WHERE l.message_id IN ({ids}) AND l.promise_version IS NOT NULL
        AND t.line_id = l.line_id AND t.announced_at = m.created_at
"""


def reopen(message_ids: Sequence[int], *, at: datetime.datetime) -> None:
    """Open again what these messages claimed: dates, confirmations, parcels, cancellations, reminders."""
    if not message_ids:
        return
    lines = MessageLine.objects.filter(message__in=message_ids)
    dated = lines.filter(promise_version__isnull=False)
    first_words = dated.filter(line__promise__told_at=None, line__promise__announced_at=F("message__created_at"))
    Order.objects.filter(id__in=first_words.values("order")).update(is_confirmed=False)
    Shipment.objects.filter(id__in=lines.values("shipment")).update(is_announced=False)
    Cancellation.objects.filter(id__in=lines.values("cancellation")).update(is_announced=False)
    still = Q(window_from=F("line__promise__expected_from"), window_until=F("line__promise__expected_until"))
    still |= Q(window_from=None, line__promise__expected_from=None)
    reminders = dated.filter(still, message__kind__in=(Kind.APPROACHING, Kind.NO_DATE))
    NextUpdate.objects.filter(line__in=reminders.values("line")).update(on=business_day(at))
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(at)
        places = ", ".join(["%s"] * len(message_ids))
        cursor.execute(_REOPEN.format(ids=places), [moment, *message_ids])


@act
def say_anew(customer_id: int, *, at: datetime.datetime) -> int:
    """Let a customer whose address was put right hear what did not reach the old one; return how many messages that is.

    Nobody has to call about them any more.
    """
    unheard = Message.objects.filter(customer=customer_id, state__in=(State.FAILED, State.SUPPRESSED))
    ids = list(unheard.filter(call_task__done_at=None).order_by("id").values_list("id", flat=True))
    reopen(ids, at=at)
    CallTask.objects.filter(message__in=ids, done_at=None).update(done_at=at)
    return len(ids)


# -- by hand ----------------------------------------------------------------------------------------------------------


def hold(message_ids: Iterable[int]) -> int:
    """Keep messages that have not left from leaving; return how many were stopped."""
    unsent = Message.objects.filter(id__in=message_ids, state__in=(State.PENDING, State.RETRY))
    return unsent.update(state=State.HELD)


def release(message_ids: Iterable[int], *, at: datetime.datetime) -> int:
    """Let held messages leave; those out of date are superseded at the gate."""
    return Message.objects.filter(id__in=message_ids, state=State.HELD).update(state=State.PENDING, not_before=at)


def send_now(message_ids: Iterable[int], *, at: datetime.datetime) -> int:
    """Put messages before all others; one that was perhaps accepted is repeated."""
    waiting = Message.objects.filter(id__in=message_ids, state__in=(*UNSENT, State.UNKNOWN))
    return waiting.update(state=State.RETRY, not_before=at, priority=AT_ONCE)


def cancel(message_ids: Iterable[int], *, why: str, at: datetime.datetime) -> int:
    """Never send these messages. Somebody has to tell the customers another way: each becomes a call task."""
    waiting = Message.objects.select_for_update(no_key=True, of=("self",))
    waiting = waiting.filter(id__in=message_ids, state__in=(*UNSENT, State.UNKNOWN))
    ids = list(waiting.order_by("id").values_list("id", flat=True))
    drop(Message.objects.filter(id__in=ids), state=State.CANCELLED, error=why)
    ask_to_call(ids, why=why, at=at)
    return len(ids)


def ask_to_call(message_ids: Iterable[int], *, why: str, at: datetime.datetime) -> None:
    """Open a call task beside each of these messages that has none."""
    missing = Message.objects.filter(id__in=message_ids, call_task=None).order_by("id")
    CallTask.objects.bulk_create(
        [
            CallTask(customer_id=customer_id, message_id=pk, why=why[:200], opened_at=at)
            for pk, customer_id in missing.values_list("id", "customer_id")
        ],
        ignore_conflicts=True,
    )
