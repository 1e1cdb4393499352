"""Selling: placing an order, and everything that changes what its customer still waits for."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F

from backorders import rows
from backorders.actions.accepting import accept, products_of
from backorders.actions.asking import NotOpen, a_reason, fitting, fresh_order, order_changed, whole_units
from backorders.actions.done import Done
from backorders.allocation.impact import Impact
from backorders.allocation.joining import Joined, Newcomer, belongs_at_tail, join, join_by_plan
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.models import Allocation, Promise
from backorders.allocation.outcome import NO_WINDOW
from backorders.allocation.ranking import score
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import OpenLine, Situation, read_free
from backorders.allocation.windows import business_day, latest
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import done_before, open_change, touch
from backorders.orders.models import Cancellation, Carrier, Customer, Order, OrderLine, Refund
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, StockLevel

REFUND_DAYS = 7
MOST_WORTH = Decimal(10) ** 10  # of one line; what a refund of it can hold


class NoLines(Refused):
    """An order needs at least one line."""


class NumberTaken(Refused):
    """Another order has this number or external id, with other content."""


class NotCancellable(Refused):
    """What was shipped cannot be cancelled."""


class BadPrice(Refused):
    """A price below nothing, or units that together are worth more than the books can hold."""


@dataclass(frozen=True)
class NewLine:
    """What a customer wants of one product (or SKU); the price is the product's unless given."""

    product: Product | str
    quantity: int
    price: Decimal | None = None


@dataclass(frozen=True)
class NewOrder:
    """An order as it is placed; the external id makes it arrive once per shop."""

    number: str
    customer: Customer
    carrier: Carrier
    lines: Sequence[NewLine]
    shop: str = ""
    external_id: str = ""
    currency: str = "EUR"
    is_paid: bool = False
    is_ship_complete: bool = False
    is_date_essential: bool = False


@act
def place_order(
    new: NewOrder, *, key: str | None = None, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[Order]:
    """Place an order: what is free ships now, the rest waits at its place in the queue with a first promise.

    The same external id (or key) places it once: the order already there is returned; with other lines it is refused.
    Raises `UnknownProduct`, `NotWholeUnits`, `NotAccepted` (with substitutes), `NumberTaken`, `NoLines`, `BadPrice`,
    `BadText`.
    """
    products = _products_of(new)
    if known := _known(new, key):
        return _the_same(known, new, products)
    change = open_change("place_order", key=key, source=Source.SHOP if new.shop else None, by=by, at=at)
    order = Order.objects.create(**_order_fields(new), placed_at=at)
    lock_products(product.pk for product in products)
    today = business_day(at)
    newcomers = _newcomers(new, products, today)
    free = read_free(_units(newcomers))
    joined = join(free, newcomers, today=today)
    accept(_supplied(new, products, joined), today=today)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    if belongs_at_tail(_waiting(newcomers, joined)):
        _make_lines(order, new, products, newcomers, joined, free)
        return Done(change, Impact(checked=len(joined)), order)
    nothing = [Joined((), line.quantity, None, is_estimate=False) for line in new.lines]
    _make_lines(order, new, products, newcomers, nothing, free)
    impact = replan((product.pk for product in products), change_set=change, at=at)
    _state_first_promise(order)
    return Done(change, impact, order)


def preview_place(new: NewOrder, *, at: datetime.datetime) -> list[Joined]:
    """Return what each line of the order would get; raises the same refusals. Writes nothing, takes no lock."""
    products = _products_of(new)
    today = business_day(at)
    newcomers = _newcomers(new, products, today)
    joined = join(read_free(_units(newcomers)), newcomers, today=today)
    accept(_supplied(new, products, joined), today=today)
    return joined if belongs_at_tail(_waiting(newcomers, joined)) else join_by_plan(newcomers, at=at, today=today)


@act
def cancel_line(
    line: OrderLine,
    *,
    quantity: int | None = None,
    reason: str,
    seen_version: int | None = None,
    source: Source | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[Cancellation]]:
    """Cancel `quantity` open units of a line (all of them unless given), the waiting ones first; the queue moves up.

    A paid order gets a refund due in seven days. Raises `NotCancellable`, `NotWholeUnits`, `NoReason`, `Stale`.
    """
    wanted = {line.pk: quantity}
    return _cancel(line.order, wanted, reason=reason, seen_version=seen_version, source=source, by=by, at=at)


@act
def cancel_order(
    order: Order,
    *,
    reason: str,
    seen_version: int | None = None,
    source: Source | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[Cancellation]]:
    """Cancel all that is open on an order. Raises `NotCancellable` if nothing is."""
    return _cancel(order, None, reason=reason, seen_version=seen_version, source=source, by=by, at=at)


def preview_cancel(line: OrderLine, *, quantity: int | None = None, at: datetime.datetime) -> Impact:
    """Return whom it moves if `quantity` open units (or all) of the line are cancelled; raises the same refusals."""
    units = _cancellable(line, quantity)
    return _preview_line(line, lambda known: _less(known, units), _planned_with(line.order, [line.pk]), at=at)


@act
def change_quantity(
    line: OrderLine,
    *,
    quantity: int,
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Set the ordered quantity. Less is a cancellation of the difference; more joins with the line's old place.

    Raises `NotWholeUnits`, `NotCancellable` (below what was shipped), `NotOpen`, `NotAccepted`, `BadPrice`.
    """
    product = _lock_line(line, _planned_with(line.order, [line.pk]))
    fresh_order(line.order, seen_version=seen_version)
    more = _more(line, quantity, today=business_day(at))
    if more < 0:
        done = _cancel(line.order, {line.pk: -more}, reason=reason, seen_version=None, source=None, by=by, at=at)
        return Done(done.change_set, done.impact, line)
    change = _change(line.order, "change_quantity", reason, by, at, before={"line": line.pk, "quantity": line.quantity})
    OrderLine.objects.filter(pk=line.pk).update(quantity=F("quantity") + more, waiting=F("waiting") + more)
    return Done(change, replan([product.pk], change_set=change, at=at), line)


def preview_quantity(line: OrderLine, *, quantity: int, at: datetime.datetime) -> Impact:
    """Return whom it moves if the ordered quantity becomes `quantity`; raises the same refusals."""
    more = _more(line, quantity, today=business_day(at))
    products = _planned_with(line.order, [line.pk]) if more < 0 else [line.product_id]
    return _preview_line(line, lambda known: _less(known, -more), products, at=at)


@act
def expedite(line: OrderLine, *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[OrderLine]:
    """Put a line before all that are not expedited. Raises `NotOpen`, `NoReason`."""
    return _flag(line, "expedite", reason, by, at)


def preview_expedite(line: OrderLine, *, at: datetime.datetime) -> Impact:
    """Return who loses and who gains if the line is expedited. Raises `NotOpen`."""
    flags = _flags(line, "expedite")
    return _preview_line(line, lambda known: known._replace(**flags), [line.product_id], at=at)


@act
def hold(line: OrderLine, *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[OrderLine]:
    """Keep the line's place but serve it nothing until it is released. Raises `NotOpen`, `NoReason`."""
    return _flag(line, "hold", reason, by, at)


def preview_hold(line: OrderLine, *, at: datetime.datetime) -> Impact:
    """Return who gains if the line is held. Raises `NotOpen`."""
    flags = _flags(line, "hold")
    return _preview_line(line, lambda known: known._replace(**flags), [line.product_id], at=at)


@act
def release(line: OrderLine, *, reason: str, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[OrderLine]:
    """Serve a held line again, at its old place. Raises `NotOpen`, `NoReason`."""
    return _flag(line, "release", reason, by, at)


# -- placing ----------------------------------------------------------------------------------------------------------


def _products_of(new: NewOrder) -> list[Product]:
    if not new.lines:
        raise NoLines("An order needs at least one line.")
    for line in new.lines:
        whole_units(line.quantity)
    fitting(Order, number=new.number, shop=new.shop, external_id=new.external_id, currency=new.currency)
    products = products_of([line.product for line in new.lines])
    for product, line in zip(products, new.lines, strict=True):
        _check_worth(_price(line, product), line.quantity)
    return products


def _price(line: NewLine, product: Product) -> Decimal:
    return product.price if line.price is None else line.price


def _check_worth(price: Decimal, quantity: int) -> None:
    if not price.is_finite() or price < 0:
        raise BadPrice(f"A price is an amount, at least 0; got {price}.")
    if price * quantity >= MOST_WORTH:
        raise BadPrice(f"{quantity} at {price} are worth more than one line can hold. Is a digit too many in it?")


def _known(new: NewOrder, key: str | None) -> Order | None:
    if change := done_before(key):
        return Order.objects.get(pk=change.touches.get(kind=Touch.Kind.ORDER).object_id)
    same = Order.objects.filter(number=new.number)
    if new.external_id:
        same = same | Order.objects.filter(shop=new.shop, external_id=new.external_id)
    return same.order_by("id").first()


def _the_same(order: Order, new: NewOrder, products: Sequence[Product]) -> Done[Order]:
    """Return the order that came before, if it is the same one."""
    theirs = sorted((product.pk, line.quantity) for product, line in zip(products, new.lines, strict=True))
    ours = sorted(order.lines.values_list("product", "quantity"))
    placed = ChangeSet.objects.filter(act="place_order", touches__kind=Touch.Kind.ORDER, touches__object_id=order.pk)
    change = placed.order_by("id").first()
    if change is None or theirs != ours or (order.shop, order.external_id) != (new.shop, new.external_id):
        raise NumberTaken(f"Order {order.number} is there already, with other content.", order=order.pk)
    return Done(change, Impact(), order)


def _order_fields(new: NewOrder) -> dict[str, object]:
    names = "number shop external_id customer carrier currency is_paid is_ship_complete is_date_essential".split()
    return {name: getattr(new, name) for name in names}


def _newcomers(new: NewOrder, products: Sequence[Product], today: datetime.date) -> list[Newcomer]:
    return [
        Newcomer(
            product.pk,
            line.quantity,
            score(tier=new.customer.tier, value=line.quantity * _price(line, product), placed_on=today),
            new.carrier.transit_days,
        )
        for product, line in zip(products, new.lines, strict=True)
    ]


def _waiting(newcomers: Sequence[Newcomer], joined: Sequence[Joined]) -> list[Newcomer]:
    """Nobody waits for what lies free: only those who do not get all of it at once may be owed what others keep."""
    return [new for new, outcome in zip(newcomers, joined, strict=True) if outcome.allocated < new.quantity]


def _supplied(
    new: NewOrder, products: Sequence[Product], joined: Sequence[Joined]
) -> list[tuple[Product, int, Joined]]:
    return [(product, line.quantity, how) for product, line, how in zip(products, new.lines, joined, strict=True)]


_PROMISE = (
    "line product customer own_from own_until expected_from expected_until is_estimate uncovered version changed_at"
)


def _units(newcomers: Sequence[Newcomer]) -> Counter[int]:
    units: Counter[int] = Counter()
    for new in newcomers:
        units[new.product_id] += new.quantity
    return units


def _make_lines(
    order: Order,
    new: NewOrder,
    products: Sequence[Product],
    newcomers: Sequence[Newcomer],
    joined: Sequence[Joined],
    free: Situation,
) -> None:
    """Write the lines, what they hold, and their promises, as they stand at the tail of the queue."""
    whole = latest([outcome.own for outcome in joined])
    stated = [whole if order.is_ship_complete else outcome.own for outcome in joined]
    lines = OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product=product,
            quantity=line.quantity,
            allocated=outcome.allocated,
            waiting=line.quantity - outcome.allocated,
            price=_price(line, product),
            placed_at=order.placed_at,
            score=newcomer.score,
            promise_number=free.products[product.pk].last_promise + 1 if outcome.pieces else None,
            first_from=window and window.first,
            first_until=window and window.last,
        )
        for product, line, newcomer, outcome, window in zip(products, new.lines, newcomers, joined, stated, strict=True)
    )
    rows.insert(
        Promise,
        _PROMISE.split(),
        [
            (
                line.pk,
                line.product_id,
                order.customer_id,
                *(outcome.own or NO_WINDOW),
                line.first_from,
                line.first_until,
                outcome.is_estimate,
                outcome.uncovered,
                1,
                order.placed_at,
            )
            for line, outcome in zip(lines, joined, strict=True)
        ],
    )
    _hold_units(lines, joined)


def _hold_units(lines: Sequence[OrderLine], joined: Sequence[Joined]) -> None:
    held = [(line.pk, *piece) for line, outcome in zip(lines, joined, strict=True) for piece in outcome.pieces]
    rows.insert(
        Allocation,
        ["line", "stock_level", "purchase_line", "quantity"],
        [(line, supply if is_stock else None, None if is_stock else supply, n) for line, is_stock, supply, n in held],
    )
    for _, is_stock, supply, n in sorted(held, key=lambda h: (h[1], h[2])):
        if is_stock:
            StockLevel.objects.filter(pk=supply).update(allocated=F("allocated") + n)
        else:
            PurchaseLine.objects.filter(pk=supply).update(pegged=F("pegged") + n)


def _state_first_promise(order: Order) -> None:
    """Write down the window each new line was given by the plan: its first promise."""
    windows = Promise.objects.filter(line__order=order).values_list("line", "expected_from", "expected_until")
    rows.update(OrderLine, ["id", "first_from", "first_until"], windows)


# -- changing ---------------------------------------------------------------------------------------------------------


def _cancel(
    order: Order,
    wanted: dict[int, int | None] | None,
    *,
    reason: str,
    seen_version: int | None,
    source: Source | None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[list[Cancellation]]:
    """Cancel the units wanted of these lines (None: all that is open of each), or (None) everything open."""
    products = lock_products(_planned_with(order, wanted))
    fresh_order(order, seen_version=seen_version)
    change = _change(order, "cancel", reason, by, at, source=source)
    lines = OrderLine.objects.filter(order=order).order_by("id")
    lines = lines.open() if wanted is None else lines.filter(pk__in=wanted)
    made = [_cancel_units(line, None if wanted is None else wanted[line.pk], change, at) for line in lines]
    if not made:
        raise NotCancellable(f"Nothing on order {order.number} is open: what was shipped cannot be cancelled.")
    _owe_refunds(order, made, at)
    return Done(change, replan(products, change_set=change, at=at), made)


def _planned_with(order: Order, line_ids: Iterable[int] | None) -> list[int]:
    """Return the products to plan when these lines (None: all) change.

    All of a ship-complete order, which its last line dates. Whether a line is open is not known before the lock.
    """
    lines = OrderLine.objects.filter(order=order)
    if line_ids is not None and not order.is_ship_complete:
        lines = lines.filter(pk__in=line_ids)
    return list(lines.values_list("product", flat=True))


def _cancellable(line: OrderLine, quantity: int | None) -> int:
    """Return how many units to cancel: all that is open, unless `quantity` says fewer."""
    if not line.open_quantity:
        raise NotCancellable(f"{line} has nothing open: what was shipped cannot be cancelled.")
    units = line.open_quantity if quantity is None else whole_units(quantity)
    if units > line.open_quantity:
        raise NotCancellable(f"Only {line.open_quantity} of {line} are still open, not {units}.")
    return units


def _more(line: OrderLine, quantity: int, *, today: datetime.date) -> int:
    """Return by how many units the line grows (fewer, if negative) to become `quantity`."""
    more = whole_units(quantity) - (line.quantity - line.cancelled)
    if more < 0:
        return -_cancellable(line, -more)
    if not more or not line.open_quantity:
        raise NotOpen(f"{line} is already {quantity}." if not more else f"{line} is closed; place a new order.")
    _check_worth(line.price, line.quantity + more)
    newcomer = Newcomer(line.product_id, more, line.score, line.order.carrier.transit_days)
    joined = join(read_free({line.product_id: more}), [newcomer], today=today)
    accept([(line.product, more, joined[0])], today=today)
    return more


def _cancel_units(line: OrderLine, quantity: int | None, change: ChangeSet, at: datetime.datetime) -> Cancellation:
    units = _cancellable(line, quantity)
    waiting = min(units, line.waiting)
    OrderLine.objects.filter(pk=line.pk).update(
        cancelled=F("cancelled") + units,
        waiting=F("waiting") - waiting,
        allocated=F("allocated") - (units - waiting),
    )
    if units == line.open_quantity:
        close_promises([line.pk])
    return Cancellation.objects.create(line=line, change_set=change, quantity=units, at=at, reason=change.reason[:200])


def close_promises(line_ids: Sequence[int]) -> None:
    """Close the promises of lines with nothing open any more: no gap, and messages that state them are outdated."""
    Promise.objects.filter(pk__in=line_ids).update(gap_since=None, uncovered=0, version=F("version") + 1)


def _owe_refunds(order: Order, cancellations: Sequence[Cancellation], at: datetime.datetime) -> None:
    if order.is_paid:
        Refund.objects.bulk_create(
            Refund(
                cancellation=made,
                amount=made.quantity * made.line.price,
                currency=order.currency,
                due_at=at + datetime.timedelta(days=REFUND_DAYS),
            )
            for made in cancellations
        )


# What a line becomes by each verb, and what it is if it has become so already.
_FLAGS: dict[str, tuple[dict[str, Any], str]] = {
    "expedite": ({"is_expedited": True}, "is expedited already"),
    "hold": ({"is_held": True}, "is on hold already"),
    "release": ({"is_held": False}, "is not on hold"),
}


def _flags(line: OrderLine, verb: str) -> dict[str, Any]:
    flags, already = _FLAGS[verb]
    if not line.open_quantity:
        raise NotOpen(f"{line} has nothing open.")
    if all(getattr(line, name) == value for name, value in flags.items()):
        raise NotOpen(f"{line} {already}.")
    return flags


def _flag(
    line: OrderLine, verb: str, reason: str, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[OrderLine]:
    product = _lock_line(line, [line.product_id])
    flags = _flags(line, verb)
    before = {"line": line.pk, **{name: getattr(line, name) for name in flags}}
    change = _change(line.order, verb, reason, by, at, before=before)
    OrderLine.objects.filter(pk=line.pk).update(**flags)
    return Done(change, replan([product.pk], change_set=change, at=at), line)


def _lock_line(line: OrderLine, products: Iterable[int]) -> Product:
    """Lock the products to plan (the line's among them), read the line again, return its product."""
    lock_whole_orders(lock_products(products))  # its order may be one of them, and must not be locked before the others
    line.refresh_from_db()
    return line.product


def _change(
    order: Order,
    verb: str,
    reason: str,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
    *,
    before: dict[str, object] | None = None,
    source: Source | None = None,
) -> ChangeSet:
    change = open_change(verb, reason=a_reason(reason), before=before, source=source, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    order_changed(order.pk)
    return change


def _preview_line(
    line: OrderLine, change: Callable[[OpenLine], OpenLine], products: Sequence[int], *, at: datetime.datetime
) -> Impact:
    def changed(situation: Situation) -> None:
        if line.pk in situation.lines:
            known = change(situation.lines.pop(line.pk))
            if known.quantity > 0:
                situation.lines[line.pk] = known

    return preview(products, changed, at=at)


def _less(line: OpenLine, units: int) -> OpenLine:
    """The line with `units` fewer open, the waiting ones first (more of them, if negative)."""
    waiting = min(units, line.waiting)
    return line._replace(waiting=line.waiting - waiting, allocated=line.allocated - max(units - waiting, 0))
