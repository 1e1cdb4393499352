"""The warehouse: receiving, shipping, returning and counting goods."""

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F

from backorders import rows
from backorders.actions.asking import NotOpen, a_reason, a_text, fitting, fresh_order, order_changed, whole_units
from backorders.actions.done import Done
from backorders.actions.selling import close_promises
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.models import Allocation
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Situation
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import done_before, open_change, touch
from backorders.orders.models import Carrier, Order, OrderLine, Shipment, ShipmentLine
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, Receipt, StockLevel, StockMovement, Warehouse


class MoreThanOutstanding(Refused):
    """More arrived than is outstanding; what is over must be said to be over."""


class NotAllocated(Refused):
    """Only units that lie allocated for a line can be shipped."""


class ShipsComplete(Refused):
    """The order leaves only when everything on it is ready."""


class AlreadyDelivered(Refused):
    """The delivery was confirmed before."""


class NotShipped(Refused):
    """Units that were not shipped can neither arrive nor come back."""


class Arrival(NamedTuple):
    """What arrived of a purchase line: good units, units over what was outstanding, damaged units."""

    purchase_line_id: int
    quantity: int
    over: int = 0
    damaged: int = 0
    note: str = ""


@act
def receive(
    arrivals: Sequence[Arrival], *, key: str | None = None, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[list[Receipt]]:
    """Book what arrived and serve the queue in rank order. What is short stays outstanding; damaged units are no stock.

    Raises `MoreThanOutstanding`, `NotWholeUnits`, `NotOpen`.
    """
    lines = _arrived_lines(arrivals)
    products = lock_products(line.product_id for line in lines.values())
    if done := done_before(key):
        return Done(done, Impact(), list(Receipt.objects.filter(change_set=done)))
    lines = _checked_arrivals(arrivals)
    change = open_change("receive", key=key, by=by, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_order_id for line in lines.values()))
    change.before = {"arrivals": [[*arrival[:4]] for arrival in arrivals]}
    change.save(update_fields=["before"])
    _book(arrivals, lines, change, at)
    made = list(Receipt.objects.filter(change_set=change).order_by("id"))
    return Done(change, replan(products, change_set=change, at=at), made)


def preview_receive(arrivals: Sequence[Arrival], *, at: datetime.datetime) -> Impact:
    """Return who would be served and moved; raises the same refusals as `receive`."""
    lines = _checked_arrivals(arrivals)

    def arrived(situation: Situation) -> None:
        for arrival in arrivals:
            lot = situation.lots.get(arrival.purchase_line_id)
            if lot is not None:
                left = lot.outstanding - arrival.quantity - arrival.damaged
                situation.lots[lot.id] = lot._replace(outstanding=left)
            line = lines[arrival.purchase_line_id]
            situation.add_stock(line.product_id, line.warehouse, arrival.quantity + arrival.over)

    return preview((line.product_id for line in lines.values()), arrived, at=at)


@act
def ship(
    order: Order,
    *,
    units: Sequence[tuple[int, int]],
    carrier: Carrier | None = None,
    tracking_number: str = "",
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[Shipment]:
    """Hand allocated units of an order to the carrier: `units` are (line id, quantity) pairs. Moves nobody else.

    Raises `NotAllocated`, `ShipsComplete`, `NotWholeUnits`, `Stale`, `BadText`.
    """
    fitting(Shipment, tracking_number=tracking_number)
    wanted = {line: whole_units(quantity) for line, quantity in units}
    if len(wanted) < len(units) or not wanted:
        raise NotAllocated("Name each line once, and at least one.")
    lock_products(OrderLine.objects.filter(order=order, pk__in=wanted).values_list("product", flat=True))
    fresh_order(order, seen_version=seen_version)
    lines = OrderLine.objects.filter(order=order).in_bulk()
    _check_shippable(order, lines, wanted)
    change = open_change("ship", by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    order_changed(order.pk)
    shipment = Shipment.objects.create(
        order=order,
        carrier=carrier or order.carrier,
        change_set=change,
        tracking_number=tracking_number,
        shipped_at=at,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line_id=pk, quantity=n) for pk, n in wanted.items()
    )
    _take_out(wanted, change, at)
    rows.update(
        OrderLine,
        ["id", "allocated", "shipped"],
        [(pk, lines[pk].allocated - quantity, lines[pk].shipped + quantity) for pk, quantity in wanted.items()],
    )
    close_promises([pk for pk, quantity in wanted.items() if quantity == lines[pk].open_quantity])
    return Done(change, Impact(checked=len(wanted)), shipment)


@act
def confirm_delivery(
    shipment: Shipment,
    *,
    confirmed_by: str = Shipment.Confirmed.CARRIER,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[Shipment]:
    """Record that a parcel reached its customer, and who says so. Raises `AlreadyDelivered`, `NotShipped`."""
    if at < shipment.shipped_at:
        raise NotShipped(f"{shipment} left on {shipment.shipped_at:%Y-%m-%d %H:%M}; it cannot have arrived before.")
    source = Source.CUSTOMER if confirmed_by == Shipment.Confirmed.CUSTOMER else None
    change = open_change("confirm_delivery", source=source, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[shipment.order_id])
    undelivered = Shipment.objects.filter(pk=shipment.pk, delivered_at=None)
    if not undelivered.update(delivered_at=at, delivery_confirmed_by=confirmed_by):
        raise AlreadyDelivered(f"{shipment} was delivered before.")
    order_changed(shipment.order_id)
    shipment.refresh_from_db()
    return Done(change, Impact(), shipment)


@act
def return_to_stock(
    shipment_line: ShipmentLine,
    *,
    quantity: int,
    warehouse: Warehouse,
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[ShipmentLine]:
    """Take shipped units back into stock; they serve the queue.

    Raises `NotShipped`, `NotWholeUnits`, `NoReason`, `Stale`.
    """
    whole_units(quantity)
    products = lock_products([shipment_line.line.product_id])
    lock_whole_orders(products)  # its own order may be one of them, and must not be locked before the others
    fresh_order(shipment_line.shipment.order, seen_version=seen_version)
    shipment_line.refresh_from_db()
    if quantity > shipment_line.quantity - shipment_line.returned:
        left = shipment_line.quantity - shipment_line.returned
        raise NotShipped(f"Only {left} units of this parcel can still come back, not {quantity}.")
    order_id = shipment_line.shipment.order_id
    change = open_change("return_to_stock", reason=a_reason(reason), by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order_id])
    order_changed(order_id)
    ShipmentLine.objects.filter(pk=shipment_line.pk).update(returned=F("returned") + quantity)
    units = {(shipment_line.line.product_id, warehouse.pk): quantity}
    move(units, kind=StockMovement.Kind.RETURN, change_set=change, at=at)
    return Done(change, replan(products, change_set=change, at=at), shipment_line)


@act
def adjust_stock(
    product: Product,
    *,
    warehouse: Warehouse,
    counted: int,
    reason: str,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[StockLevel]:
    """Set on hand to what was counted. Below what is allocated the lowest ranked lose first and return to their place.

    Raises `NotWholeUnits`, `NoReason`, `NotOpen` if the count changes nothing.
    """
    whole_units(counted, least=0)
    lock_products([product.pk])
    level, _ = StockLevel.objects.get_or_create(product=product, warehouse=warehouse)
    difference = _difference(product, warehouse, on_hand=level.on_hand, counted=counted)
    change = open_change(
        "adjust_stock",
        reason=a_reason(reason),
        before={"stock_level": level.pk, "difference": difference},
        by=by,
        at=at,
    )
    touch(change, kind=Touch.Kind.PRODUCT, ids=[product.pk])
    move({(product.pk, warehouse.pk): difference}, kind=StockMovement.Kind.COUNT, change_set=change, at=at)
    return Done(change, replan([product.pk], change_set=change, at=at), level)


def preview_adjust(product: Product, *, warehouse: Warehouse, counted: int, at: datetime.datetime) -> Impact:
    """Return who gains or loses stock if the count is booked; raises the same refusals."""
    whole_units(counted, least=0)

    def counted_so(situation: Situation) -> None:
        on_hand = sum(s.on_hand for s in situation.stocks.values() if s.warehouse_id == warehouse.pk)
        difference = _difference(product, warehouse, on_hand=on_hand, counted=counted)
        situation.add_stock(product.pk, warehouse, difference)

    return preview([product.pk], counted_so, at=at)


def _difference(product: Product, warehouse: Warehouse, *, on_hand: int, counted: int) -> int:
    if counted == on_hand:
        raise NotOpen(f"{product.sku} in {warehouse.code} is {counted} already.")
    return counted - on_hand


def move(units: Mapping[tuple[int, int], int], *, kind: str, change_set: ChangeSet, at: datetime.datetime) -> None:
    """Book units, by (product, warehouse), into the stock of locked products (or, negative, out of it).

    The ledger and its counter are written at once; what is allocated never exceeds what is left.
    """
    places = {place: n for place, n in units.items() if n}
    StockLevel.objects.bulk_create(
        (StockLevel(product_id=product, warehouse_id=warehouse) for product, warehouse in places), ignore_conflicts=True
    )
    levels = StockLevel.objects.filter(product__in={product for product, _ in places}).order_by("id")
    moved = [(level, places[place]) for level in levels if (place := (level.product_id, level.warehouse_id)) in places]
    rows.update(
        StockLevel,
        ["id", "on_hand", "allocated"],
        [(level.pk, level.on_hand + n, min(level.allocated, level.on_hand + n)) for level, n in moved],
    )
    rows.insert(
        StockMovement,
        ["stock_level", "change_set", "kind", "quantity", "at", "note"],
        [(level.pk, change_set.pk, kind, n, at, "") for level, n in moved],
    )


def _arrived_lines(arrivals: Sequence[Arrival]) -> dict[int, PurchaseLine]:
    wanted = {arrival.purchase_line_id for arrival in arrivals}
    lines = PurchaseLine.objects.select_related("purchase_order", "warehouse").in_bulk(wanted)
    if not wanted or len(wanted) < len(arrivals) or wanted - lines.keys():
        raise NotOpen("Name each purchase line once, and at least one that exists.")
    return lines


def _checked_arrivals(arrivals: Sequence[Arrival]) -> dict[int, PurchaseLine]:
    lines = _arrived_lines(arrivals)
    for arrival in arrivals:
        line = lines[arrival.purchase_line_id]
        a_text(arrival.note)
        units = [whole_units(n, least=0) for n in (arrival.quantity, arrival.over, arrival.damaged)]
        if not sum(units):
            raise NotOpen(f"{line}: nothing arrived; leave the line out.")
        if arrival.quantity + arrival.damaged > line.outstanding:
            over = arrival.quantity + arrival.damaged - line.outstanding
            raise MoreThanOutstanding(
                f"{line}: only {line.outstanding} are outstanding. "
                f"Book the other {over} as over-delivery or send them back.",
                purchase_line=line.pk,
                over=over,
            )
    return lines


def _book(
    arrivals: Sequence[Arrival], lines: dict[int, PurchaseLine], change: ChangeSet, at: datetime.datetime
) -> None:
    today = business_day(at)
    good: Counter[tuple[int, int]] = Counter()
    receipts = []
    for arrival in arrivals:
        line = lines[arrival.purchase_line_id]
        late_days = line.eta_until and (today - line.eta_until).days
        receipts.append((*arrival[:4], arrival.note, change.pk, at, today, late_days))
        line.received += arrival.quantity + arrival.damaged
        line.pegged = min(line.pegged, line.outstanding)
        line.version += 1
        good[line.product_id, line.warehouse_id] += arrival.quantity + arrival.over
    fields = "id received pegged version".split()
    rows.update(PurchaseLine, fields, [tuple(getattr(line, name) for name in fields) for line in lines.values()])
    rows.insert(Receipt, "purchase_line quantity over damaged note change_set at on late_days".split(), receipts)
    move(good, kind=StockMovement.Kind.RECEIPT, change_set=change, at=at)


def _check_shippable(order: Order, lines: dict[int, OrderLine], wanted: dict[int, int]) -> None:
    for pk, quantity in wanted.items():
        line = lines.get(pk)
        if line is None or quantity > line.allocated:
            ready = line.allocated if line else 0
            raise NotAllocated(f"Only {ready} units of line {pk} of order {order.number} lie ready, not {quantity}.")
    if order.is_ship_complete and any(line.open_quantity != wanted.get(pk, 0) for pk, line in lines.items()):
        raise ShipsComplete(f"Order {order.number} ships complete: everything open on it leaves in one parcel.")


def _take_out(wanted: dict[int, int], change: ChangeSet, at: datetime.datetime) -> None:
    """Take the units out of the stock levels that hold them for these lines.

    The last used first: what a line keeps is then what the plan would give it of what is left.
    """
    held = Allocation.objects.filter(line__in=wanted, stock_level__isnull=False)
    held = held.order_by("-stock_level__warehouse__rank", "-stock_level", "-id")
    place = ("stock_level__product_id", "stock_level__warehouse_id", "stock_level_id")
    left = dict(wanted)
    gone, kept, freed = [], [], Counter[int]()
    moved: Counter[tuple[int, int]] = Counter()
    for pk, line_id, units, product, warehouse, level in held.values_list("id", "line_id", "quantity", *place):
        taken = min(units, left[line_id])
        left[line_id] -= taken
        freed[level] += taken
        moved[product, warehouse] -= taken
        if taken == units:
            gone.append(pk)
        elif taken:
            kept.append((pk, units - taken))
    rows.delete(Allocation, gone)
    rows.update(Allocation, ["id", "quantity"], kept)
    allocated = StockLevel.objects.filter(pk__in=freed).values_list("id", "allocated")
    rows.update(StockLevel, ["id", "allocated"], [(pk, units - freed[pk]) for pk, units in allocated])
    move(moved, kind=StockMovement.Kind.SHIPMENT, change_set=change, at=at)
