"""What the provider says later: stored as it comes, answered at once, worked on afterwards.

How far a message got only rises: a late "delivered" does not lift a bounce. An address that bounces for good, softly
too often, or complains is not mailed any more; its customer is called. What a mail said that bounced counts as told no
longer.
"""

import datetime
import hashlib
import logging
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from anymail.signals import tracking as provider_speaks
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.changes.acting import act
from backorders.ids import typed_id
from backorders.notifications.addresses import normal
from backorders.notifications.calling import ask_to_call, ask_to_write_again
from backorders.notifications.marking import confirm_unknown, untell
from backorders.notifications.models import BOUNCES, SET_ASIDE, Message, ProviderEvent, Suppression
from backorders.notifications.outdating import stating_old_dates
from backorders.notifications.parking import is_worked_on
from backorders.notifications.policy import SENDING
from backorders.notifications.repeating import repeat, repeated_key
from backorders.notifications.replies import clean
from backorders.notifications.superseding import FREED, reopen
from backorders.refusal import said

Delivery, Reason = Message.Delivery, Suppression.Reason

RANK = {
    "deferred": Delivery.DEFERRED,
    "delivered": Delivery.DELIVERED,
    "opened": Delivery.DELIVERED,
    "clicked": Delivery.DELIVERED,
    **dict.fromkeys(BOUNCES, Delivery.BOUNCED),
    "complained": Delivery.COMPLAINED,
}
TAKEN = {"sent", "delivered", "bounced", "complained", "deferred", "opened", "clicked"}
TO_ACT_ON = {"bounced", "complained", "rejected", "failed"}
HARD = {"invalid", "bounced"}  # the mailbox is not there; anything else may pass
SOFT = re.compile(r"soft.?bounce|bouncetype\W+transient", re.IGNORECASE)  # anymail calls both kinds of bounce the same
BATCH = 500
LOG = logging.getLogger(__name__)
YEARS = range(2000, 9999)  # of moments that a provider can mean


@receiver(provider_speaks, dispatch_uid="backorders.notifications")
def hear(*, event: Any, esp_name: str, **_kwargs: Any) -> None:
    """Store one event of the provider, once however often it is delivered (anymail's tracking signal)."""
    now = timezone.now()
    given = _given(event.metadata)
    ProviderEvent.objects.bulk_create(
        [
            ProviderEvent(
                event_key=_key(event, esp_name),
                event_type=clean(event.event_type, 20),
                provider_id=clean(event.message_id, 200),
                recipient=clean(event.recipient, 254),
                message=Message.objects.filter(pk=given).first() if given else None,
                reason=_reason(event),
                description=clean(event.description or event.mta_response, 2000),
                occurred_at=_moment(event.timestamp) or now,
                received_at=now,
            )
        ],
        ignore_conflicts=True,
    )


def _moment(said: datetime.datetime | None) -> datetime.datetime | None:
    """When it happened, unless that is a date by which a program says that it knows none."""
    return said if said and said.year in YEARS else None


def _given(metadata: Any) -> int | None:
    """The message that we named when we handed the mail over."""
    said = str(metadata.get("message", "")) if isinstance(metadata, Mapping) else ""
    return typed_id(said)


def _reason(event: Any) -> str:
    """Why it was rejected; "soft" for a bounce that the provider itself calls so.

    SendGrid says of a bounce that it is for good ("bounce") or may pass ("blocked"); anymail leaves that where it is.
    """
    if event.event_type == "bounced" and SOFT.search(str(event.esp_event)):
        return "soft"
    if event.event_type == "bounced" and not event.reject_reason and isinstance(event.esp_event, Mapping):
        return "bounced" if event.esp_event.get("type") == "bounce" else ""
    return clean(event.reject_reason, 40)


def _key(event: Any, esp_name: str) -> str:
    """What makes the event one: the provider's id of it with what it says of whom, or, without one, everything it says.

    One report may be about several recipients, and a provider may count bounces and complaints apart.
    """
    known = (event.event_id,) if event.event_id else (event.message_id, event.timestamp)
    said = (event.event_type, event.recipient, *known)
    return f"{esp_name}:{hashlib.sha256(repr(said).encode('utf-8', 'replace')).hexdigest()}"


def process_events(*, at: datetime.datetime) -> Counter[str]:
    """Work on what was heard, oldest first; return how many events of which type there were.

    Many are worked on together; where that fails, one by one, so that the one that is to blame holds no other up
    (`parking`). Those that failed before go by themselves; whoever did not get a mail by what is set aside is called.
    """
    heard: Counter[str] = Counter()
    last = 0
    to_do = ProviderEvent.objects.filter(processed_at=None).order_by("id").values_list("id", "attempts")
    while batch := list(to_do.filter(id__gt=last)[:BATCH]):
        last = batch[-1][0]
        alone = [pk for pk, attempts in batch if attempts]
        try:
            heard.update(_work_on([pk for pk, attempts in batch if not attempts], at=at))
        except Exception as error:  # of one of them: which one it is shows when each is an act of its own
            LOG.warning("events of the provider are worked on one by one: %s", type(error).__name__)
            alone = [pk for pk, _attempts in batch]
        for pk in alone:
            is_worked_on(ProviderEvent, pk, lambda pk, *, at: heard.update(_work_on([pk], at=at)), at=at)
        _have_called(alone, at=at)
    return heard


@act
def _have_called(event_ids: list[int], *, at: datetime.datetime) -> None:
    """Ask for a call about the mails that did not arrive, by those of these events that are set aside now."""
    aside = list(ProviderEvent.objects.filter(SET_ASIDE, pk__in=event_ids))
    _find_messages(aside)
    unread = {event.message_id for event in aside if event.message_id and event.event_type in TO_ACT_ON}
    ask_to_call(unread, why=_("The provider reported trouble with this mail, and that could not be worked on."), at=at)


@act
def _work_on(event_ids: list[int], *, at: datetime.datetime) -> list[str]:
    """Work on these events if nobody else has, in one transaction; return their types."""
    mine = ProviderEvent.objects.select_for_update(no_key=True, of=("self",))
    events = list(mine.filter(pk__in=event_ids, processed_at=None).order_by("id"))
    _find_messages(events)
    _note_how_far(events, at=at)
    for event in events:
        if event.event_type in TO_ACT_ON:
            _act_on(event, at=at)
    ProviderEvent.objects.filter(pk__in=[event.pk for event in events]).update(processed_at=at, problem="")
    return [event.event_type for event in events]


def _find_messages(events: list[ProviderEvent]) -> None:
    unnamed = [event for event in events if event.message_id is None and event.provider_id]
    wanted = {event.provider_id for event in unnamed}
    known = {message.provider_id: message for message in Message.objects.filter(provider_id__in=wanted)}
    found = [event for event in unnamed if event.provider_id in known]
    for event in found:
        event.message = known[event.provider_id]
    rows.update(ProviderEvent, ["id", "message"], [(event.pk, event.message_id) for event in found])


def _note_how_far(events: list[ProviderEvent], *, at: datetime.datetime) -> None:
    """Write down how far the messages got: a few statements, however many events there are."""
    about = [(event.event_type, event.message_id) for event in events if event.message_id is not None]
    taken = {message for kind, message in about if kind in TAKEN}
    confirm_unknown(sorted(taken), at=at)  # they were accepted: the provider works on them
    for rank in sorted(set(RANK.values())):
        ids = {message for kind, message in about if RANK.get(kind) == rank}
        Message.objects.filter(pk__in=ids, delivery__lt=rank).update(delivery=rank)
        if rank == Delivery.BOUNCED:
            untell(sorted(ids))  # they were taken, but nobody read them


def _act_on(event: ProviderEvent, *, at: datetime.datetime) -> None:
    """Suppress an address, repeat a mail or have its customer called."""
    message = event.message
    if event.event_type == "complained":
        _suppress(event, Reason.COMPLAINT, _("The customer complained about our mail."), at=at)
    elif event.event_type in ("bounced", "rejected") and event.reason in HARD:
        _suppress(event, Reason.BOUNCE, said(_("The mail bounced: %(reason)s."), reason=event.reason), at=at)
    elif event.event_type == "bounced" and not _bounces_softly(event):
        _send_once_more(event, at=at)
    elif event.event_type == "bounced":
        _suppress(
            event,
            Reason.SOFT_BOUNCES,
            said(
                _("%(mails)s mails bounced within %(days)s days."),
                mails=SENDING.soft_bounces,
                days=SENDING.soft_bounce_days,
            ),
            at=at,
        )
    elif event.event_type in ("rejected", "failed") and message is not None:
        ask_to_call(
            [message.pk],
            why=said(_("The provider did not deliver the mail: %(reason)s."), reason=event.reason or _("failed")),
            at=at,
        )


def _send_once_more(event: ProviderEvent, *, at: datetime.datetime) -> None:
    """Repeat a mail that bounced softly, later; of one in which a date moved meanwhile all is said anew, as it is then.

    What a person wrote nobody else can write again: they are asked to. Once, however often the provider says it.
    """
    message = event.message
    if message is None:
        return
    if message.customer_id is None or not message.text:  # of a supplier, or of so long ago that its words are gone
        ask_to_call([message.pk], why=_("The mail bounced."), at=at)
    elif not stating_old_dates().filter(message=message).exists():
        occasion = f"~b{message.pk}"
        if not Message.objects.filter(dedupe_key=repeated_key(message, occasion)).exists():
            repeat(message, occasion=occasion, rest=SENDING.soft_bounce_wait, at=at)
    elif not message.dedupe_key.endswith(f"~{message.pk}"):
        reopen([message.pk], at=at)
        ask_to_write_again([message.pk], at=at)
        Message.objects.filter(pk=message.pk).update(dedupe_key=FREED)  # the next may state the same


def _bounces_softly(event: ProviderEvent) -> bool:
    """Whether this is one soft bounce too many of the address within the days of the policy."""
    since = event.occurred_at - datetime.timedelta(days=SENDING.soft_bounce_days)
    bounces = ProviderEvent.objects.filter(
        recipient__iexact=event.recipient, event_type="bounced", occurred_at__gt=since, pk__lte=event.pk
    )
    return bounces.count() >= SENDING.soft_bounces


def _suppress(event: ProviderEvent, reason: str, why: Any, *, at: datetime.datetime) -> None:
    address = normal(event.recipient or (event.message.recipient if event.message else ""))
    if not address:
        return
    known = Suppression.objects.filter(address=address)
    if not known.filter(lifted_at=None).exists():
        known.delete()
        Suppression.objects.create(address=address, reason=reason, at=at)
    elif reason != Reason.COMPLAINT:
        known.filter(reason=Reason.COMPLAINT).update(reason=reason, at=at)
    if event.message is not None:
        ask_to_call([event.message.pk], why=why, at=at)
