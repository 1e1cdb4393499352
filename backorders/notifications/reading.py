"""The work list of announcing, read from state: whom there is something to tell, and everything known about it.

Every question is one statement for all customers asked about, over an index that holds only what is to be done.
"""

import datetime
import decimal
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import F, Max, Q, QuerySet

from backorders.allocation.alternatives import Alternative, how_many_for
from backorders.allocation.models import Promise, PromiseChange, is_untold
from backorders.allocation.reasons import given_reasons
from backorders.allocation.windows import Window, business_day
from backorders.notifications import noticing
from backorders.notifications.letters import ABOUT_DATES, Addressee
from backorders.notifications.models import HEARD, SAID, LaterWord, Message, MessageLine, NextUpdate
from backorders.notifications.policy import TellingPolicy
from backorders.orders.models import (
    Cancellation,
    Compensation,
    Customer,
    Offer,
    Order,
    OrderLine,
    Refund,
    Shipment,
    ShipmentLine,
    parcel_url,
)

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
    shipped: int
    is_paid: bool

    @property
    def expected(self) -> Window | None:
        """What we believe."""
        return Window.between(self.expected_from, self.expected_until)

    @property
    def announced(self) -> Window | None:
        """What the newest message says."""
        return Window.between(self.announced_from, self.announced_until)

    @property
    def told(self) -> Window | None:
        """What the provider last accepted; before that, what is on its way."""
        return Window.between(self.told_from, self.told_until) or self.announced

    @property
    def open_quantity(self) -> int:
        """Units still to be shipped."""
        return self.allocated + self.waiting

    @property
    def is_settled(self) -> bool:
        """Whether its newest date was announced, or differs so little that it need not be."""
        return not is_untold(gap_since=self.gap_since, weighed_version=self.weighed_version, version=self.version)


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
    "line__shipped",
    "line__order__is_paid",
]


class Shipped(NamedTuple):
    """Units of a line in a parcel of which it was not announced yet that it left, or that it arrived.

    `delivered_at` is empty where it is to be said that it left; `returned` units came back to us.
    """

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
    delivered_at: datetime.datetime | None
    returned: int

    @property
    def tracking_url(self) -> str:
        """The carrier's page for the parcel, or nothing."""
        return parcel_url(self.tracking_link, self.tracking_number)


_SHIPPED = [
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
    "shipment__delivered_at",
    "returned",
]


class CalledOff(NamedTuple):
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


_CALLED_OFF = [
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


class Offered(NamedTuple):
    """A product that was offered for a line that waits, of which its customer does not know yet."""

    offer_id: int
    line_id: int
    order_id: int
    customer_id: int
    product_id: int
    quantity: int
    product: str
    arrives_from: datetime.date
    arrives_until: datetime.date
    price: decimal.Decimal
    line_price: decimal.Decimal
    currency: str
    is_paid: bool

    @property
    def arrives(self) -> Window:
        """When it would arrive."""
        return Window(self.arrives_from, self.arrives_until)


_OFFERED = [
    "id",
    "line_id",
    "line__order_id",
    "line__order__customer_id",
    "line__product_id",
    "quantity",
    "product__name",
    "arrives_from",
    "arrives_until",
    "price",
    "line__price",
    "line__order__currency",
    "line__order__is_paid",
]


class Gifted(NamedTuple):
    """A compensation that was not announced yet."""

    compensation_id: int
    order_id: int
    customer_id: int
    line_id: int
    product_id: int
    quantity: int
    product: str
    number: str
    placed_at: datetime.datetime
    kind: str
    amount: decimal.Decimal
    currency: str
    at: datetime.datetime


_GIFTED = [
    "id",
    "order_id",
    "order__customer_id",
    "line_id",
    "line__product_id",
    "line__quantity",
    "line__product__name",
    "order__number",
    "order__placed_at",
    "kind",
    "amount",
    "currency",
    "at",
]


class Found(NamedTuple):
    """Everything there is to tell the asked customers, before any rule is applied."""

    addressees: dict[int, Addressee]
    gaps: list[Line]
    unconfirmed: list[Line]
    empty_orders: list[tuple[int, int]]
    updates_due: list[Line]
    due_again: set[int]
    shipped: list[Shipped]
    arrived: list[Shipped]
    beside: list[Line]
    offered: list[Offered]
    offered_for: list[Line]
    cancelled: list[CalledOff]
    gifts: list[Gifted]
    refunds: dict[int, Refund]
    last_word: dict[int, datetime.datetime]
    reasons: dict[int, str]
    moves: dict[int, list[datetime.datetime]]
    sorry_before: set[int]
    later_before: set[int]
    owed: dict[int, noticing.Owed]
    noticed: list[Line]
    alternatives: dict[int, int]


def due_customers(*, at: datetime.datetime, policy: TellingPolicy) -> list[int]:
    """Return the ids of the customers to whom there may be something to say now, in order.

    Customers of a history are never written to.
    """
    due = [
        _gaps_at_rest(at, policy).values_list("customer_id", flat=True),
        Order.objects.filter(is_confirmed=False).values_list("customer_id", flat=True),
        Shipment.objects.filter(is_announced=False).values_list("order__customer_id", flat=True),
        ARRIVED.values_list("order__customer_id", flat=True),
        _rested_offers(at, policy).values_list("line__order__customer_id", flat=True),
        Cancellation.objects.filter(is_announced=False).values_list("line__order__customer_id", flat=True),
        Compensation.objects.filter(is_announced=False, line__isnull=False, at__lte=at - policy.quiet).values_list(
            "order__customer_id", flat=True
        ),
        NextUpdate.objects.filter(on__lte=business_day(at)).values_list("line__order__customer_id", flat=True),
        noticing.due(today=business_day(at)).values_list("line__order__customer_id", flat=True),
    ]
    found = {customer for ids in due for customer in ids.order_by().distinct().iterator()}
    if found:
        found.difference_update(Customer.objects.filter(is_written_to=False).values_list("id", flat=True))
    return sorted(found)


ARRIVED = Shipment.objects.filter(is_arrival_announced=False, delivered_at__isnull=False)


def _rested_offers(at: datetime.datetime, policy: TellingPolicy) -> "QuerySet[Offer]":
    """Offers that nobody took back within the quiet time."""
    return Offer.objects.filter(is_announced=False, at__lte=at - policy.quiet)


def _gaps_at_rest(at: datetime.datetime, policy: TellingPolicy) -> "QuerySet[Promise]":
    """Gaps that may have come to rest and whose customer is not under the cap, nor to hear later from staff; the pure
    rules decide again."""
    words = _words_within(at, policy)
    imminent = Q(told_from__lte=business_day(at + policy.imminent)) | Q(
        told_at=None, announced_from__lte=business_day(at + policy.imminent)
    )
    at_rest = Q(changed_at__lte=at - policy.quiet_if_imminent) | Q(gap_since__lte=at - policy.longest_quiet)
    later = LaterWord.objects.filter(until__gt=at)
    may_hear = ~Q(customer__in=words.values("customer")) & ~Q(customer__in=later.values("customer"))
    return Promise.objects.untold().filter(at_rest).filter(imminent | may_hear)


def _words_within(at: datetime.datetime, policy: TellingPolicy) -> "QuerySet[Message]":
    """What customers may have heard of dates within the time of the cap; what bounced, nobody did."""
    words = Message.objects.filter(created_at__gt=at - policy.cap, kind__in=ABOUT_DATES, state__in=HEARD)
    return words.exclude(delivery=Message.Delivery.BOUNCED)


def read(customers: Sequence[int], *, at: datetime.datetime, policy: TellingPolicy) -> Found:
    """Read everything there is to tell these customers. The number of statements does not depend on how many."""
    gaps = _lines(Promise.objects.untold().filter(customer__in=customers))
    unconfirmed_orders = dict(
        Order.objects.filter(is_confirmed=False, customer__in=customers).values_list("id", "customer_id")
    )
    unconfirmed = _lines(Promise.objects.filter(line__order__in=unconfirmed_orders)) if unconfirmed_orders else []
    with_lines = {line.order_id for line in unconfirmed}
    shipped = _parcels(Shipment.objects.filter(is_announced=False), customers)
    arrived = _parcels(ARRIVED, customers)
    offered = _offered(customers, at, policy)
    sent = {row.order_id for row in (*shipped, *arrived)}
    # Whoever is written to anyway need not be written to again within the days of the cap.
    again_on = business_day(at + policy.cap)
    updates_due = Promise.objects.filter(customer__in=customers, line__next_update__on__lte=again_on).filter(SETTLED)
    cancelled = _cancelled(customers)
    again = [line.line_id for line in gaps if line.weighed_version is not None]
    owed = noticing.owed(customers, at=at, today=business_day(at))
    noticed = _lines(Promise.objects.filter(line__in=owed)) if owed else []
    orders = {line.order_id for line in (*gaps, *noticed)}
    still = _lines(updates_due)
    return Found(
        addressees=addressees(customers),
        gaps=gaps,
        unconfirmed=unconfirmed,
        empty_orders=[(order, customer) for order, customer in unconfirmed_orders.items() if order not in with_lines],
        updates_due=still,
        due_again=set(
            updates_due.filter(line__next_update__on__lte=business_day(at)).order_by().values_list("line_id", flat=True)
        ),
        shipped=shipped,
        arrived=arrived,
        beside=_lines(Promise.objects.filter(line__order__in=sent)) if sent else [],
        offered=offered,
        offered_for=_lines(Promise.objects.filter(line__in={row.line_id for row in offered})) if offered else [],
        cancelled=cancelled,
        gifts=_gifts(customers),
        refunds=_refunds([row.cancellation_id for row in cancelled]),
        last_word=_last_word(customers, at, policy),
        reasons=given_reasons([line.line_id for line in (*gaps, *noticed)]),
        moves=_moves(again),
        sorry_before=_orders_of(Message.objects.filter(has_apology=True), orders),
        later_before=_orders_of(Message.objects.filter(kind=Message.Kind.LATER), orders),
        owed=owed,
        noticed=noticed,
        alternatives=how_many_for([line.line_id for line in (*gaps, *noticed, *still)], today=business_day(at)),
    )


def addressees(customers: Iterable[int]) -> dict[int, Addressee]:
    """Return these customers as a letter addresses them, without those who are not written to."""
    found = Customer.objects.filter(id__in=customers, is_written_to=True).values_list(
        "id", "name", "email", "language", "address_version", "wants_all_updates"
    )
    return {row[0]: Addressee(*row) for row in found}


def _lines(promises: "QuerySet[Promise]") -> list[Line]:
    return [Line(*row) for row in promises.order_by("line__order_id", "line_id").values_list(*_LINE)]


def _offered(customers: Sequence[int], at: datetime.datetime, policy: TellingPolicy) -> list[Offered]:
    found = _rested_offers(at, policy).filter(line__order__customer__in=customers)
    return [Offered(*row) for row in found.order_by("line__order_id", "line_id", "id").values_list(*_OFFERED)]


def with_offers(found: Found, choices: Sequence[Alternative]) -> Found:
    """Return what was found as if these alternatives had been offered, too, and had rested. Two statements."""
    if not choices:
        return found
    lines = {line.line_id: line for line in _lines(Promise.objects.filter(line__in={row.line_id for row in choices}))}
    money = ("id", "price", "order__currency", "order__is_paid")
    prices = {pk: known for pk, *known in OrderLine.objects.filter(pk__in=lines).order_by().values_list(*money)}
    offered = [
        Offered(
            *(0, line.line_id, line.order_id, line.customer_id, line.product_id, row.units, row.product.name),
            *(row.arrives.first, row.arrives.last, row.price.unit, *prices[line.line_id]),
        )
        for row in choices
        if row.arrives and row.price and (line := lines.get(row.line_id))
    ]
    known = {line.line_id for line in found.offered_for}
    more = [lines[pk] for pk in sorted({row.line_id for row in offered} - known)]
    return found._replace(offered=[*found.offered, *offered], offered_for=[*found.offered_for, *more])


def _parcels(shipments: "QuerySet[Shipment]", customers: Sequence[int]) -> list[Shipped]:
    lines = ShipmentLine.objects.filter(shipment__in=shipments.filter(order__customer__in=customers))
    return [Shipped(*row) for row in lines.order_by("shipment__order_id", "shipment_id", "id").values_list(*_SHIPPED)]


def _cancelled(customers: Sequence[int]) -> list[CalledOff]:
    found = Cancellation.objects.filter(is_announced=False, line__order__customer__in=customers)
    return [CalledOff(*row) for row in found.order_by("line__order_id", "line_id", "id").values_list(*_CALLED_OFF)]


def _gifts(customers: Sequence[int]) -> list[Gifted]:
    """Compensations always belong to a line where they are announced by the clock."""
    found = Compensation.objects.filter(is_announced=False, line__isnull=False, order__customer__in=customers)
    return [Gifted(*row) for row in found.order_by("order_id", "line_id", "id").values_list(*_GIFTED)]


def _refunds(cancellations: Sequence[int]) -> dict[int, Refund]:
    if not cancellations:
        return {}
    owed = Refund.objects.filter(cancellation__in=cancellations).select_related("cancellation__line__order__customer")
    return {refund.cancellation_id: refund for refund in owed}


def _last_word(customers: Sequence[int], at: datetime.datetime, policy: TellingPolicy) -> dict[int, datetime.datetime]:
    """When each customer last was written to about a date, within the time of the cap."""
    words = _words_within(at, policy).filter(customer__in=customers)
    return dict(words.order_by().values("customer").annotate(last=Max("created_at")).values_list("customer", "last"))


def _moves(lines: Sequence[int]) -> dict[int, list[datetime.datetime]]:
    """When these lines' dates moved, newest first."""
    moves: dict[int, list[datetime.datetime]] = {}
    if lines:
        changes = PromiseChange.objects.filter(line__in=lines).order_by("line", "-id")
        for line, at in changes.values_list("line_id", "at"):
            moves.setdefault(line, []).append(at)
    return moves


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
