"""A second opinion on the books, from rows alone: sums, nothing free while somebody waits, nobody served out of turn.

It knows nothing of the plan's own code; ranks are spelled out once more.
"""

import datetime
from collections import Counter
from collections.abc import Iterator

from django.utils import timezone

from backorders.allocation.models import Allocation, Promise
from backorders.catalog.models import Product
from backorders.orders.models import OrderLine, ShipmentLine
from backorders.supply.models import PurchaseLine, Receipt, StockLevel, StockMovement


def objections(*, at: datetime.datetime) -> list[str]:
    """Everything that is not as it should be."""
    return [*_lines(), *_levels(), *_purchases(), *_units(), *_queues(at), *_promises()]


def _held() -> tuple[Counter[int], Counter[int]]:
    """Units held by each line: on hand, pegged."""
    on_hand, pegged = Counter[int](), Counter[int]()
    for held in Allocation.objects.all():
        (on_hand if held.stock_level_id else pegged)[held.line_id] += held.quantity
    return on_hand, pegged


def _lines() -> Iterator[str]:
    on_hand, pegged = _held()
    for line in OrderLine.objects.all():
        if line.quantity != line.allocated + line.waiting + line.shipped + line.cancelled:
            yield f"{line}: its parts are not its quantity"
        if on_hand[line.pk] != line.allocated:
            yield f"{line}: {line.allocated} allocated, {on_hand[line.pk]} held"
        if pegged[line.pk] > line.waiting:
            yield f"{line}: {pegged[line.pk]} pegged, {line.waiting} waiting"
        if line.is_held and on_hand[line.pk] + pegged[line.pk]:
            yield f"{line} is on hold and holds units"
        if line.open_quantity and not line.is_held:
            uncovered = Promise.objects.get(line=line).uncovered
            if pegged[line.pk] + uncovered != line.waiting:
                yield f"{line}: {line.waiting} waiting, {pegged[line.pk]} pegged, {uncovered} uncovered"


def _levels() -> Iterator[str]:
    for level in StockLevel.objects.all():
        moved = sum(StockMovement.objects.filter(stock_level=level).values_list("quantity", flat=True))
        held = sum(Allocation.objects.filter(stock_level=level).values_list("quantity", flat=True))
        if not level.on_hand == moved >= level.allocated == held >= 0:
            yield f"{level}: {level.on_hand} on hand, {moved} moved, {level.allocated} allocated, {held} held"
        if Allocation.objects.filter(stock_level=level).exclude(line__product=level.product_id).exists():
            yield f"{level} is held by a line of another product"


def _purchases() -> Iterator[str]:
    for line in PurchaseLine.objects.all():
        pegged = sum(Allocation.objects.filter(purchase_line=line).values_list("quantity", flat=True))
        if not pegged == line.pegged <= line.outstanding:
            yield f"{line}: {line.pegged} pegged, {pegged} held, {line.outstanding} outstanding"
        standing = Receipt.objects.filter(purchase_line=line, change_set__undone_by=None)
        received = sum(receipt.quantity + receipt.damaged for receipt in standing)
        if received != line.received:
            yield f"{line}: {line.received} received, but its receipts are {received}"


def _units() -> Iterator[str]:
    """Units are conserved: what came in and did not leave lies there."""
    for product in Product.objects.all():
        shipped = sum(line.quantity - line.returned for line in ShipmentLine.objects.filter(line__product=product))
        sold = sum(OrderLine.objects.filter(product=product).values_list("shipped", flat=True))
        returned = sum(ShipmentLine.objects.filter(line__product=product).values_list("returned", flat=True))
        moved = StockMovement.objects.filter(stock_level__product=product)
        left = -sum(moved.filter(kind__in=["shipment", "return"]).values_list("quantity", flat=True))
        if not shipped == sold - returned == left:
            yield f"{product}: {sold} sold, {returned} returned, {left} left"


def _queues(at: datetime.datetime) -> Iterator[str]:
    for product in Product.objects.all():
        queue = _queue(product, at)
        free = sum(level.on_hand - level.allocated for level in StockLevel.objects.filter(product=product))
        waiting = [line for line in queue if line.waiting]
        if free and waiting:
            yield f"{product}: {free} units lie free while {waiting[0]} waits"
        for number, line in enumerate(queue):
            if line.waiting and not _lets_others_pass(line):
                for below in queue[number + 1 :]:
                    if below.allocated:
                        yield f"{below} holds stock before {line}"
        undone = [line for line in queue if Promise.objects.get(line=line).uncovered]
        unpegged = sum(line.outstanding - line.pegged for line in PurchaseLine.objects.filter(product=product))
        if undone and unpegged:
            yield f"{product}: {unpegged} units to come are nobody's while {undone[0]} is uncovered"


def _lets_others_pass(line: OrderLine) -> bool:
    return line.order.is_ship_complete and line.promise.told_until is not None


def _queue(product: Product, at: datetime.datetime) -> list[OrderLine]:
    """The eligible open lines of a product, first come first."""
    today = timezone.localtime(at, timezone.get_default_timezone()).date()
    bound = datetime.datetime.combine(today - datetime.timedelta(days=90), datetime.time(), tzinfo=datetime.UTC)
    lines = OrderLine.objects.filter(product=product, is_held=False).select_related("order", "promise")
    queue = [line for line in lines if line.open_quantity]
    queue.sort(key=lambda line: (-line.score, line.placed_at, line.pk))
    queue.sort(key=lambda line: line.overtaken >= 3 or line.placed_at < bound, reverse=True)
    queue.sort(key=lambda line: (line.promise_number is None, line.promise_number or 0))
    queue.sort(key=lambda line: line.is_expedited, reverse=True)
    return queue


def _promises() -> Iterator[str]:
    for line in OrderLine.objects.select_related("promise", "order"):
        if not line.open_quantity:
            continue
        promise = line.promise
        if promise.uncovered and promise.own_until:
            yield f"{line} has a date though {promise.uncovered} units are uncovered"
        same = (promise.expected_from, promise.expected_until) == (promise.announced_from, promise.announced_until)
        if promise.announced_at and (promise.gap_since is None) != same:
            yield f"{line}: what is expected and what was announced differ, or the gap is open for nothing"
        if not line.order.is_ship_complete and promise.expected_until != promise.own_until:
            yield f"{line}: expected is not its own window"
