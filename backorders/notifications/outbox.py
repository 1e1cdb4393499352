"""The outbox: what is queued was rendered before and is never rendered again; what it claimed is taken back with it.

A message that does not leave never leaves silence behind: it is outdated and what it claimed is open again, or a person
has to call.
"""

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from email.utils import parseaddr
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.access.table import CAPABILITIES
from backorders.allocation.gaps import gap_since
from backorders.allocation.models import Promise
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.delays.days import end_of
from backorders.delays.law import OPTIONS
from backorders.delays.models import LegalCase
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post
from backorders.notifications.addresses import objection, suppressed
from backorders.notifications.emails import Rendered
from backorders.notifications.letters import ABOUT_DATES, BY_HAND, Letter
from backorders.notifications.links import Link
from backorders.notifications.models import (
    TO_WHERE_IT_WAS,
    UNSENT,
    CallTask,
    CustomerLink,
    Message,
    MessageLine,
    NextUpdate,
)
from backorders.notifications.policy import TELLING, TellingPolicy
from backorders.notifications.threads import reply_to, tokens_of, way_out
from backorders.orders.models import Cancellation, Compensation, Offer, Order, Shipment

Kind, State = Message.Kind, Message.State

PRIORITY = {
    Kind.CONFIRMATION: 3,
    Kind.CANCELLED: 4,
    Kind.ANSWER_NEEDED: 2,
    Kind.NO_DATE: 4,
    Kind.LATER: 4,
    Kind.SHIPPED: 4,
    Kind.EARLIER: 6,
    Kind.APPROACHING: 6,
    Kind.HEARTBEAT: 6,
    Kind.DELIVERED: 6,
    Kind.ALTERNATIVE_OFFER: 5,
    Kind.MESSAGE: 3,
    Kind.SUBSTITUTED: 4,
    Kind.COMPENSATED: 5,
    Kind.QUESTION_ANSWER: 3,
    Kind.CONTACT_CODE: 1,
    Kind.ADDRESS_CHANGED: 1,
    Kind.DATE_REQUEST: 5,
}
CODE_LASTS = datetime.timedelta(minutes=30)
WRITE_AGAIN = _("A date in it changed before it left: write it again or call.")
WAS_HELD = "Held by staff; what takes its place is held, too."


class Draft(NamedTuple):
    """A letter in words, or the reason why there are none; the links its text leads to, by order."""

    letter: Letter
    links: Mapping[int, Link]
    rendered: Rendered | None
    error: str = ""


def queue(
    drafts: Sequence[Draft],
    *,
    rest: datetime.timedelta = datetime.timedelta(),
    at: datetime.datetime,
    policy: TellingPolicy = TELLING,
) -> dict[str, int]:
    """Store the drafts as messages to be sent, inside the caller's transaction; return their ids by dedupe key.

    They leave after `rest`.

    Whoever cannot be mailed, and what has no words, becomes a call task with the message beside it.
    """
    reasons = suppressed(draft.letter.to.email for draft in drafts)
    stored = [(draft, *_state(draft, reasons)) for draft in drafts]
    letters = [draft.letter for draft in drafts]
    threads = tokens_of({each.about for each in letters if settings.INBOUND_ADDRESS or each.is_optional}, at=at)
    rows.insert(Message, _MESSAGE, [_message(*each, threads, rest, at, policy) for each in stored])
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
        [(letter.to.customer_id, ids[letter.dedupe_key], why, at) for letter, why in calls],
    )
    _say_who_calls(len(calls), at=at)
    return ids


_MESSAGE = [
    *("kind", "customer", "dedupe_key", "address_version", "recipient", "language", "subject", "text", "html"),
    *("headers", "content_hash", "has_apology", "state", "priority", "not_before", "expires_at", "attempts"),
    *("lease_owner", "provider_id", "delivery", "last_error", "purge_after", "created_at"),
]


def _message(
    draft: Draft,
    state: str,
    error: str,
    threads: Mapping[int, str],
    rest: datetime.timedelta,
    at: datetime.datetime,
    policy: TellingPolicy,
) -> tuple[object, ...]:
    letter = draft.letter
    head = headers(letter.dedupe_key, thread=threads.get(letter.about, ""), is_optional=letter.is_optional)
    words = draft.rendered or Rendered("", "", "")
    key = letter.dedupe_key
    return (
        *(letter.kind, letter.to.customer_id, key, letter.to.address_version, letter.to.email.strip()[:254]),
        *(letter.to.language, words.subject, words.text, words.html, head),
        *(
            words.content_hash if draft.rendered else "",
            letter.has_apology,
            state,
            PRIORITY[Kind(letter.kind)],
            at + rest,
        ),
        *(_expires_at(letter, at), 0, "", "", Message.Delivery.NOTHING.value, error),
        *(at + datetime.timedelta(days=policy.keep_days), at),
    )


def _state(draft: Draft, reasons: Mapping[str, str]) -> tuple[str, str]:
    """Return in which state a draft is stored, and why if it is not going to be sent."""
    if draft.rendered is None:
        return State.FAILED, draft.error
    if why := objection(draft.letter.to.email, draft.letter.kind, reasons):
        return State.SUPPRESSED, why
    return (State.HELD if draft.letter.is_held else State.PENDING), ""


def headers(key: str, *, thread: str = "", is_optional: bool = False) -> dict[str, str]:
    """The headers of a mail; its id comes from what it states, so that a repeated mail is recognised as the same.

    `thread` is the token of the thread that a reply belongs to; out of what is optional one click leads (RFC 8058).
    """
    return {
        "Message-ID": f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{_domain_of(settings.DEFAULT_FROM_EMAIL)}>",
        "From": settings.DEFAULT_FROM_EMAIL,
        "Reply-To": reply_to(thread),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        **(way_out(thread) if is_optional and thread else {}),
    }


@lru_cache(maxsize=16)
def _domain_of(address: str) -> str:
    return parseaddr(address)[1].rpartition("@")[2]


OF_NO_USE_LATER = (Kind.CONTACT_CODE, Kind.APPROACHING, Kind.HEARTBEAT)  # nothing is written in their place


def _expires_at(letter: Letter, at: datetime.datetime) -> datetime.datetime | None:
    """What says that a date is near, or as it was, is of no use after it, nor a code when it opens nothing any more.

    What asks for an answer is true until the last day to give it.
    """
    if letter.kind == Kind.CONTACT_CODE:
        return at + CODE_LASTS
    if letter.kind not in OF_NO_USE_LATER:
        return min((claim.over_at for claim in letter.claims if claim.over_at), default=None)
    last = [window.last for part in letter.parts for window in part.windows]
    if not last:
        return None
    return at + (max(last) - business_day(at) + datetime.timedelta(days=1))


_LINE = [
    *("message", "line", "order", "shipment", "cancellation", "offer", "is_arrival", "compensation"),
    *("promise_version", "window_from", "window_until", "ready", "waits"),
]


def _lines(draft: Draft, ids: Mapping[str, int]) -> Iterable[tuple[object, ...]]:
    message = ids[draft.letter.dedupe_key]
    for claim in draft.letter.claims:
        window = claim.window or (None, None)
        yield (
            *(message, claim.line_id, claim.order_id, claim.shipment_id, claim.cancellation_id),
            *(claim.offer_id, claim.is_arrival, claim.compensation_id),
            *(claim.version, *window, *(claim.split or (None, None))),
        )


def supersede_outdated(customers: Sequence[int], *, at: datetime.datetime) -> frozenset[int]:
    """Take back what these customers would be sent but should not be any more; return those whose mail was held.

    That is what is not true now, and dates while there is more to say of dates: both become one message. What the
    messages claimed is open again, so that announcing says what is true now, if it is still worth saying. That may be
    later, so whose mail was held is known until `forget_hold`.
    """
    found = list(_outdated(customers).order_by("id").values_list("id", flat=True))
    if found:
        supersede(found, at=at)
    return frozenset(_replaced_while_held(customers).values_list("customer_id", flat=True))


def would_hold(customers: Sequence[int]) -> frozenset[int]:
    """Return whose next mail would be held, because the one that it replaces is or was."""
    held = _outdated(customers).filter(state=State.HELD).order_by().values_list("customer_id", flat=True)
    return frozenset([*held, *_replaced_while_held(customers).values_list("customer_id", flat=True)])


def _outdated(customers: Sequence[int]) -> "QuerySet[Message]":
    """What was not sent yet and should not be as it is: what is not true now, dates while there is more to say."""
    moved = stating_old_dates().filter(message=OuterRef("pk"))
    divided = stating_old_splits().filter(message=OuterRef("pk"))
    unsent = Message.objects.filter(customer__in=customers, state__in=UNSENT).exclude(kind__in=TO_WHERE_IT_WAS)
    more = Promise.objects.untold().filter(customer=OuterRef("customer"))
    return unsent.filter(
        Exists(moved)
        | Exists(divided)
        | ~Q(address_version=F("customer__address_version"))
        | (Q(kind__in=ABOUT_DATES) & Exists(more))
    )


def stating_old_dates() -> "QuerySet[MessageLine]":
    """Lines of messages that state a date which is not the newest of its promise any more."""
    return MessageLine.objects.filter(promise_version__isnull=False).exclude(
        promise_version=F("line__promise__version")
    )


def stating_old_splits() -> "QuerySet[MessageLine]":
    """Lines of confirmations that say of other units than now that they leave at once, or that they wait."""
    leaves = F("line__allocated") + F("line__shipped")
    return MessageLine.objects.filter(~Q(ready=leaves) | ~Q(waits=F("line__waiting")), ready__isnull=False)


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


def ask_to_write_again(message_ids: Sequence[int], *, at: datetime.datetime) -> None:
    """Open a call task beside those of these dropped messages that a person wrote."""
    by_hand = Message.objects.filter(id__in=message_ids, kind__in=BY_HAND).values_list("id", flat=True)
    by_hand = by_hand.exclude(lines__compensation__isnull=False)  # given by a policy: announcing says it anew
    ask_to_call(list(by_hand), why=WRITE_AGAIN, at=at)


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


FREED = Concat(F("dedupe_key"), Value("~"), Cast(F("id"), CharField()))
NO_LEASE = {"lease_token": None, "lease_until": None, "lease_owner": ""}

# What was announced is what was told again, for the lines whose newest announcement these messages are.
_REOPEN = f"""
    UPDATE allocation_promise AS t
    SET announced_from = told_from, announced_until = told_until, announced_at = told_at, weighed_version = NULL,
        approach_announced_until = CASE WHEN m.kind = 'approaching' THEN NULL ELSE approach_announced_until END,
        gap_since = {gap_since(announced=("told_from", "told_until"), none_if="told_at IS NULL OR NOT is_open")}
    FROM notifications_messageline l
        JOIN notifications_message m ON m.id = l.message_id
    WHERE l.message_id IN ({{ids}}) AND l.promise_version IS NOT NULL
        AND t.line_id = l.line_id AND t.announced_at = m.created_at
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
    _owe_notices_again(dated, at=at)
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(at)
        places = ", ".join(["%s"] * len(message_ids))
        cursor.execute(_REOPEN.format(ids=places), [moment, *message_ids])


def _owe_notices_again(lines: "QuerySet[MessageLine]", *, at: datetime.datetime) -> None:
    """Let notices that the law asks for, and reminders of them, be due again with these messages."""
    stated = lines.filter(message__kind=Kind.ANSWER_NEEDED).order_by()
    newest = stated.filter(line__legal_case__notice_at=F("message__created_at"))
    cases = list(newest.values_list("line_id", flat=True))
    LegalCase.objects.filter(pk__in=cases).update(notice_at=None)
    asked = LegalCase.objects.filter(pk__in=stated.values("line"), state__in=[state.value for state in OPTIONS])
    asked.exclude(pk__in=cases).filter(remind_on=None).update(remind_on=business_day(at))


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


# -- by hand ----------------------------------------------------------------------------------------------------------


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
    stated = [line.line_id for line in lines if line.line_id]
    LegalCase.objects.filter(pk__in=stated, notice_at=message.created_at).update(notice_at=at)  # it is the notice now
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
    """Until when a repeated message is true: a notice until what runs now by its case is over."""
    if message.kind in OF_NO_USE_LATER or message.expires_at is None:
        return message.expires_at
    cases = LegalCase.objects.filter(line__message_lines__message=message, clock_on__isnull=False).order_by()
    return min((end_of(day, zone=zone) for day, zone in cases.values_list("clock_on", "zone") if day), default=None)


_KEPT = "kind language subject text html content_hash has_apology priority purge_after".split()


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
    _say_who_calls(len(tasks) - to_suppliers, at=at)
    _say_who_calls_suppliers(to_suppliers, at=at)


def _say_who_calls(count: int, *, at: datetime.datetime) -> None:
    """Let those who call customers find in their inbox that there are more."""
    if count:
        callers = people_with(CAPABILITIES["telling.mark_called"].roles)
        post(Notice.Kind.CALL, to=callers, key="calls", count=count, at=at)


def _say_who_calls_suppliers(count: int, *, at: datetime.datetime) -> None:
    if count:
        buyers = people_with(CAPABILITIES["asking.note_call"].roles)
        post(Notice.Kind.SUPPLIER_CALL, to=buyers, key="supplier calls", count=count, at=at)
