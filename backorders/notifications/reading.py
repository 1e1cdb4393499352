"""The work list of announcing, read from state: whom there is something to tell, and everything known about it.

Every question is one statement for all customers asked about, over an index that holds only what is to be done.
"""

import datetime
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import F, Max, Q, QuerySet

from backorders.allocation.models import Promise, PromiseChange
from backorders.allocation.windows import Window, business_day
from backorders.notifications.letters import ABOUT_DATES, Addressee
from backorders.notifications.models import Message, MessageLine, NextUpdate
from backorders.notifications.policy import TellingPolicy
from backorders.orders.models import Cancellation, Customer, Order, Refund, Shipment, ShipmentLine
from backorders.supply.models import EtaRevision

# What a customer may have heard, as far as we know; what has not left yet can still be taken back and said anew.
HEARD = ("accepted", "sending", "unknown", "retry")
SAID = (*HEARD, "pending", "held")

# Lines whose newest date was announced, or differs so little that it need not be.
SETTLED = Q(gap_since=None) | Q(weighed_version=F("version"))


class Line(NamedTuple):
    """An order line with its promise, as the reading found them."""

    line_id: int
    order_id: int
    customer_id: int
    product_id: int
    version: int
    changed_at: datetime.datetime
    gap_since: datetime.datetime | None
    expected_from: datetime.date | None
    expected_until: datetime.date | None
    announced_from: datetime.date | None
    announced_until: datetime.date | None
    announced_at: datetime.datetime | None
    told_from: datetime.date | None
    told_until: datetime.date | None
    approach_announced_until: datetime.date | None
    weighed_version: int | None
    allocated: int
    waiting: int
    product: str
    number: str
    placed_at: datetime.datetime
    is_whole: bool

    @property
    def expected(self) -> Window | None:
        """What we believe."""
        return _window(self.expected_from, self.expected_until)

    @property
    def announced(self) -> Window | None:
        """What the newest message says."""
        return _window(self.announced_from, self.announced_until)

    @property
    def told(self) -> Window | None:
        """What the provider last accepted; before that, what is on its way."""
        return _window(self.told_from, self.told_until) or self.announced

    @property
    def open_quantity(self) -> int:
        """Units still to be shipped."""
        return self.allocated + self.waiting

    @property
    def is_settled(self) -> bool:
        """Whether its newest date was announced, or differs so little that it need not be."""
        return self.gap_since is None or self.weighed_version == self.version


_LINE = [
    "line_id",
    "line__order_id",
    "customer_id",
    "product_id",
    "version",
    "changed_at",
    "gap_since",
    "expected_from",
    "expected_until",
    "announced_from",
    "announced_until",
    "announced_at",
    "told_from",
    "told_until",
    "approach_announced_until",
    "weighed_version",
    "line__allocated",
    "line__waiting",
    "product__name",
    "line__order__number",
    "line__order__placed_at",
    "line__order__is_ship_complete",
]


class Sent(NamedTuple):
    """Units of a line in a parcel that was not announced yet."""

    shipment_id: int
    order_id: int
    customer_id: int
    line_id: int
    product_id: int
    quantity: int
    product: str
    number: str
    placed_at: datetime.datetime
    shipped_at: datetime.datetime
    carrier: str
    tracking_link: str
    tracking_number: str

    @property
    def tracking_url(self) -> str:
        """The carrier's page for the parcel, or nothing."""
        link = self.tracking_link
        return link.replace("{number}", self.tracking_number) if link and self.tracking_number else ""


_SENT = [
    "shipment_id",
    "shipment__order_id",
    "shipment__order__customer_id",
    "line_id",
    "line__product_id",
    "quantity",
    "line__product__name",
    "shipment__order__number",
    "shipment__order__placed_at",
    "shipment__shipped_at",
    "shipment__carrier__name",
    "shipment__carrier__tracking_link",
    "shipment__tracking_number",
]


class Called(NamedTuple):
    """A cancellation that was not announced yet."""

    cancellation_id: int
    order_id: int
    customer_id: int
    line_id: int
    product_id: int
    quantity: int
    product: str
    number: str
    placed_at: datetime.datetime


_CALLED = [
    "id",
    "line__order_id",
    "line__order__customer_id",
    "line_id",
    "line__product_id",
    "quantity",
    "line__product__name",
    "line__order__number",
    "line__order__placed_at",
]


class Found(NamedTuple):
    """Everything there is to tell the asked customers, before any rule is applied."""

    addressees: dict[int, Addressee]
    gaps: list[Line]
    unconfirmed: list[Line]
    empty_orders: list[tuple[int, int]]
    silent: list[Line]
    sent: list[Sent]
    beside: list[Line]
    cancelled: list[Called]
    refunds: dict[int, Refund]
    last_word: dict[int, datetime.datetime]
    reasons: dict[int, str]
    moves: dict[int, list[datetime.datetime]]
    sorry_before: set[int]
    later_before: set[int]


def due_customers(*, at: datetime.datetime, policy: TellingPolicy) -> list[int]:
    """Return the ids of the customers to whom there may be something to say now, in order."""
    due = [
        _gaps_at_rest(at, policy).values_list("customer_id", flat=True),
        Order.objects.filter(is_confirmed=False).values_list("customer_id", flat=True),
        Shipment.objects.filter(is_announced=False).values_list("order__customer_id", flat=True),
        Cancellation.objects.filter(is_announced=False).values_list("line__order__customer_id", flat=True),
        NextUpdate.objects.filter(on__lte=business_day(at)).values_list("line__order__customer_id", flat=True),
    ]
    return sorted({customer for ids in due for customer in ids.order_by().distinct().iterator()})


def _gaps_at_rest(at: datetime.datetime, policy: TellingPolicy) -> "QuerySet[Promise]":
    """Gaps that may have come to rest and whose customer is not under the cap; the pure rules decide again."""
    words = Message.objects.filter(created_at__gt=at - policy.cap, kind__in=ABOUT_DATES, state__in=HEARD)
    imminent = Q(told_from__lte=business_day(at + policy.imminent)) | Q(
        told_at=None, announced_from__lte=business_day(at + policy.imminent)
    )
    at_rest = Q(changed_at__lte=at - policy.quiet_if_imminent) | Q(gap_since__lte=at - policy.longest_quiet)
    return Promise.objects.untold().filter(at_rest).filter(imminent | ~Q(customer__in=words.values("customer")))


def read(customers: Sequence[int], *, at: datetime.datetime, policy: TellingPolicy) -> Found:
    """Read everything there is to tell these customers. The number of statements does not depend on how many."""
    gaps = _lines(Promise.objects.untold().filter(customer__in=customers))
    unconfirmed_orders = dict(
        Order.objects.filter(is_confirmed=False, customer__in=customers).values_list("id", "customer_id")
    )
    unconfirmed = _lines(Promise.objects.filter(line__order__in=unconfirmed_orders)) if unconfirmed_orders else []
    with_lines = {line.order_id for line in unconfirmed}
    sent = _sent(customers)
    cancelled = _cancelled(customers)
    moved = [line.line_id for line in gaps]
    again = [line.line_id for line in gaps if line.weighed_version is not None]
    orders = {line.order_id for line in gaps}
    return Found(
        addressees=addressees(customers),
        gaps=gaps,
        unconfirmed=unconfirmed,
        empty_orders=[(order, customer) for order, customer in unconfirmed_orders.items() if order not in with_lines],
        silent=_lines(
            Promise.objects.filter(customer__in=customers, line__next_update__on__lte=business_day(at)).filter(SETTLED)
        ),
        sent=sent,
        beside=_lines(Promise.objects.filter(line__order__in={row.order_id for row in sent})) if sent else [],
        cancelled=cancelled,
        refunds=_refunds([row.cancellation_id for row in cancelled]),
        last_word=_last_word(customers, at, policy),
        reasons=_reasons(moved),
        moves=_moves(again),
        sorry_before=_orders_of(Message.objects.filter(has_apology=True), orders),
        later_before=_orders_of(Message.objects.filter(kind=Message.Kind.LATER), orders),
    )


def addressees(customers: Iterable[int]) -> dict[int, Addressee]:
    """Return these customers as a letter addresses them."""
    found = Customer.objects.filter(id__in=customers).values_list("id", "name", "email", "language", "address_version")
    return {row[0]: Addressee(*row) for row in found}


def _lines(promises: "QuerySet[Promise]") -> list[Line]:
    return [Line(*row) for row in promises.order_by("line__order_id", "line_id").values_list(*_LINE)]


def _sent(customers: Sequence[int]) -> list[Sent]:
    lines = ShipmentLine.objects.filter(shipment__is_announced=False, shipment__order__customer__in=customers)
    return [Sent(*row) for row in lines.order_by("shipment__order_id", "shipment_id", "id").values_list(*_SENT)]


def _cancelled(customers: Sequence[int]) -> list[Called]:
    found = Cancellation.objects.filter(is_announced=False, line__order__customer__in=customers)
    return [Called(*row) for row in found.order_by("line__order_id", "line_id", "id").values_list(*_CALLED)]


def _refunds(cancellations: Sequence[int]) -> dict[int, Refund]:
    if not cancellations:
        return {}
    return {refund.cancellation_id: refund for refund in Refund.objects.filter(cancellation__in=cancellations)}


def _last_word(customers: Sequence[int], at: datetime.datetime, policy: TellingPolicy) -> dict[int, datetime.datetime]:
    """When each customer last was written to about a date, within the time of the cap."""
    words = Message.objects.filter(customer__in=customers, created_at__gt=at - policy.cap, kind__in=ABOUT_DATES)
    words = words.filter(state__in=HEARD)
    return dict(words.order_by().values("customer").annotate(last=Max("created_at")).values_list("customer", "last"))


def _moves(lines: Sequence[int]) -> dict[int, list[datetime.datetime]]:
    """When these lines' dates moved, newest first."""
    moves: dict[int, list[datetime.datetime]] = {}
    if lines:
        changes = PromiseChange.objects.filter(line__in=lines).order_by("line", "-id")
        for line, at in changes.values_list("line_id", "at"):
            moves.setdefault(line, []).append(at)
    return moves


def _reasons(lines: Sequence[int]) -> dict[int, str]:
    """Why each line's date moved last: the reason code of the supplier's word that moved it, where there was one."""
    if not lines:
        return {}
    newest = PromiseChange.objects.filter(line__in=lines).order_by().values("line").annotate(newest=Max("id"))
    moved_by = PromiseChange.objects.filter(id__in=newest.values("newest"))
    moves = list(moved_by.values_list("line_id", "change_set_id", "line__product_id"))
    said = EtaRevision.objects.filter(change_set__in={change for _, change, _ in moves})
    codes = {
        (change, product): code
        for change, product, code in said.values_list("change_set", "purchase_line__product", "reason_code")
    }
    return {line: codes[change, product] for line, change, product in moves if (change, product) in codes}


def _orders_of(messages: "QuerySet[Message]", orders: set[int]) -> set[int]:
    """Which of the orders these messages (that were not taken back) speak of."""
    if not orders:
        return set()
    spoken = messages.filter(state__in=SAID)
    return set(
        MessageLine.objects.filter(order__in=orders, message__in=spoken)
        .filter(promise_version__isnull=False)
        .order_by()
        .values_list("order_id", flat=True)
        .distinct()
    )


def _window(first: datetime.date | None, last: datetime.date | None) -> Window | None:
    return Window(first, last) if first is not None and last is not None else None
