"""The warehouse: receiving, shipping, returning and counting goods."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.access.table import CAPABILITIES
from backorders.actions.checking import NotOpen, a_reason, a_text, fitting, whole_units
from backorders.actions.done import Done
from backorders.actions.freshness import check_unchanged, fresh_level, fresh_order, order_changed
from backorders.actions.keys import known_act, same_content
from backorders.actions.seconding import Ask, for_units
from backorders.allocation.comparing import Comparison, compare_rules
from backorders.allocation.gaps import close_promises
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.models import Allocation
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Situation, read
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Source, Touch
from backorders.changes.recording import open_change, touch
from backorders.delays.caseload import check_not_over
from backorders.inbox.models import Notice
from backorders.inbox.posting import people_with, post
from backorders.orders.models import Carrier, Order, OrderLine, Shipment, ShipmentLine
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine, PurchaseOrder, Receipt, StockLevel, StockMovement, Warehouse

MOST_ON_HAND = 2_000_000_000  # what a column of whole numbers holds on every database


class MoreThanOutstanding(Refused):
    """More arrived than is outstanding; what is over must be said to be over."""


class NotAllocated(Refused):
    """Only units that lie allocated for a line can be shipped."""


class ShipsComplete(Refused):
    """The order leaves only when everything on it is ready."""


class TooMuchOnHand(Refused):
    """More units than can be kept on record for one product in one warehouse."""


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
    seen_version: int | None = None


@act
def receive(
    arrivals: Sequence[Arrival], *, key: str | None = None, by: AbstractBaseUser | None, at: datetime.datetime
) -> Done[list[Receipt]]:
    """Book what arrived and serve the queue in rank order. What is short stays outstanding; damaged units are no stock.

    Raises `MoreThanOutstanding`, `NotWholeUnits`, `NotOpen`, `KeyTaken`, `Stale` if a line changed since it was seen.
    """
    lines = _arrived_lines(arrivals)
    products = lock_products(line.product_id for line in lines.values())
    before = {"arrivals": [[*arrival[:4]] for arrival in arrivals]}
    if done := known_act("receive", key=key):
        same_content(is_same=done.before == before)
        return Done(done, Impact(), list(Receipt.objects.filter(change_set=done)))
    lines = _checked_arrivals(arrivals)
    check_unchanged(lines.values(), seen={arrival.purchase_line_id: arrival.seen_version for arrival in arrivals})
    change = open_change("receive", key=key, before=before, by=by, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=(line.purchase_order_id for line in lines.values()))
    _book(arrivals, lines, change, at)
    made = list(Receipt.objects.filter(change_set=change).order_by("id"))
    _ask_for_the_rest(short_of(lines.values(), today=business_day(at)), by=by, at=at)
    return Done(change, replan(products, change_set=change, at=at), made)


def short_of(lines: Iterable[PurchaseLine], *, today: datetime.date) -> list[PurchaseLine]:
    """Return the lines of which less came than was to come by today: their rest needs a date of its own."""
    return [line for line in lines if line.outstanding and (line.eta_until is None or line.eta_until <= today)]


def _ask_for_the_rest(short: Sequence[PurchaseLine], *, by: AbstractBaseUser | None, at: datetime.datetime) -> None:
    """Let those who buy find in their inbox whose rest has no date that can be believed; who books it may be one."""
    units = Counter[int]()
    for line in short:
        units[line.purchase_order_id] += line.outstanding
    buyers = people_with(CAPABILITIES["buying.revise_eta"].roles) if units else []
    orders = PurchaseOrder.objects.select_related("supplier").in_bulk(units)
    for pk, count in units.items():
        words = {"number": orders[pk].number, "supplier": orders[pk].supplier.name, "units": count}
        to = [buyer for buyer in buyers if by is None or buyer != by.pk]
        post(Notice.Kind.SHORT, to=to, key=f"short:{pk}", object_id=pk, words=words, at=at)


def preview_receive(arrivals: Sequence[Arrival], *, at: datetime.datetime) -> Impact:
    """Return who would be served and moved; raises the same refusals as `receive`."""
    lines = _checked_arrivals(arrivals)
    return preview((line.product_id for line in lines.values()), _arrived(arrivals, lines), at=at)


def compare_receive(arrivals: Sequence[Arrival], *, at: datetime.datetime) -> list[Comparison]:
    """Return what serving by other rules than ours would come to; raises the same refusals. Writes nothing."""
    lines = _checked_arrivals(arrivals)
    situation = read(line.product_id for line in lines.values())
    _arrived(arrivals, lines)(situation)
    return compare_rules(situation, today=business_day(at))


def _arrived(arrivals: Sequence[Arrival], lines: Mapping[int, PurchaseLine]) -> Callable[[Situation], None]:
    def arrived(situation: Situation) -> None:
        for arrival in arrivals:
            lot = situation.lots.get(arrival.purchase_line_id)
            if lot is not None:
                left = lot.outstanding - arrival.quantity - arrival.damaged
                situation.lots[lot.id] = lot._replace(outstanding=left)
            line = lines[arrival.purchase_line_id]
            situation.add_stock(line.product_id, line.warehouse, arrival.quantity + arrival.over)

    return arrived


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
    change = open_change("return_to_stock", reason=a_reason(reason), by=by, at=at)
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


@act
def adjust_stock(
    product: Product,
    *,
    warehouse: Warehouse,
    counted: int,
    reason: str,
    seen_on_hand: int | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[StockLevel]:
    """Set on hand to what was counted. Below what is allocated the lowest ranked lose first and return to their place.

    Raises `NotWholeUnits`, `NoReason`, `NotOpen` if the count changes nothing, `Stale` if on hand is not what was seen,
    `NeedsApproval` if it differs by more units than the limit.
    """
    whole_units(counted, least=0)
    lock_products([product.pk])
    level, _made = StockLevel.objects.get_or_create(product=product, warehouse=warehouse)
    fresh_level(level, seen_on_hand=seen_on_hand)
    difference = _difference(product, warehouse, on_hand=level.on_hand, counted=counted)
    given = {"product": product.pk, "warehouse": warehouse.pk, "counted": counted, "reason": reason}
    ask = Ask(
        "warehouse.adjust_stock", given | {"seen_on_hand": level.on_hand}, f"{level}: {level.on_hand} → {counted}"
    )
    for_units(abs(difference), ask, by=by, approved_by=approved_by)
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
        raise NotOpen(
            _("%(product_sku)s in %(warehouse_code)s is %(counted)s already."),
            product_sku=product.sku,
            warehouse_code=warehouse.code,
            counted=counted,
        )
    return counted - on_hand


def move(units: Mapping[tuple[int, int], int], *, kind: str, change_set: ChangeSet, at: datetime.datetime) -> None:
    """Book units, by (product, warehouse), into the stock of locked products (or, negative, out of it).

    The ledger and its counter are written at once; what is allocated never exceeds what is left. Raises
    `TooMuchOnHand`.
    """
    places = {place: n for place, n in units.items() if n}
    StockLevel.objects.bulk_create(
        (StockLevel(product_id=product, warehouse_id=warehouse) for product, warehouse in places), ignore_conflicts=True
    )
    levels = StockLevel.objects.filter(product__in={product for product, _ in places}).order_by("id")
    moved = [(level, places[place]) for level in levels if (place := (level.product_id, level.warehouse_id)) in places]
    for level, n in moved:
        if level.on_hand + n > MOST_ON_HAND:
            raise TooMuchOnHand(
                _("%(level)s would hold %(units)s units; at most %(most)s are kept on record."),
                level=level,
                units=level.on_hand + n,
                most=MOST_ON_HAND,
            )
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
        raise NotOpen(_("Name each purchase line once, and at least one that exists."))
    return lines


def _checked_arrivals(arrivals: Sequence[Arrival]) -> dict[int, PurchaseLine]:
    lines = _arrived_lines(arrivals)
    for arrival in arrivals:
        line = lines[arrival.purchase_line_id]
        a_text(arrival.note)
        units = [whole_units(n, least=0) for n in (arrival.quantity, arrival.over, arrival.damaged)]
        if not sum(units):
            raise NotOpen(_("%(line)s: nothing arrived; leave the line out."), line=line)
        if arrival.quantity + arrival.damaged > line.outstanding:
            over = arrival.quantity + arrival.damaged - line.outstanding
            raise MoreThanOutstanding(
                _(
                    "%(line)s: only %(line_outstanding)s are outstanding. Book the other %(over)s as "
                    "over-delivery or send them back."
                ),
                line=line,
                line_outstanding=line.outstanding,
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
