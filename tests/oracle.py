"""A second opinion on the books, from rows alone: sums, nothing free while somebody waits, nobody served out of turn.

It knows nothing of the plan's own code; ranks are spelled out once more. Everything is read once.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator

from django.utils import timezone

from backorders.allocation.models import Allocation, Promise
from backorders.changes.models import ChangeSet
from backorders.orders.models import OrderLine, ShipmentLine
from backorders.supply.models import PurchaseLine, Receipt, StockLevel, StockMovement


class Opinion:
    """All rows that the books rest on, as they are."""

    def __init__(self, at: datetime.datetime) -> None:
        self.today = timezone.localtime(at, timezone.get_default_timezone()).date()
        self.lines = list(OrderLine.objects.select_related("order"))
        self.line = {line.pk: line for line in self.lines}
        self.levels = list(StockLevel.objects.all())
        self.purchases = list(PurchaseLine.objects.all())
        self.held = list(Allocation.objects.all())
        self.promises = {promise.pk: promise for promise in Promise.objects.all()}
        self.moved = list(StockMovement.objects.select_related("stock_level"))
        self.undone = set(ChangeSet.objects.exclude(undone_by=None).values_list("pk", flat=True))
        self.parcels = list(ShipmentLine.objects.select_related("shipment"))
        self.receipts = list(Receipt.objects.filter(change_set__undone_by=None))

    def order_lines(self) -> Iterator[str]:
        """An order line is its parts; what is said to be held is held."""
        on_hand = summed((held.line_id, held.quantity) for held in self.held if held.stock_level_id)
        pegged = summed((held.line_id, held.quantity) for held in self.held if held.purchase_line_id)
        for line in self.lines:
            if line.quantity != line.allocated + line.waiting + line.shipped + line.cancelled:
                yield f"line {line.pk}: its parts are not its quantity"
            if on_hand[line.pk] != line.allocated:
                yield f"line {line.pk}: {line.allocated} allocated, {on_hand[line.pk]} held"
            if line.is_held and on_hand[line.pk] + pegged[line.pk]:
                yield f"line {line.pk} is on hold and holds units"
            uncovered = self.promises[line.pk].uncovered if line.open_quantity and not line.is_held else 0
            if pegged[line.pk] + uncovered != (0 if line.is_held else line.waiting):
                yield f"line {line.pk}: {line.waiting} waiting, {pegged[line.pk]} pegged, {uncovered} uncovered"

    def stock(self) -> Iterator[str]:
        """What lies there is what was moved there, and nobody holds more of it or another product."""
        moved = summed((movement.stock_level_id, movement.quantity) for movement in self.moved)
        held = summed((held.stock_level_id, held.quantity) for held in self.held)
        for level in self.levels:
            if not level.on_hand == moved[level.pk] >= level.allocated == held[level.pk] >= 0:
                yield f"level {level.pk}: {level.on_hand} on hand, {moved[level.pk]} moved, {held[level.pk]} held"
        product = {("level", level.pk): level.product_id for level in self.levels}
        product |= {("purchase", line.pk): line.product_id for line in self.purchases}
        for held_row in self.held:
            supply = ("level", held_row.stock_level_id or 0)
            supply = supply if held_row.stock_level_id else ("purchase", held_row.purchase_line_id or 0)
            if product[supply] != self.line[held_row.line_id].product_id:
                yield f"{supply} is held by a line of another product"

    def coming(self) -> Iterator[str]:
        """Nobody counts on more than is outstanding; what was received has its receipts."""
        pegged = summed((held.purchase_line_id, held.quantity) for held in self.held)
        received = summed((each.purchase_line_id, each.quantity + each.damaged) for each in self.receipts)
        for line in self.purchases:
            if not pegged[line.pk] == line.pegged <= line.outstanding:
                yield f"purchase {line.pk}: {line.pegged} pegged, {pegged[line.pk]} held, {line.outstanding} to come"
            if received[line.pk] != line.received:
                yield f"purchase {line.pk}: {line.received} received, but its receipts are {received[line.pk]}"

    def conserved(self) -> Iterator[str]:
        """Units are conserved: what was shipped and did not come back has left the stock, be it lost on its way."""
        travelled = [m for m in self.moved if m.kind in ("shipment", "return") and m.change_set_id not in self.undone]
        left = summed((m.stock_level.product_id, -m.quantity) for m in travelled)
        gone = summed((self.line[p.line_id].product_id, p.quantity - p.returned) for p in self.parcels)
        sold = summed((line.product_id, line.shipped) for line in self.lines)
        sent = summed((self.line[p.line_id].product_id, p.quantity) for p in self.parcels if not p.shipment.lost_at)
        for product in gone | left:
            if gone[product] != left[product]:
                yield f"product {product}: {gone[product]} in parcels, {left[product]} left"
            if sold[product] != sent[product]:
                yield f"product {product}: {sold[product]} sold, {sent[product]} sent and not lost"

    def queues(self) -> Iterator[str]:
        """Nothing is free while somebody waits; nobody holds stock while somebody before it waits."""
        free = summed((level.product_id, level.on_hand - level.allocated) for level in self.levels)
        unpegged = summed((line.product_id, line.outstanding - line.pegged) for line in self.purchases)
        for product in {line.product_id for line in self.lines}:
            queue = self.queue(product)
            if free[product] and any(line.waiting for line in queue):
                yield f"product {product}: {free[product]} units lie free while somebody waits"
            if unpegged[product] and any(self.promises[line.pk].uncovered for line in queue):
                yield f"product {product}: {unpegged[product]} units to come are nobody's while somebody is uncovered"
            waits: OrderLine | None = None
            for line in queue:
                if waits and line.allocated:
                    yield f"line {line.pk} holds stock before line {waits.pk}"
                if line.waiting and not self.may_let_others_pass(line):
                    waits = waits or line

    def queue(self, product: int) -> list[OrderLine]:
        """The eligible open lines of a product, first come first."""
        day = self.today - datetime.timedelta(days=90)
        bound = datetime.datetime.combine(day, datetime.time(), tzinfo=datetime.UTC)
        queue = [line for line in self.lines if line.product_id == product and line.open_quantity and not line.is_held]
        queue.sort(key=lambda line: (-line.score, line.placed_at, line.pk))
        queue.sort(key=lambda line: line.overtaken >= 3 or line.placed_at < bound, reverse=True)
        queue.sort(key=lambda line: (line.promise_number is None, line.promise_number or 0))
        queue.sort(key=lambda line: line.is_expedited, reverse=True)
        return queue

    def may_let_others_pass(self, line: OrderLine) -> bool:
        return line.order.is_ship_complete and self.promises[line.pk].told_until is not None

    def said(self) -> Iterator[str]:
        """What is expected is the line's own window or its whole order's; where it was not announced a gap is open."""
        for line in self.lines:
            if not line.open_quantity:
                continue
            promise = self.promises[line.pk]
            if promise.uncovered and promise.own_until and not line.is_held:
                yield f"line {line.pk} has a date though {promise.uncovered} units are uncovered"
            same = (promise.expected_from, promise.expected_until) == (promise.announced_from, promise.announced_until)
            if promise.announced_at and (promise.gap_since is None) != same:
                yield f"line {line.pk}: expected is not announced and no gap is open, or one is for nothing"
            if not line.order.is_ship_complete and promise.expected_until != promise.own_until:
                yield f"line {line.pk}: expected is not its own window"


def objections(*, at: datetime.datetime) -> list[str]:
    """Everything that is not as it should be."""
    seen = Opinion(at)
    parts = (seen.order_lines, seen.stock, seen.coming, seen.conserved, seen.queues, seen.said)
    return [objection for part in parts for objection in part()]


def summed(pairs: Iterable[tuple[int | None, int]]) -> Counter[int | None]:
    """Sum up by the first of each pair."""
    sums: Counter[int | None] = Counter()
    for key, quantity in pairs:
        sums[key] += quantity
    return sums
