"""Placing an order: what is free ships now, the rest waits at its place in the queue with a first promise."""

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions.accepting import accept, ask_for_products, products_of
from backorders.actions.checking import fitting, whole_units
from backorders.actions.done import Done
from backorders.actions.keys import known_act
from backorders.allocation.impact import Impact
from backorders.allocation.joining import Joined, Newcomer, belongs_at_tail, join, join_by_plan
from backorders.allocation.locking import ask_for_lock
from backorders.allocation.models import Allocation, Promise
from backorders.allocation.outcome import NO_WINDOW
from backorders.allocation.ranking import score
from backorders.allocation.reading import ask_for_free, makings_of
from backorders.allocation.replanning import replan
from backorders.allocation.situation import Situation
from backorders.allocation.windows import business_day, latest
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.orders.models import Carrier, Customer, Order, OrderLine
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, StockLevel

MOST_WORTH = Decimal(10) ** 10  # of one line; what a refund of it can hold


class NoLines(Refused):
    """An order needs at least one line."""


class NumberTaken(Refused):
    """Another order has this number or external id, with other content."""


class BadPrice(Refused):
    """A price below nothing or with more than two decimals, or units worth more than the books can hold."""


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


class Wanted(NamedTuple):
    """One line of a new order: of which product, at which price, and as whom it joins the queue."""

    product: Product
    price: Decimal
    newcomer: Newcomer


@act
def place_order(
    new: NewOrder, *, key: str | None = None, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[Order]:
    """Place an order: what is free ships now, the rest waits at its place in the queue with a first promise.

    The same external id (or key) places it once: the order already there is returned; with other lines it is refused.
    Raises `UnknownProduct`, `NotWholeUnits`, `NotAccepted` (with substitutes), `NumberTaken`, `NoLines`, `BadPrice`,
    `BadText`.
    """
    today = business_day(at)
    _check(new)
    with rows.together():
        products, same = ask_for_products([line.product for line in new.lines]), _ask_for_same(new)
        ids = rows.new_ids(ChangeSet, Order, *[OrderLine for _line in new.lines])
    wanted = _wanted(new, products(), today=today)
    if known := _known(same(), key):
        return _the_same(known, new, wanted)
    change_id, order_id, *line_ids = ids()
    with rows.together():  # the lock comes last of what can be done without it, and what it guards is read under it
        source = Source.SHOP if new.shop else None
        change = open_change("place_order", key=key, source=source, pk=change_id, by=by, at=at)
        order = rows.create(Order(pk=order_id, **_order_fields(new), placed_at=at))
        touch(change, kind=Touch.Kind.ORDER, ids=[order_id])
        ask_for_lock(line.product.pk for line in wanted)
        free = _ask_for_free(wanted)
    joined = _join(wanted, free(), today=today)
    if belongs_at_tail(_who_waits(wanted, joined)):
        _make_lines(order, line_ids, wanted, joined)
        return Done(change, Impact(checked=len(joined)), order)
    _make_lines(order, line_ids, wanted, [_nothing(line) for line in wanted])
    impact = replan([line.product.pk for line in wanted], change_set=change, at=at)
    _state_first_promise(order)
    return Done(change, impact, order)


def preview_place(new: NewOrder, *, at: datetime.datetime) -> list[Joined]:
    """Return what each line of the order would get; raises the same refusals. Writes nothing, takes no lock."""
    today = business_day(at)
    _check(new)
    wanted = _wanted(new, products_of([line.product for line in new.lines]), today=today)
    joined = _join(wanted, _ask_for_free(wanted)(), today=today)
    if belongs_at_tail(_who_waits(wanted, joined)):
        return joined
    return join_by_plan([line.newcomer for line in wanted], at=at, today=today)


def check_worth(price: Decimal, quantity: int) -> None:
    """Refuse an amount that is none, or more than the books can hold. Raises `BadPrice`."""
    if not price.is_finite() or not 0 <= price < MOST_WORTH or round(price, 2) != price:
        raise BadPrice(_("A price is an amount, at least 0, with two decimals at most; got %(price)s."), price=price)
    if price * quantity >= MOST_WORTH:
        raise BadPrice(
            _("%(quantity)s at %(price)s are worth more than one line can hold. Is a digit too many in it?"),
            quantity=quantity,
            price=price,
        )


def _check(new: NewOrder) -> None:
    """Refuse what can be refused without looking anything up."""
    if not new.lines:
        raise NoLines(_("An order needs at least one line."))
    for line in new.lines:
        whole_units(line.quantity)
    fitting(Order, number=new.number, shop=new.shop, external_id=new.external_id, currency=new.currency)


def _wanted(new: NewOrder, products: Sequence[Product], *, today: datetime.date) -> list[Wanted]:
    return [_wanted_line(new, line, product, today) for line, product in zip(new.lines, products, strict=True)]


def _wanted_line(new: NewOrder, line: NewLine, product: Product, today: datetime.date) -> Wanted:
    price = product.price if line.price is None else line.price
    check_worth(price, line.quantity)
    rank = score(tier=new.customer.tier, value=line.quantity * price, placed_on=today)
    return Wanted(product, price, Newcomer(product.pk, line.quantity, rank, new.carrier.transit_days))


def _ask_for_same(new: NewOrder) -> Callable[[], list[rows.Row]]:
    """Ask for the orders that are there already under the number or the external id of a new one."""
    numbered = rows.ask(_numbered, [new.number])
    from_outside = rows.ask(_from_outside, [new.shop, new.external_id]) if new.external_id else list
    return lambda: numbered() + from_outside()


def _known(same: Sequence[rows.Row], key: str | None) -> Order | None:
    if change := known_act("place_order", key=key):
        return Order.objects.get(pk=change.touches.get(kind=Touch.Kind.ORDER).object_id)
    return Order.objects.get(pk=min(same)[0]) if same else None


def _numbered(numbers: Sequence[str]) -> QuerySet[Order, Any]:
    return Order.objects.filter(number__in=numbers).order_by("id").values_list("id")


def _from_outside(shop_and_id: Sequence[str]) -> QuerySet[Order, Any]:
    shop, external_id = shop_and_id
    return Order.objects.filter(shop=shop, external_id=external_id).order_by("id").values_list("id")


def _the_same(order: Order, new: NewOrder, wanted: Sequence[Wanted]) -> Done[Order]:
    """Return the order that came before, if it is the same one."""
    theirs = sorted((line.product.pk, line.newcomer.quantity) for line in wanted)
    ours = sorted(order.lines.values_list("product", "quantity"))
    placed = ChangeSet.objects.filter(act="place_order", touches__kind=Touch.Kind.ORDER, touches__object_id=order.pk)
    change = placed.order_by("id").first()
    source = (order.customer_id, order.shop, order.external_id)
    if change is None or theirs != ours or source != (new.customer.pk, new.shop, new.external_id):
        raise NumberTaken(
            _("Order %(order_number)s is there already, with other content."), order_number=order.number, order=order.pk
        )
    return Done(change, Impact(), order)


def _order_fields(new: NewOrder) -> dict[str, object]:
    names = "number shop external_id customer carrier currency is_paid is_ship_complete is_date_essential".split()
    return {name: getattr(new, name) for name in names}


def _ask_for_free(wanted: Sequence[Wanted]) -> Callable[[], Situation]:
    units: Counter[int] = Counter()
    for line in wanted:
        units[line.product.pk] += line.newcomer.quantity
    return ask_for_free(units, makings=makings_of(line.product for line in wanted))


def _join(wanted: Sequence[Wanted], free: Situation, *, today: datetime.date) -> list[Joined]:
    """Return what each line gets of what is free, if its product's policy accepts that."""
    joined = join(free, [line.newcomer for line in wanted], today=today)
    supplied = [(line.product, line.newcomer.quantity, got) for line, got in zip(wanted, joined, strict=True)]
    accept(supplied, today=today)
    return joined


def _who_waits(wanted: Sequence[Wanted], joined: Sequence[Joined]) -> list[Newcomer]:
    """Nobody waits for what lies free: only those who do not get all of it at once may be owed what others keep."""
    pairs = zip(wanted, joined, strict=True)
    return [line.newcomer for line, got in pairs if got.allocated < line.newcomer.quantity]


def _nothing(line: Wanted) -> Joined:
    return Joined((), line.newcomer.quantity, None, is_estimate=False)


_LINE = (
    "id order product quantity allocated waiting price placed_at score first_from first_until promise_number"
).split()

# The promise number is read where it is written: that is one statement less while others wait for the lock.
_INSERT_LINES = """
    INSERT INTO orders_orderline (id, order_id, product_id, quantity, allocated, waiting, price, placed_at, score,
        first_from, first_until, promise_number, shipped, cancelled, cause, is_expedited, is_held, overtaken)
    SELECT {0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, {10}, {11} + (
            SELECT coalesce(max(o.promise_number), 0) FROM orders_orderline o
            WHERE o.product_id = {2} AND (o.waiting > 0 OR o.allocated > 0)
        ), 0, 0, '', false, false, 0
    FROM {source}
"""

_PROMISE = (
    "line product customer score own_from own_until expected_from expected_until "
    "is_estimate uncovered version changed_at"
).split()


def _make_lines(order: Order, ids: Sequence[int], wanted: Sequence[Wanted], joined: Sequence[Joined]) -> None:
    """Write the lines, what they hold, and their promises, as they stand at the tail of the queue."""
    whole = latest([got.own for got in joined])
    stated = [(whole if order.is_ship_complete else got.own) or NO_WINDOW for got in joined]
    lines = [
        (
            pk,
            order.pk,
            line.product.pk,
            line.newcomer.quantity,
            got.allocated,
            line.newcomer.quantity - got.allocated,
            line.price,
            order.placed_at,
            line.newcomer.score,
            *window,
            1 if got.pieces else None,
        )
        for pk, line, got, window in zip(ids, wanted, joined, stated, strict=True)
    ]
    promises = [
        (
            pk,
            line.product.pk,
            order.customer_id,
            line.newcomer.score,
            *(got.own or NO_WINDOW),
            *window,
            got.is_estimate,
            got.uncovered,
            1,
            order.placed_at,
        )
        for pk, line, got, window in zip(ids, wanted, joined, stated, strict=True)
    ]
    with rows.together():
        rows.run(_INSERT_LINES, OrderLine, _LINE, lines)
        rows.insert(Promise, _PROMISE, promises)
        _hold_units([(pk, *piece) for pk, got in zip(ids, joined, strict=True) for piece in got.pieces])


# What is taken is counted where it lies; the database refuses what is not there.
_TAKE = "UPDATE supply_stocklevel AS t SET allocated = t.allocated + {1} FROM {source} WHERE t.id = {0}"
_PEG = "UPDATE supply_purchaseline AS t SET pegged = t.pegged + {1} FROM {source} WHERE t.id = {0}"


def _hold_units(pieces: Sequence[tuple[int, bool, int, int]]) -> None:
    """Write the pieces (line, is it stock, supply, units) and count them where they lie."""
    rows.insert(
        Allocation,
        ["line", "stock_level", "purchase_line", "quantity"],
        [(line, supply if is_stock else None, None if is_stock else supply, n) for line, is_stock, supply, n in pieces],
    )
    taken: Counter[int] = Counter()
    pegged: Counter[int] = Counter()
    for _line, is_stock, supply, units in pieces:
        (taken if is_stock else pegged)[supply] += units
    rows.run(_TAKE, StockLevel, ["id", "allocated"], taken.items())
    rows.run(_PEG, PurchaseLine, ["id", "pegged"], pegged.items())


def _state_first_promise(order: Order) -> None:
    """Write down the window each new line was given by the plan: its first promise."""
    windows = Promise.objects.filter(line__order=order).values_list("line", "expected_from", "expected_until")
    rows.update(OrderLine, ["id", "first_from", "first_until"], windows)
