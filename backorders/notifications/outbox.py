"""The outbox: what is queued was rendered before and is never rendered again; who cannot be mailed has to be called."""

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from email.utils import parseaddr
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings

from backorders import rows
from backorders.allocation.windows import business_day
from backorders.notifications.addresses import objection, suppressed
from backorders.notifications.calling import say_who_calls
from backorders.notifications.emails import Rendered
from backorders.notifications.letters import Letter
from backorders.notifications.links import Link
from backorders.notifications.models import CallTask, CustomerLink, Message, MessageLine
from backorders.notifications.policy import TellingPolicy
from backorders.notifications.threads import reply_to, tokens_of, way_out
from backorders.notifications.weighing import out_of_quiet

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
    policy: TellingPolicy,
) -> dict[str, int]:
    """Store the drafts as messages to be sent, inside the caller's transaction; return their ids by dedupe key.

    They leave after `rest`, and not in the quiet hours, unless somebody waits for them.

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
    say_who_calls(len(calls), at=at)
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
            at + rest if letter.kind in AT_ANY_HOUR else out_of_quiet(at + rest, policy=policy),
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


AT_ANY_HOUR = (  # somebody waits for it, wrote it, or must know at once
    *(Kind.CONFIRMATION, Kind.ANSWER_NEEDED, Kind.QUESTION_ANSWER, Kind.MESSAGE),
    *(Kind.CONTACT_CODE, Kind.ADDRESS_CHANGED),
)
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
