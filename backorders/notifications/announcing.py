"""Announcing: state is read, letters are put into words, what is still true then is queued and marked as announced.

Words are made outside of any transaction. The transaction that queues them waits for nobody: customers and promises
that somebody else holds right now are left to the next run, so that neither selling nor planning waits for long.
"""

import dataclasses
import datetime
from collections.abc import Collection, Sequence
from typing import NamedTuple, TypeVar

from django.db import connection
from django.db.models import Q, QuerySet

from backorders import rows
from backorders.allocation.models import Promise
from backorders.allocation.windows import Window, business_day
from backorders.changes.acting import act
from backorders.delays.models import LegalCase
from backorders.notifications import outbox, superseding
from backorders.notifications.composing import Composed, compose
from backorders.notifications.due import due_customers
from backorders.notifications.emails import Unrenderable, render
from backorders.notifications.letters import Claim, Letter
from backorders.notifications.links import new_link
from backorders.notifications.models import Hurry, NextUpdate
from backorders.notifications.outbox import Draft
from backorders.notifications.policy import TellingPolicy, telling
from backorders.notifications.reading import read
from backorders.notifications.weighing import next_update_on
from backorders.notifications.wordings import NONE, Wordings, in_force
from backorders.orders.models import Cancellation, Compensation, Customer, Offer, Order, Shipment

Row = TypeVar("Row", bound="Customer | Order | Shipment | Cancellation | Offer | Compensation | Promise")


class Announced(NamedTuple):
    """What a run did: customers looked at, messages queued."""

    customers: int
    messages: int


class Queued(NamedTuple):
    """How many messages were queued, and which customers (ids) are left to the next run."""

    messages: int
    left: frozenset[int]


def announce_due(*, at: datetime.datetime, policy: TellingPolicy | None = None) -> Announced:
    """Queue a message for every customer who has something to hear now. Any number of processes may run it at once.

    Customers are taken in groups; the number of statements for a group does not depend on how many lines it has.
    """
    policy = policy or telling()
    hurried = list(Hurry.objects.filter(is_by_job=False).order_by("customer").values_list("customer_id", flat=True))
    now = announce_to(hurried, at=at, policy=policy)
    customers = due_customers(at=at, policy=policy)
    messages = sum(
        _announce(group, at=at, policy=policy).messages for group in rows.batches(customers, policy.customers_at_once)
    )
    return Announced(now.customers + len(customers), now.messages + messages)


def announce_to(customers: Sequence[int], *, at: datetime.datetime, policy: TellingPolicy | None = None) -> Announced:
    """Queue one message for each of these customers who has something to hear, without waiting for it to rest.

    Whom somebody else holds right now stays in a hurry, for the clock's next run.
    """
    messages, policy = 0, policy or telling()
    for group in rows.batches(customers, policy.customers_at_once):
        wished = set(Hurry.objects.filter(customer__in=group).order_by().values_list("change_set", flat=True))
        queued = _announce(group, at=at, policy=policy.at_once())
        messages += queued.messages
        Hurry.objects.filter(customer__in=set(group) - queued.left, change_set__in=wished).delete()
        Hurry.objects.filter(customer__in=queued.left, is_by_job=True).update(is_by_job=False)
    return Announced(len(customers), messages)


def announce_anew(customer_id: int, *, preface: str, at: datetime.datetime) -> list[int]:
    """Queue what this customer has to hear without waiting for quiet, with a paragraph above; return the messages' ids.

    Call it right after what was queued before was taken back, in the same act.
    """
    policy = telling()
    now = policy.at_once()
    composed = compose(read([customer_id], at=at, policy=now), at=at, policy=now)
    wordings = in_force()
    letters = [dataclasses.replace(letter, preface=preface) for letter in composed.letters if letter.parts]
    drafts = [_draft(letter, wordings) for letter in letters]
    ids = outbox.queue(drafts, rest=policy.quiet, at=at, policy=policy)
    mark_announced(letters, at=at)
    return sorted(ids.values())


def _announce(customers: Sequence[int], *, at: datetime.datetime, policy: TellingPolicy) -> Queued:
    held = superseding.supersede_outdated(customers, at=at)
    composed = compose(read(customers, at=at, policy=policy), held=held, at=at, policy=policy)
    wordings = in_force() if any(letter.parts for letter in composed.letters) else NONE
    drafts = [_draft(letter, wordings) for letter in composed.letters if letter.parts]
    wordless = [letter for letter in composed.letters if not letter.parts]
    return _queue(drafts, wordless, composed, held - composed.later, at=at, policy=policy)


def _draft(letter: Letter, wordings: Wordings) -> Draft:
    """Put the letter into words. One that has none must not hold up the others, whatever is wrong with it."""
    links = {order_id: new_link() for order_id in letter.order_ids}
    try:
        addresses = {order_id: link.url for order_id, link in links.items()}
        rendered = render(letter, links=addresses, wordings=wordings)
    except Unrenderable as error:
        return Draft(letter, {}, None, str(error))
    except Exception as error:  # a fault in a template or in the data; a person calls this customer
        return Draft(letter, {}, None, f"The mail could not be written: {type(error).__name__}: {error}")
    return Draft(letter, links, rendered)


@act
def _queue(
    drafts: Sequence[Draft],
    wordless: Sequence[Letter],
    composed: Composed,
    held: Collection[int],
    *,
    at: datetime.datetime,
    policy: TellingPolicy,
) -> Queued:
    """Queue what is still true and mark it as announced, all in one transaction.

    `held` are customers whose mail was held and who are to hear now or not at all.
    """
    truth = Truth([draft.letter for draft in drafts] + list(wordless), today=business_day(at))
    standing = [draft for draft in drafts if truth.holds(draft.letter)]
    if standing:
        outbox.queue(standing, at=at, policy=policy)
    letters = [draft.letter for draft in standing] + [letter for letter in wordless if truth.holds(letter)]
    mark_announced(letters, at=at)
    _put_aside(composed)
    unsaid = frozenset(draft.letter.to.customer_id for draft in drafts if not truth.holds(draft.letter))
    if held:
        superseding.forget_hold(set(held) - unsaid)
    return Queued(len(standing), unsaid)


class Truth:
    """What is true of the letters' claims now, read under locks that are taken without waiting."""

    def __init__(self, letters: Sequence[Letter], *, today: datetime.date) -> None:
        self.today = today
        claims = [claim for letter in letters for claim in letter.claims]
        self.addresses = dict(
            _locked(Customer.objects.filter(id__in={letter.to.customer_id for letter in letters})).values_list(
                "id", "address_version"
            )
        )
        self.promises = {
            line: (version, announced_at, Window.between(*told))
            for line, version, announced_at, *told in _locked(
                Promise.objects.filter(line__in={claim.line_id for claim in claims if claim.version is not None})
            ).values_list("line_id", "version", "announced_at", "told_from", "told_until")
        }
        orders = {order_id for letter in letters for order_id in letter.confirms}
        self.orders = _ids(_locked(Order.objects.filter(id__in=orders, is_confirmed=False)), orders)
        shipments = {claim.shipment_id for claim in claims if claim.shipment_id and not claim.is_arrival}
        self.shipments = _ids(_locked(Shipment.objects.filter(id__in=shipments, is_announced=False)), shipments)
        arrived = {claim.shipment_id for claim in claims if claim.shipment_id and claim.is_arrival}
        unsaid = Shipment.objects.filter(id__in=arrived, is_arrival_announced=False, delivered_at__isnull=False)
        self.arrived = _ids(_locked(unsaid), arrived)
        cancelled = {claim.cancellation_id for claim in claims if claim.cancellation_id}
        self.cancelled = _ids(_locked(Cancellation.objects.filter(id__in=cancelled, is_announced=False)), cancelled)
        offers = {claim.offer_id for claim in claims if claim.offer_id}
        self.offers = _ids(_locked(Offer.objects.filter(id__in=offers, is_announced=False)), offers)
        given = {claim.compensation_id for claim in claims if claim.compensation_id}
        self.given = _ids(_locked(Compensation.objects.filter(id__in=given, is_announced=False)), given)

    def holds(self, letter: Letter) -> bool:
        """Whether everything the letter claims is as it was read, and nobody else has said it."""
        return (
            self.addresses.get(letter.to.customer_id) == letter.to.address_version
            and self.orders.issuperset(letter.confirms)
            and all(self._holds(claim) for claim in letter.claims)
        )

    def _holds(self, claim: Claim) -> bool:
        if claim.shipment_id is not None:
            return claim.shipment_id in (self.arrived if claim.is_arrival else self.shipments)
        if claim.offer_id is not None:
            return claim.offer_id in self.offers
        if claim.cancellation_id is not None:
            return claim.cancellation_id in self.cancelled
        if claim.compensation_id is not None:
            return claim.compensation_id in self.given
        version, announced_at, told = self.promises.get(claim.line_id, (None, None, None))
        is_news = claim.window != told
        if is_news and claim.window and claim.window.is_over(self.today):
            return False  # the plan has not come round to it yet
        return (version, announced_at) == (claim.version, claim.announced_at)


def _locked(queryset: "QuerySet[Row]") -> "QuerySet[Row]":
    queryset = queryset.order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        return queryset.select_for_update(skip_locked=True, no_key=True, of=("self",))
    return queryset


def _ids(queryset: "QuerySet[Row]", wanted: Collection[int]) -> set[int]:
    return set(queryset.values_list("pk", flat=True)) if wanted else set()


def mark_announced(letters: Sequence[Letter], *, at: datetime.datetime) -> None:
    """Write down that everything these letters claim is announced."""
    claims = [claim for letter in letters for claim in letter.claims]
    dated = [claim for claim in claims if claim.version is not None]
    rows.update(
        Promise,
        ["line", "announced_from", "announced_until", "announced_at", "gap_since", "weighed_version"],
        [(claim.line_id, *(claim.window or (None, None)), at, None, None) for claim in dated],
    )
    rows.update(
        Promise,
        ["line", "approach_announced_until"],
        [(claim.line_id, claim.window.last) for claim in dated if claim.is_near and claim.window],
    )
    _set_next_updates({claim.line_id: claim.next_update_on for claim in dated})
    rows.update(LegalCase, ["line", "notice_at"], [(claim.line_id, at) for claim in dated if claim.is_notice])
    rows.update(
        LegalCase,
        ["line", "remind_on"],
        [(claim.line_id, claim.remind_next_on) for claim in dated if claim.is_reminder],
    )
    Order.objects.filter(id__in={pk for letter in letters for pk in letter.confirms}).update(is_confirmed=True)
    parcels = [claim for claim in claims if claim.shipment_id]
    Shipment.objects.filter(id__in={c.shipment_id for c in parcels if not c.is_arrival}).update(is_announced=True)
    Shipment.objects.filter(id__in={c.shipment_id for c in parcels if c.is_arrival}).update(is_arrival_announced=True)
    Offer.objects.filter(id__in={c.offer_id for c in claims if c.offer_id}).update(is_announced=True)
    Cancellation.objects.filter(id__in={c.cancellation_id for c in claims if c.cancellation_id}).update(
        is_announced=True
    )
    given = {claim.compensation_id for claim in claims if claim.compensation_id}
    Compensation.objects.filter(id__in=given).update(is_announced=True)


def _put_aside(composed: Composed) -> None:
    """Remember what deserves no message, so that it is not looked at again before it changes."""
    small = {line.line_id: line.version for line in composed.too_small}
    free = _ids(_locked(Promise.objects.filter(line__in=small)), small)
    rows.update(Promise, ["line", "weighed_version"], [(line, small[line]) for line in sorted(free)])
    _set_next_updates(composed.next_updates)


_SET_NEXT_UPDATES = """
    INSERT INTO notifications_nextupdate (line_id, "on") SELECT {0}, {1} FROM {source} WHERE true
    ON CONFLICT (line_id) DO UPDATE SET "on" = excluded."on"
"""


def promise_next_updates(*, at: datetime.datetime) -> int:
    """Give every open line that was announced by other means (an import) its day of the next update; return how many.

    The statements grow with the lines found, ten thousand at a time; there are none once it has run.
    """
    lines = Promise.objects.filter(announced_at__isnull=False, line__next_update=None, customer__is_written_to=True)
    lines = lines.filter(Q(line__waiting__gt=0) | Q(line__allocated__gt=0)).order_by("line")
    count, policy = 0, telling()
    while found := list(lines.values_list("line_id", "expected_from", "expected_until")[:10_000]):
        windows = {line: Window.between(first, last) for line, first, last in found}
        _set_next_updates({line: next_update_on(window, at=at, policy=policy) for line, window in windows.items()})
        count += len(found)
    return count


def _set_next_updates(days: dict[int, datetime.date | None]) -> None:
    over = [line for line, on in days.items() if on is None]
    if over:
        NextUpdate.objects.filter(line__in=over).delete()
    ahead = [(line, on) for line, on in sorted(days.items()) if on is not None]
    rows.run(_SET_NEXT_UPDATES, NextUpdate, ["line", "on"], ahead)
