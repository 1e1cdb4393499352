"""Everybody at work at once: each thread does what comes to its mind, to whatever is there, until the time is up."""

import datetime
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from backorders.actions import buying, clock, etas, placing, queueing, revising, selling, shipping, undoing
from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet
from backorders.orders.models import Carrier, Customer, OrderLine, Shipment, ShipmentLine
from backorders.refusal import Busy, Refused
from backorders.supply.models import PurchaseLine
from tests.factories import AT, a_carrier, a_customer, a_product, a_purchase, a_warehouse, count, day, receive

SAID = {"reason": "x", "by": None, "at": AT}


@dataclass
class Shop:
    """A few products that everybody wants, with stock, and with more to come."""

    products: list[Product] = field(default_factory=lambda: [a_product(stock=20) for _ in range(4)])
    customers: list[Customer] = field(default_factory=lambda: [a_customer(tier=tier) for tier in (0, 3)])
    carrier: Carrier = field(default_factory=a_carrier)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.house = a_warehouse()
        for number, product in enumerate(self.products):
            a_purchase(product, 500, eta=10 + number)

    def worker(self, seed: int, *, seconds: float) -> Callable[[], None]:
        """Return a day's work for one thread; whatever is no refusal ends it."""

        def work() -> None:
            one = Worker(self, random.Random(seed), seed)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                one.do_something()

        return work


@dataclass
class Worker:
    """Somebody who acts by chance."""

    shop: Shop
    chance: random.Random
    number: int
    placed: int = 0

    def do_something(self) -> None:
        """Do one act; a refusal is an answer, but not that others were in the way."""
        verb = self.chance.choice(VERBS)
        try:
            is_done = verb(self)
        except Busy:
            raise
        except Refused:
            self.shop.refused[verb.__name__] += 1
        else:
            self.shop.done[verb.__name__] += is_done is not None

    def pick(self, rows: Any) -> Any:
        """One of these, mostly a late one; None if there is none."""
        found = list(rows.order_by("-id")[:30])
        return self.chance.choice(found) if found else None

    def place(self) -> Any:
        self.placed += 1
        wanted = self.chance.sample(self.shop.products, self.chance.randint(1, 3))
        new = placing.NewOrder(
            f"M{self.number}-{self.placed}",
            self.chance.choice(self.shop.customers),
            self.shop.carrier,
            [placing.NewLine(product, self.chance.randint(1, 4)) for product in wanted],
            is_ship_complete=self.chance.random() < 0.3,
            is_paid=self.chance.random() < 0.5,
        )
        return placing.place_order(new, by=None, at=AT + datetime.timedelta(minutes=self.chance.randint(0, 60)))

    def cancel(self) -> Any:
        line = self.pick(OrderLine.objects.open().select_related("order"))
        return line and selling.cancel_line(line, quantity=self.chance.choice([1, 2, None]), **SAID)

    def cancel_order(self) -> Any:
        line = self.pick(OrderLine.objects.open().select_related("order"))
        return line and selling.cancel_order(line.order, **SAID)

    def resize(self) -> Any:
        line = self.pick(OrderLine.objects.open().select_related("order"))
        return line and selling.change_quantity(line, quantity=self.chance.randint(1, 6), **SAID)

    def flag(self) -> Any:
        line = self.pick(OrderLine.objects.open().select_related("order"))
        return line and getattr(queueing, self.chance.choice(["expedite", "hold", "release"]))(line, **SAID)

    def order_goods(self) -> Any:
        return a_purchase(self.chance.choice(self.shop.products), self.chance.randint(1, 20), eta=20)

    def revise(self) -> Any:
        line = self.pick(PurchaseLine.objects.outstanding())
        if line is None:
            return None
        on = day(self.chance.randint(1, 60))
        parts = [etas.EtaPart(on)]
        if line.outstanding > 1 and self.chance.random() < 0.5:
            parts = [etas.EtaPart(on, quantity=1), etas.EtaPart(day(61), quantity=line.outstanding - 1)]
        seen = self.chance.choice([None, line.version])
        change = etas.EtaChange(line.pk, parts, seen_version=seen)
        return revising.revise_eta([change], reason_code="other", by=None, at=AT)

    def close(self) -> Any:
        line = self.pick(PurchaseLine.objects.outstanding().filter(quantity__lt=100))
        return line and buying.close_purchase_line(line, **SAID)

    def receive(self) -> Any:
        line = self.pick(PurchaseLine.objects.outstanding())
        return line and receive(line, self.chance.randint(0, 4), over=self.chance.randint(0, 1), damaged=1)

    def count(self) -> Any:
        count(self.chance.choice(self.shop.products), self.chance.randint(0, 30))
        return True

    def ship(self) -> Any:
        line = self.pick(OrderLine.objects.filter(allocated__gt=0).select_related("order"))
        return line and shipping.ship(line.order, units=[(line.pk, line.allocated)], by=None, at=AT)

    def deliver(self) -> Any:
        parcel = self.pick(Shipment.objects.all())
        return parcel and shipping.confirm_delivery(parcel, by=None, at=AT)

    def take_back(self) -> Any:
        parcel = self.pick(ShipmentLine.objects.all())
        return parcel and shipping.return_to_stock(parcel, quantity=1, warehouse=self.shop.house, **SAID)

    def undo(self) -> Any:
        change = self.pick(ChangeSet.objects.exclude(act__in=["place_order", "order_goods"]))
        return change and undoing.undo(change, by=None, at=AT)

    def start_day(self) -> Any:
        clock.start_day_of(self.chance.choice(self.shop.products).pk, at=AT)
        return True


VERBS = [
    Worker.place,
    Worker.place,
    Worker.cancel,
    Worker.cancel_order,
    Worker.resize,
    Worker.flag,
    Worker.order_goods,
    Worker.revise,
    Worker.close,
    Worker.receive,
    Worker.count,
    Worker.ship,
    Worker.ship,
    Worker.deliver,
    Worker.take_back,
    Worker.undo,
    Worker.start_day,
]
