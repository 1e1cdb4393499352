"""A letter is everything one customer hears in one message: its parts worst first, and what they claim."""

import dataclasses
import datetime
import decimal
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from backorders.allocation.windows import Window
from backorders.notifications.models import Message

Kind = Message.Kind

# The first is the kind of the whole mail. What the law asks for is proved by mails of its kind: nothing comes before.
WORST_FIRST = (
    Kind.ANSWER_NEEDED,
    Kind.CANCELLED,
    Kind.CONTACT_CODE,
    Kind.ADDRESS_CHANGED,
    Kind.QUESTION_ANSWER,
    Kind.MESSAGE,
    Kind.SUBSTITUTED,
    Kind.NO_DATE,
    Kind.LATER,
    Kind.ALTERNATIVE_OFFER,
    Kind.CONFIRMATION,
    Kind.SHIPPED,
    Kind.DELIVERED,
    Kind.EARLIER,
    Kind.APPROACHING,
    Kind.HEARTBEAT,
    Kind.COMPENSATED,
)
# What people write cannot be composed anew from what is known: whoever wrote it has to.
BY_HAND = (Kind.MESSAGE, Kind.QUESTION_ANSWER, Kind.SUBSTITUTED, Kind.COMPENSATED, Kind.ADDRESS_CHANGED)
ABOUT_DATES = (Kind.NO_DATE, Kind.LATER, Kind.EARLIER, Kind.APPROACHING, Kind.HEARTBEAT)

# What a customer may do without: good news, what changes nothing, and whether a parcel came. No law asks for any of it.
OPTIONAL = (Kind.EARLIER, Kind.APPROACHING, Kind.HEARTBEAT, Kind.DELIVERED)


class Addressee(NamedTuple):
    """The customer as the letter was written to: a later change of the address makes it out of date."""

    customer_id: int
    name: str
    email: str
    language: str
    address_version: int
    wants_all_updates: bool = True


class Alternative(NamedTuple):
    """Units of another product that can come instead: when, what a unit costs, in place of what, and what of a lower
    price goes back for all of them, if the order is paid.

    `less`: what all of them cost less than was paid for what they come instead of.
    """

    quantity: int
    name: str
    window: Window
    price: decimal.Decimal
    back: decimal.Decimal
    instead_of_price: decimal.Decimal
    currency: str
    less: decimal.Decimal


class Item(NamedTuple):
    """Units of one product: when they come, and when they were announced to come before.

    Unsaid: there is a date, but it is still on the move and not stated here. `instead_of` is what it replaces,
    `alternatives` what could come in its place.
    """

    quantity: int
    name: str
    window: Window | None = None
    was: Window | None = None
    is_unsaid: bool = False
    instead_of: str = ""
    alternatives: Sequence[Alternative] = ()

    @property
    def size(self) -> int:
        """How many things it names."""
        return 1 + len(self.alternatives)


class Parcel(NamedTuple):
    """How a parcel travels, and when it arrived."""

    carrier: str
    tracking_number: str
    tracking_url: str
    sent_on: datetime.date
    arrived_on: datetime.date | None = None


class Owed(NamedTuple):
    """Money that goes back."""

    amount: decimal.Decimal
    currency: str
    due_on: datetime.date


class Money(NamedTuple):
    """An amount in a currency."""

    amount: decimal.Decimal
    currency: str


class Gift(NamedTuple):
    """What a customer is given for a wait: its kind (a `Compensation.Kind`) and its worth."""

    kind: str
    amount: decimal.Decimal
    currency: str


class Option(NamedTuple):
    """What the law lets the customer decide: a `law.State`, what silence means in it (a `packs.Silence`), the date we
    name (None: we cannot), the last day to answer, what the date is of (`packs.Measures`), and whether it was said
    before."""

    state: str
    silence: str
    until: datetime.date | None
    answer_by: datetime.date | None
    measures: str = "ship"
    is_reminder: bool = False


@dataclass(frozen=True, slots=True)
class OrderPart:
    """What a part says of one order. `ready` are items that leave now, `rest` those that are not affected; `more` items
    are left out; `is_part` if others of it come at other dates than its items; `alternatives` is how many products
    could come instead of its items; `on_top` is what the customer pays in addition for what comes instead."""

    order_id: int
    number: str
    placed_on: datetime.date
    items: Sequence[Item] = ()
    ready: Sequence[Item] = ()
    rest: Sequence[Item] = ()
    parcels: Sequence[Parcel] = ()
    owed: Owed | None = None
    on_top: Money | None = None
    gift: Gift | None = None
    is_whole: bool = False
    is_part: bool = False
    is_paid: bool = False
    alternatives: int = 0
    more: int = 0

    @property
    def size(self) -> int:
        """How many items it names."""
        return sum(item.size for item in (*self.items, *self.ready, *self.rest))

    @property
    def windows(self) -> list[Window]:
        """Every window the part states for this order, once each, earliest first."""
        return sorted({item.window for item in (*self.items, *self.ready) if item.window})


@dataclass(frozen=True, slots=True)
class Part:
    """What a letter says of one kind. The reason is a supplier's reason code, stated when it holds for every item.

    `text` is what a person wrote, in paragraphs; `question` is what the customer asked, if it answers that; `code` is
    what the customer types on the page to show that they read mails to this address.
    """

    kind: str
    orders: Sequence[OrderPart]
    on: datetime.date
    reason: str = ""
    is_sorry: bool = False
    next_update_on: datetime.date | None = None
    option: Option | None = None
    text: str = ""
    question: str = ""
    code: str = ""

    @property
    def all_items(self) -> list[Item]:
        """The items it is about, order by order."""
        return [item for order in self.orders for item in order.items]

    @property
    def windows(self) -> list[Window]:
        """Every window the part states, once each, earliest first."""
        return sorted({window for order in self.orders for window in order.windows})


class Split(NamedTuple):
    """How a confirmation divides a line: units that leave (or left) at once, units that wait."""

    ready: int
    waits: int


class Claim(NamedTuple):
    """What a letter states of one line, and what it saw of its promise; without a version it claims no date.

    Near: it reminds the customer that the date is close. Arrival: it says that the shipment arrived.
    Near: it reminds the customer that the date is close. Notice: the law asks for it; reminder: it asks once more, and
    next on `remind_next_on`. Either is true until `over_at`.
    """

    line_id: int
    order_id: int
    product_id: int
    version: int | None = None
    window: Window | None = None
    announced_at: datetime.datetime | None = None
    shipment_id: int | None = None
    cancellation_id: int | None = None
    compensation_id: int | None = None
    next_update_on: datetime.date | None = None
    is_near: bool = False
    is_arrival: bool = False
    offer_id: int | None = None
    is_notice: bool = False
    is_reminder: bool = False
    remind_next_on: datetime.date | None = None
    over_at: datetime.datetime | None = None
    split: Split | None = None


@dataclass(frozen=True)
class Letter:
    """Everything one customer hears in one message. Without parts there is nothing to say, only flags to set.

    `preface` is a paragraph that a person put above it. `occasion` names the act of a letter that an act wrote: two
    such letters differ even where they claim the same.
    """

    to: Addressee
    parts: Sequence[Part]
    claims: Sequence[Claim] = ()
    confirms: Sequence[int] = ()
    is_held: bool = False
    preface: str = ""
    occasion: str = ""

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
    def is_optional(self) -> bool:
        """Whether its customer may do without all of it; that there is still no date they hear in any case."""
        undated = (item.window is None for part in self.parts if part.kind == Kind.HEARTBEAT for item in part.all_items)
        return all(part.kind in OPTIONAL for part in self.parts) and not any(undated)

    @property
    def about(self) -> int:
        """The order (id) that a reply to it is about: the first it speaks of."""
        return self.parts[0].orders[0].order_id

    @cached_property
    def dedupe_key(self) -> str:
        """What it states, upon what was said before, and to which version of the address: queued once."""
        stated = sorted(repr(claim) for claim in self.claims)
        said = (stated, sorted(self.confirms), *((self.occasion,) if self.occasion else ()))
        digest = hashlib.sha256(repr(said).encode()).hexdigest()[:40]
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
    named, items = _first(order.items, items)
    ready, items = _first(order.ready, items)
    rest, _ = _first(order.rest, items)
    more = sum(map(len, (order.items, order.ready, order.rest))) - sum(map(len, (named, ready, rest)))
    return dataclasses.replace(order, items=named, ready=ready, rest=rest, more=more)


def _first(items: Sequence[Item], size: int) -> tuple[list[Item], int]:
    """Return the first items that fit into so much, and what is left of it; after one that does not fit none does."""
    kept: list[Item] = []
    for item in items:
        if item.size > size:
            return kept, 0
        kept.append(item)
        size -= item.size
    return kept, size
