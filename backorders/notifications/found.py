"""What reading finds of each kind of thing there is to tell, and the columns it is read from."""

import datetime
import decimal
from typing import NamedTuple

from backorders.allocation.models import is_untold
from backorders.allocation.windows import Window
from backorders.catalog.pricing import goes_back
from backorders.notifications import noticing
from backorders.notifications.letters import Addressee
from backorders.orders.models import Refund, parcel_url


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


LINE = [
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


SHIPPED = [
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


CALLED_OFF = [
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
    back: decimal.Decimal
    line_price: decimal.Decimal
    line_owed: decimal.Decimal
    unpaid: int
    currency: str
    is_paid: bool

    @property
    def arrives(self) -> Window:
        """When it would arrive."""
        return Window(self.arrives_from, self.arrives_until)

    @property
    def less(self) -> decimal.Decimal:
        """What all of it costs less than was paid for what it comes instead of."""
        if not self.is_paid:
            return decimal.Decimal(0)
        paid_units = max(self.quantity - self.unpaid, 0)
        return goes_back(paid=self.line_price - self.line_owed, unit=self.price, units=paid_units)


OFFERED = [
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
    "back",
    "line__price",
    "line__owed_on_top",
    "line__unpaid",
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


GIFTED = [
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
    """Everything there is to tell the asked customers, before any rule is applied.

    `dates` are those on which what is open of an order is expected, told anew or not.
    """

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
    dates: dict[int, set[Window | None]]
