"""Bringing it in: step by step, each step one transaction that is done once, so that a killed import goes on.

What is recorded as it happened: orders, lines, splits into backorders, picks (as parcels), purchase orders, receipts,
adjustments. What is decided here, and why, stands in docs/data.md.
"""

import datetime
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F

from backorders import rows
from backorders.actions import clock
from backorders.allocation.models import Promise
from backorders.allocation.ranking import score
from backorders.allocation.replanning import replan
from backorders.backoffice.wwi.folder import Folder, Head, Line, Purchase
from backorders.backoffice.wwi.ledger import write_ledger
from backorders.backoffice.wwi.masters import CARRIER, HOUSE, bring_masters
from backorders.backoffice.wwi.reading import ZONE
from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet, Source
from backorders.changes.recording import done_before, open_change
from backorders.orders.models import Carrier, Customer, Order, OrderLine, Shipment, ShipmentLine
from backorders.refusal import Refused
from backorders.supply.models import (
    Confidence,
    EtaRevision,
    PurchaseLine,
    PurchaseOrder,
    Receipt,
    StockLevel,
    StockMovement,
    Supplier,
    Warehouse,
)

ORDERS_AT_ONCE = 1000
PURCHASES_AT_ONCE = 2000
COUNTED = (Customer, Order, OrderLine, Promise, PurchaseLine, Shipment, ShipmentLine, StockMovement)
SHOP = "wwi"
ACT = "import_wwi"
EVENING = datetime.time(18)  # late enough for the last pick, early enough to be the same date in the business's zone


class WrongDatabase(Refused):
    """The database holds something else already: other goods, or an import of another day or of other files."""


class Import:
    """The import of one folder as of the end of a day. `steps` yields what was just done, of `length` in all."""

    def __init__(self, path: Path, *, as_of: datetime.date) -> None:
        self.path = path
        self.as_of = as_of
        self.at = datetime.datetime.combine(as_of, EVENING, tzinfo=ZONE)
        self.length = 0

    def steps(self) -> Iterator[str]:
        """Do every step that was not done before.

        Raises `BrokenFile` or `WrongDatabase` before the first row is written.
        """
        self.folder = Folder(self.path, as_of=self.as_of)
        self._check_database()
        self.short = {line.item for lines in self.folder.lines.values() for line in lines if not self._is_picked(line)}
        self.length = self._length()
        yield from self._once("masters", self._masters)
        self._know()
        for number, bought in enumerate(rows.batches(self.folder.purchases, PURCHASES_AT_ONCE)):
            yield from self._once(f"purchases {number}", self._purchases, bought)
        for number, heads in enumerate(rows.batches(self.folder.heads, ORDERS_AT_ONCE)):
            lines = [line for head in heads for line in self.folder.lines.pop(head.id, ())]
            yield from self._once(f"orders {number}", self._orders, heads, lines)
            if not number:
                rows.count_anew(*COUNTED)
        yield from self._once("stock", self._stock)
        for product_id in OrderLine.objects.open().order_by("product").values_list("product", flat=True).distinct():
            yield from self._once(f"plan {product_id}", self._plan, product_id)
        rows.count_anew(*COUNTED)

    def _length(self) -> int:
        """How many steps there are."""
        chunks = math.ceil(len(self.folder.purchases) / PURCHASES_AT_ONCE)
        return 2 + chunks + math.ceil(len(self.folder.heads) / ORDERS_AT_ONCE) + len(self.short)

    def _check_database(self) -> None:
        self.identity = {"as_of": self.as_of.isoformat(), "files": self.folder.fingerprint()}
        first = ChangeSet.objects.filter(act=ACT).order_by("id").first()
        if first is None and Product.objects.exists():
            raise WrongDatabase(
                "There are products here already: bring Wide World Importers into a database of its own."
            )
        if first is not None and first.summary != self.identity:
            raise WrongDatabase(
                f"An import as of {first.summary.get('as_of')} was begun here with other files or for another day: "
                "go on with the same ones, or bring these into a database of their own."
            )

    def _once(self, step: str, work: Callable[..., None], *args: Any) -> Iterator[str]:
        key = f"wwi {self.as_of} {step}"
        with transaction.atomic():
            if not done_before(key):
                change = open_change(
                    ACT, key=key, source=Source.IMPORT, reason=step, summary=self.identity, by=None, at=self.at
                )
                work(change, *args)
        yield step

    def _masters(self, change: ChangeSet) -> None:
        bring_masters(self.folder)

    def _know(self) -> None:
        """Read back which of our rows stand for which of theirs."""
        skus = dict(Product.objects.values_list("sku", "id"))
        references = dict(Customer.objects.values_list("external_id", "id"))
        names = dict(Supplier.objects.values_list("name", "id"))
        self.products = {pk: skus[f"WWI-{pk:03d}"] for pk in self.folder.items}
        self.customers = {pk: references[f"wwi-{pk}"] for pk in self.folder.customers}
        self.suppliers = {supplier.id: names[supplier.name] for supplier in self.folder.suppliers.values()}
        self.house = Warehouse.objects.get(code=HOUSE)
        self.carrier = Carrier.objects.get(name=CARRIER)

    # -- supply

    def _purchases(self, change: ChangeSet, lines: Sequence[Purchase]) -> None:
        wanted = {line.order: self.folder.bought[line.order] for line in lines}
        PurchaseOrder.objects.bulk_create(
            (
                PurchaseOrder(
                    number=f"WWI-{head.id}", supplier_id=self.suppliers[head.supplier], ordered_on=head.ordered_on
                )
                for head in wanted.values()
            ),
            ignore_conflicts=True,  # an order's lines may be spread over two chunks
        )
        numbers = [f"WWI-{pk}" for pk in wanted]
        orders = dict(PurchaseOrder.objects.filter(number__in=numbers).values_list("number", "id"))
        made = PurchaseLine.objects.bulk_create(
            [self._purchase_line(line, orders[f"WWI-{line.order}"]) for line in lines]
        )
        rows.insert(
            EtaRevision,
            _REVISION,
            [
                (
                    *(new.pk, change.pk, _start_of(wanted[line.order].ordered_on), new.eta_on, new.eta_until),
                    *(Confidence.UNCONFIRMED.value, str(new.confidence), "confirmation", "", "import"),
                )
                for new, line in zip(made, lines, strict=True)
            ],
        )
        rows.insert(
            Receipt,
            "purchase_line change_set at on quantity late_days over damaged note".split(),
            [
                (
                    new.pk,
                    change.pk,
                    _start_of(on),
                    on,
                    new.quantity,
                    new.eta_until and (on - new.eta_until).days,
                    0,
                    0,
                    "",
                )
                for new, line in zip(made, lines, strict=True)
                if new.received and (on := line.received_on)
            ],
        )

    def _purchase_line(self, line: Purchase, order_id: int) -> PurchaseLine:
        is_received = line.received_on is not None and line.received_on <= self.as_of
        eta = self.folder.bought[line.order].expected_on
        # Hundreds of receipts did not make these items' lines pickable, so one more order of them dates nobody.
        is_believed = is_received or line.item not in self.short
        return PurchaseLine(
            purchase_order_id=order_id,
            product_id=self.products[line.item],
            warehouse=self.house,
            quantity=line.quantity,
            received=line.quantity if is_received else 0,
            eta_on=eta,
            eta_until=eta,
            first_eta_on=eta,
            confidence=Confidence.ESTIMATE if is_believed else Confidence.UNCONFIRMED,
        )

    # -- orders

    def _orders(self, change: ChangeSet, heads: Sequence[Head], lines: Sequence[Line]) -> None:
        made = Order.objects.bulk_create(
            [
                Order(
                    number=f"WWI-{head.id}",
                    shop=SHOP,
                    external_id=str(head.id),
                    customer_id=self.customers[head.customer],
                    carrier=self.carrier,
                    placed_at=_start_of(head.ordered_on),
                    currency="USD",
                    is_confirmed=True,
                )
                for head in heads
            ]
        )
        orders = {head.id: (order, head) for head, order in zip(heads, made, strict=True)}
        written = OrderLine.objects.bulk_create([self._line(line, *orders[line.root]) for line in lines])
        self._picks(change, list(zip(lines, written, strict=True)))
        rows.insert(
            Promise,
            "line product customer is_open score version changed_at is_estimate uncovered".split(),
            [
                (
                    *(line.pk, line.product_id, line.order.customer_id, line.waiting > 0, line.score, 1),
                    *(line.placed_at, False, line.waiting),
                )
                for line in written
            ],
        )

    def _line(self, line: Line, order: Order, head: Head) -> OrderLine:
        shipped = line.quantity if self._is_picked(line) else 0
        return OrderLine(
            order=order,
            product_id=self.products[line.item],
            quantity=line.quantity,
            shipped=shipped,
            waiting=line.quantity - shipped,
            price=line.price,
            placed_at=order.placed_at,
            cause=OrderLine.Cause.SUPPLY if line.is_backordered else "",
            first_from=head.expected_on,
            first_until=head.expected_on,
            score=score(tier=0, value=line.quantity * line.price, placed_on=head.ordered_on),
        )

    def _picks(self, change: ChangeSet, pairs: Sequence[tuple[Line, OrderLine]]) -> None:
        """One parcel for each moment at which lines of an order were picked: WWI picks once a day."""
        picked = [
            (line, written, line.picked_at)
            for line, written in pairs
            if line.picked_at is not None and self._is_picked(line)
        ]
        parcels = {(written.order_id, at): written.order for _, written, at in picked}
        shipments = Shipment.objects.bulk_create(
            [
                Shipment(order=order, carrier=self.carrier, change_set=change, shipped_at=at, is_announced=True)
                for (_, at), order in parcels.items()
            ]
        )
        made = dict(zip(parcels, shipments, strict=True))
        rows.insert(
            ShipmentLine,
            ["shipment", "line", "quantity", "returned"],
            [(made[written.order_id, at].pk, written.pk, line.quantity, 0) for line, written, at in picked],
        )

    def _is_picked(self, line: Line) -> bool:
        return line.picked_at is not None and line.picked_at.date() <= self.as_of

    # -- stock and the plan

    def _stock(self, change: ChangeSet) -> None:
        levels = dict(StockLevel.objects.filter(warehouse=self.house).values_list("product", "id"))
        rows.insert(
            StockMovement,
            "stock_level change_set kind quantity at note".split(),
            [
                (levels[self.products[item]], change.pk, StockMovement.Kind.COUNT.value, quantity, at, "adjustment")
                for item, at, quantity in self.folder.adjustments
            ],
        )
        write_ledger(change.pk, at=self.at)
        clock.learn_lateness()

    def _plan(self, change: ChangeSet, product_id: int) -> None:
        """Plan what is open. History is not mailed: from this evening on what is expected counts as told."""
        replan([product_id], change_set=change, at=self.at)
        known = {f"{said}_{end}": F(f"expected_{end}") for said in ("announced", "told") for end in ("from", "until")}
        waiting = Promise.objects.filter(product=product_id, line__waiting__gt=0)
        waiting.update(announced_at=self.at, told_at=self.at, gap_since=None, **known)


_REVISION = [
    *("purchase_line", "change_set", "at", "new_on", "new_until"),
    *("old_confidence", "new_confidence", "reason_code", "note", "source"),
]


def _start_of(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.min, tzinfo=ZONE)
