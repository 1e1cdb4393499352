"""Alternatives of a line that waits: the products named as substitutes of its own that would arrive sooner.

A substitute counts in one direction and by one step: "B for A" says nothing of A for B, nor do "B for A" and "C for B"
name C for A. It gives only what nobody holds: its own queue is served first, as a new order at the tail would find it.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, Sum

from backorders.allocation.joining import Joined, join_alone
from backorders.allocation.models import Promise
from backorders.allocation.planning import Supply, in_order_of_use
from backorders.allocation.reading import makings_of, read_free
from backorders.allocation.salability import objection
from backorders.allocation.windows import Window, latest
from backorders.catalog.models import Product, Substitute
from backorders.catalog.pricing import Price, price_instead
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine, StockLevel

FREE = F("on_hand") - F("allocated")


class Offer(NamedTuple):
    """A substitute that can be shipped now."""

    sku: str
    name: str
    available: int


class Wait(NamedTuple):
    """A line's backordered part, and until when it waits. `beside` are the windows of what its order waits for else,
    where the order is sent as a whole."""

    line_id: int
    product_id: int
    units: int
    price: Decimal
    paid: Decimal
    unpaid: int
    currency: str
    transit_days: int
    expected: Window | None
    beside: Sequence[Window | None] = ()


class Alternative(NamedTuple):
    """What a named substitute means for a line: how many units of it come instead (`units`), how many lie free now,
    when they would arrive and until when the line waits, and what that costs (None: prices that are not compared).

    `objection` is the sentence why it may not be sold now; empty if it may.
    """

    line_id: int
    instead_of: int
    product: Product
    units: int
    rank: int
    free: int
    arrives: Window | None
    expected: Window | None
    treatment: str
    price: Price | None
    currency: str
    note: str
    objection: Any

    @property
    def is_in_stock(self) -> bool:
        """Whether all its units lie free."""
        return self.free >= self.units

    @property
    def is_offered(self) -> bool:
        """Whether a customer is offered it: it may be sold, has a price, and arrives sooner than what waits."""
        return self.price is not None and not self.objection and is_sooner(self.arrives, self.expected)


def is_sooner(arrives: Window | None, expected: Window | None) -> bool:
    """Whether what arrives in one window is there sooner than in the other: by its last day. Any date beats none."""
    return arrives is not None and (expected is None or arrives.last < expected.last)


def ranked(alternatives: Iterable[Alternative]) -> list[Alternative]:
    """Return alternatives as they are shown: those that are offered first, by rank, then the day they are there by."""
    return sorted(alternatives, key=_order)


def offered_for(lines: Collection[OrderLine], *, today: datetime.date) -> dict[int, list[Alternative]]:
    """Return what the customers of these lines are offered instead of what waits, by line id, best first.

    A line on hold, or of which nothing waits, is offered nothing and missing.
    """
    found = named_for([line for line in lines if line.waiting and not line.is_held], today=today)
    return {pk: [each for each in mine if each.is_offered] for pk, mine in found.items()}


def how_many_for(lines: Collection[int], *, today: datetime.date) -> dict[int, int]:
    """Return how many alternatives the customers of these lines (ids) are offered, by line id; no line without any.

    One statement where no product of theirs has a substitute.
    """
    if not lines:
        return {}
    named = Substitute.objects.filter(substitute__is_active=True)
    waiting = OrderLine.objects.waiting().filter(pk__in=lines, product__in=named.values("product"))
    return {pk: len(mine) for pk, mine in offered_for(list(waiting), today=today).items() if mine}


def named_for(lines: Collection[OrderLine], *, today: datetime.date) -> dict[int, list[Alternative]]:
    """Return every substitute named for what waits on these lines, by line id, offered ones first.

    Each line is looked at as if it came alone: two lines may be offered the same units, and the first to choose gets
    them. At most nine statements, however many lines.
    """
    waits = _waits(lines)
    named = _named({wait.product_id for wait in waits}) if waits else {}
    market = _market([each for mine in named.values() for each in mine], waits, today) if named else None
    return {
        wait.line_id: ranked(market.alternative(each, wait) for each in named.get(wait.product_id, []))
        if market
        else []
        for wait in waits
    }


def lying_free(product: Product, *, quantity: int) -> list[Offer]:
    """Return the product's substitutes of which `quantity` units lie free now, best rank first.

    They arrive sooner than anything that waits.
    """
    named = [each.substitute for each in _named({product.pk}).get(product.pk, [])]
    free = _free({other.pk for other in named})
    return [Offer(other.sku, other.name, free[other.pk]) for other in named if free.get(other.pk, 0) >= quantity]


@dataclass(frozen=True)
class Market:
    """What nobody holds of some products, and what their policies ask about: read once for all lines."""

    supplies: dict[int, list[Supply]]
    free: dict[int, int]
    waiting: dict[int, int]
    at_risk: frozenset[int]
    today: datetime.date

    def alternative(self, named: Substitute, wait: Wait) -> Alternative:
        """Return what a substitute means for a line."""
        product = named.substitute
        joined = join_alone(self.supplies[product.pk], quantity=wait.units, transit_days=wait.transit_days)
        return Alternative(
            line_id=wait.line_id,
            instead_of=wait.product_id,
            product=product,
            units=wait.units,
            rank=named.rank,
            free=self.free.get(product.pk, 0),
            arrives=latest([joined.own, *wait.beside]),
            expected=wait.expected,
            treatment=named.price_treatment,
            price=price_instead(
                named,
                units=wait.units,
                unpaid=wait.unpaid,
                original=wait.price,
                paid=wait.paid,
                currency=wait.currency,
            ),
            currency=wait.currency,
            note=named.note,
            objection=self._objection(product, wait.units, joined),
        )

    def _objection(self, product: Product, units: int, joined: Joined) -> Any:
        lots = {supply for is_stock, supply, _ in joined.pieces if not is_stock}
        return objection(
            product,
            units - joined.allocated,
            joined,
            waiting=self.waiting.get(product.pk, 0),
            leans_on_risk=bool(lots & self.at_risk),
            today=self.today,
        )


def _order(alternative: Alternative) -> tuple[bool, int, datetime.date, int]:
    arrives = alternative.arrives.last if alternative.arrives else datetime.date.max
    return (not alternative.is_offered, alternative.rank, arrives, alternative.product.pk)


def _waits(lines: Collection[OrderLine]) -> list[Wait]:
    promises = Promise.objects.filter(line__in=[line.pk for line in lines], line__waiting__gt=0)
    found = list(promises.select_related("line__order__carrier").order_by("line"))
    beside = _beside({promise.line.order_id for promise in found if promise.line.order.is_ship_complete})
    return [
        Wait(
            line_id=promise.line_id,
            product_id=promise.line.product_id,
            units=promise.line.waiting,
            price=promise.line.price,
            paid=promise.line.paid,
            unpaid=promise.line.unpaid_of(promise.line.waiting),
            currency=promise.line.order.currency,
            transit_days=promise.line.order.carrier.transit_days,
            expected=promise.expected,
            beside=[own for pk, own in beside.get(promise.line.order_id, ()) if pk != promise.line_id],
        )
        for promise in found
    ]


def _beside(orders: Collection[int]) -> dict[int, list[tuple[int, Window | None]]]:
    """The own windows of everything that orders which are sent as a whole wait for."""
    if not orders:
        return {}
    own: dict[int, list[tuple[int, Window | None]]] = defaultdict(list)
    promises = Promise.objects.filter(line__order__in=orders, is_open=True).order_by("line")
    for order, line, first, last in promises.values_list("line__order", "line", "own_from", "own_until"):
        own[order].append((line, Window.between(first, last)))
    return own


def _named(products: Collection[int]) -> dict[int, list[Substitute]]:
    named: dict[int, list[Substitute]] = defaultdict(list)
    known = Substitute.objects.filter(product__in=products, substitute__is_active=True)
    for each in known.select_related("substitute__category").order_by("rank", "id"):
        named[each.product_id].append(each)
    return named


def _market(named: Sequence[Substitute], waits: Sequence[Wait], today: datetime.date) -> Market:
    products = {each.substitute_id: each.substitute for each in named}
    most = max(wait.units for wait in waits)
    free = read_free(dict.fromkeys(products, most), makings=makings_of(products.values()))
    limited = [pk for pk, one in products.items() if one.backorder_policy == Product.BackorderPolicy.LIMITED]
    waiting = OrderLine.objects.waiting().filter(product__in=limited).order_by().values("product")
    risky = PurchaseLine.objects.outstanding().filter(product__in=products, purchase_order__supplier__is_at_risk=True)
    return Market(
        supplies={pk: in_order_of_use(found) for pk, found in free.supplies(products, today=today).items()},
        free=_free(products),
        waiting=dict(waiting.annotate(n=Sum("waiting")).values_list("product", "n")) if limited else {},
        at_risk=frozenset(risky.order_by().values_list("id", flat=True)),
        today=today,
    )


def _free(products: Collection[int]) -> dict[int, int]:
    """How many units of these products lie on hand and are nobody's."""
    levels = StockLevel.objects.filter(product__in=products).order_by().values("product")
    return dict(levels.annotate(free=Sum(FREE)).values_list("product", "free"))
