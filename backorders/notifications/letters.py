"""A letter is everything one customer hears in one message: its parts worst first, and what they claim."""

import dataclasses
import datetime
import decimal
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backorders.allocation.windows import Window
from backorders.notifications.models import Message

Kind = Message.Kind

WORST_FIRST = (
    Kind.CANCELLED,
    Kind.NO_DATE,
    Kind.LATER,
    Kind.CONFIRMATION,
    Kind.SHIPPED,
    Kind.EARLIER,
    Kind.APPROACHING,
)
ABOUT_DATES = (Kind.NO_DATE, Kind.LATER, Kind.EARLIER, Kind.APPROACHING)


class Addressee(NamedTuple):
    """The customer as the letter was written to: a later change of the address makes it out of date."""

    customer_id: int
    name: str
    email: str
    language: str
    address_version: int


class Item(NamedTuple):
    """Units of one product: when they come, and when they were announced to come before.

    Unsaid: there is a date, but it is still on the move and not stated here.
    """

    quantity: int
    name: str
    window: Window | None = None
    was: Window | None = None
    is_unsaid: bool = False


class Parcel(NamedTuple):
    """How a parcel travels."""

    carrier: str
    tracking_number: str
    tracking_url: str
    sent_on: datetime.date


class Owed(NamedTuple):
    """Money that goes back."""

    amount: decimal.Decimal
    currency: str
    due_on: datetime.date


@dataclass(frozen=True, slots=True)
class OrderPart:
    """What a part says of one order. `ready` are items that leave now, `rest` those that are not
    affected; `more` items are left out."""

    order_id: int
    number: str
    placed_on: datetime.date
    items: Sequence[Item] = ()
    ready: Sequence[Item] = ()
    rest: Sequence[Item] = ()
    parcels: Sequence[Parcel] = ()
    owed: Owed | None = None
    is_whole: bool = False
    more: int = 0

    @property
    def size(self) -> int:
        """How many items it names."""
        return len(self.items) + len(self.ready) + len(self.rest)

    @property
    def windows(self) -> list[Window]:
        """Every window the part states for this order, once each, earliest first."""
        return sorted({item.window for item in (*self.items, *self.ready) if item.window})


@dataclass(frozen=True, slots=True)
class Part:
    """What a letter says of one kind. The reason is a supplier's reason code, stated when it holds for every item."""

    kind: str
    orders: Sequence[OrderPart]
    on: datetime.date
    reason: str = ""
    is_sorry: bool = False
    is_near: bool = False
    next_update_on: datetime.date | None = None

    @property
    def windows(self) -> list[Window]:
        """Every window the part states, once each, earliest first."""
        return sorted({window for order in self.orders for window in order.windows})


class Claim(NamedTuple):
    """What a letter states of one line, and what it saw of its promise; without a version it claims no date."""

    line_id: int
    order_id: int
    product_id: int
    version: int | None = None
    window: Window | None = None
    announced_at: datetime.datetime | None = None
    shipment_id: int | None = None
    cancellation_id: int | None = None
    next_update_on: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything one customer hears in one message. Without parts there is nothing to say, only flags to set."""

    to: Addressee
    parts: Sequence[Part]
    claims: Sequence[Claim] = ()
    confirms: Sequence[int] = ()
    is_held: bool = False

    @property
    def kind(self) -> str:
        """The kind of its first, worst part."""
        return self.parts[0].kind

    @property
    def order_ids(self) -> list[int]:
        """The orders it speaks of, in order."""
        return sorted({order.order_id for part in self.parts for order in part.orders})

    @property
    def has_apology(self) -> bool:
        """Whether it says sorry."""
        return any(part.is_sorry for part in self.parts)

    @property
    def dedupe_key(self) -> str:
        """What it states, upon what was said before, and to which version of the address: queued once."""
        stated = sorted(repr(claim) for claim in self.claims)
        digest = hashlib.sha256(repr((stated, sorted(self.confirms))).encode()).hexdigest()[:40]
        return f"{self.to.customer_id}:{self.kind}:{digest}:a{self.to.address_version}"


def in_parts(parts: Iterable[Part]) -> list[Part]:
    """Return the parts that say something, worst first."""
    return sorted((part for part in parts if part.orders), key=lambda part: WORST_FIRST.index(Kind(part.kind)))


def sorry_once(parts: Sequence[Part]) -> list[Part]:
    """Return the parts with one apology at most, in the first that has one."""
    first = next((index for index, part in enumerate(parts) if part.is_sorry), None)
    return [dataclasses.replace(part, is_sorry=index == first) for index, part in enumerate(parts)]


def shown(parts: Sequence[Part], *, orders: int, items: int) -> tuple[list[Part], int]:
    """Return the parts cut to so many orders and items in all, and how many orders were left out.

    A customer with hundreds of affected orders still gets one mail that can be read.
    """
    cut: list[Part] = []
    left_out = 0
    for part in parts:
        kept: list[OrderPart] = []
        for order in part.orders:
            if orders <= 0 or items <= 0:
                left_out += 1
                continue
            kept.append(_cut(order, items))
            orders, items = orders - 1, items - max(order.size, 1)
        if kept:
            cut.append(dataclasses.replace(part, orders=kept))
    return cut, left_out


def _cut(order: OrderPart, items: int) -> OrderPart:
    if order.size <= items:
        return order
    named = order.items[:items]
    ready = order.ready[: items - len(named)]
    rest = order.rest[: items - len(named) - len(ready)]
    return dataclasses.replace(order, items=named, ready=ready, rest=rest, more=order.size - items)
