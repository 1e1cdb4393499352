"""Parcels: what leaves for a customer, that it arrived, and what comes back."""

import datetime
from collections import Counter
from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions.checking import a_reason, fitting, whole_units
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.moving import move
from backorders.allocation.gaps import close_promises
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.models import Allocation
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Situation
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.delays.caseload import check_not_over
from backorders.orders.models import Carrier, Order, OrderLine, Shipment, ShipmentLine
from backorders.refusal import Refused
from backorders.supply.models import StockLevel, StockMovement, Warehouse


class NotAllocated(Refused):
    """Only units that lie allocated for a line can be shipped."""


class ShipsComplete(Refused):
    """The order leaves only when everything on it is ready."""


class AlreadyDelivered(Refused):
    """The delivery was confirmed before."""


class NotShipped(Refused):
    """Units that were not shipped can neither arrive nor come back."""


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
    """Hand allocated units of an order to the carrier: `units` are (line id, quantity) pairs.

    It moves nobody else; the rest of a line that ships in part is dated by what it still waits for.

    Raises `NotAllocated`, `ShipsComplete`, `NotWholeUnits`, `Stale`, `BadText`, `OverByLaw`.
    """
    fitting(Shipment, tracking_number=tracking_number)
    wanted = {line: whole_units(quantity) for line, quantity in units}
    if len(wanted) < len(units) or not wanted:
        raise NotAllocated(_("Name each line once, and at least one."))
    products = OrderLine.objects.filter(order=order, pk__in=wanted).values_list("product", flat=True)
    lock_whole_orders(lock_products(products))
    fresh_order(order, seen_version=seen_version)
    lines = OrderLine.objects.filter(order=order).in_bulk()
    _check_shippable(order, lines, wanted)
    check_not_over(wanted, at=at)
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
    in_part = {lines[pk].product_id for pk, quantity in wanted.items() if quantity < lines[pk].open_quantity}
    impact = replan(in_part, change_set=change, at=at) if in_part else Impact(checked=len(wanted))
    return Done(change, impact, shipment)


@act
def confirm_delivery(
    shipment: Shipment,
    *,
    confirmed_by: str = Shipment.Confirmed.CARRIER,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[Shipment]:
    """Record that a parcel reached its customer, and who says so. Raises `AlreadyDelivered`, `NotShipped`.

    The customer is asked whether it did, unless it was they who said so.
    """
    if confirmed_by not in Shipment.Confirmed:
        raise NotShipped(
            _("%(confirmed_by)s cannot confirm that a parcel arrived."), confirmed_by=confirmed_by or _("Nobody")
        )
    if at < shipment.shipped_at:
        raise NotShipped(
            _("%(shipment)s left on %(left_at)s; it cannot have arrived before."),
            shipment=shipment,
            left_at=shipment.shipped_at,
        )
    fresh_order(shipment.order, seen_version=None)  # giving the parcel up waits for it, or it for that
    if Shipment.objects.filter(pk=shipment.pk, lost_at__isnull=False).exists():
        raise NotShipped(_("%(shipment)s was given up as lost. Undo that first."), shipment=shipment)
    source = Source.CUSTOMER if confirmed_by == Shipment.Confirmed.CUSTOMER else None
    change = open_change("confirm_delivery", source=source, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[shipment.order_id])
    undelivered = Shipment.objects.filter(pk=shipment.pk, delivered_at=None)
    known = confirmed_by == Shipment.Confirmed.CUSTOMER
    if not undelivered.update(delivered_at=at, delivery_confirmed_by=confirmed_by, is_arrival_announced=known):
        raise AlreadyDelivered(_("%(shipment)s was delivered before."), shipment=shipment)
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
    _check_returnable(shipment_line, quantity)
    order_id = shipment_line.shipment.order_id
    before = {"shipment_line": shipment_line.pk}
    change = open_change("return_to_stock", reason=a_reason(reason), before=before, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order_id])
    order_changed(order_id)
    ShipmentLine.objects.filter(pk=shipment_line.pk).update(returned=F("returned") + quantity)
    units = {(shipment_line.line.product_id, warehouse.pk): quantity}
    move(units, kind=StockMovement.Kind.RETURN, change_set=change, at=at)
    return Done(change, replan(products, change_set=change, at=at), shipment_line)


def preview_return(
    shipment_line: ShipmentLine, *, quantity: int, warehouse: Warehouse, at: datetime.datetime
) -> Impact:
    """Return whom the units serve if they come back. Raises `NotShipped`, `NotWholeUnits`."""
    whole_units(quantity)
    _check_returnable(shipment_line, quantity)
    product_id = shipment_line.line.product_id

    def returned(situation: Situation) -> None:
        situation.add_stock(product_id, warehouse, quantity)

    return preview([product_id], returned, at=at)


def _check_returnable(shipment_line: ShipmentLine, quantity: int) -> None:
    left = shipment_line.quantity - shipment_line.returned
    if quantity > left:
        raise NotShipped(
            _("Only %(left)s units of this parcel can still come back, not %(quantity)s."), left=left, quantity=quantity
        )


def _check_shippable(order: Order, lines: dict[int, OrderLine], wanted: dict[int, int]) -> None:
    for pk, quantity in wanted.items():
        line = lines.get(pk)
        if line is None or quantity > line.allocated:
            ready = line.allocated if line else 0
            raise NotAllocated(
                _("Only %(ready)s units of line %(pk)s of order %(order_number)s lie ready, not %(quantity)s."),
                ready=ready,
                pk=pk,
                order_number=order.number,
                quantity=quantity,
            )
    if order.is_ship_complete and any(line.open_quantity != wanted.get(pk, 0) for pk, line in lines.items()):
        raise ShipsComplete(
            _("Order %(order_number)s ships complete: everything open on it leaves in one parcel."),
            order_number=order.number,
        )


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
