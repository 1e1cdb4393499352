"""All verbs in any order: whatever staff, suppliers and customers do, the books agree after every step."""

import datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backorders.actions import buying, clock, counting, etas, queueing, receiving, revising, selling, shipping, undoing
from backorders.actions.bookkeeping import check_books
from backorders.changes.models import ChangeSet
from backorders.orders.models import OrderLine, Shipment, ShipmentLine
from backorders.refusal import Refused
from backorders.supply.models import PurchaseLine
from tests.factories import AT, a_carrier, a_customer, a_product, a_purchase, a_warehouse, an_order, day
from tests.notifications.desk import tell
from tests.oracle import objections

pytestmark = pytest.mark.django_db


some = st.integers(0, 40)
orders = st.tuples(
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 6)), min_size=1, max_size=2),
    st.integers(0, 1),
    st.booleans(),
    st.booleans(),
)


class Undone(Exception):
    """Leaves the transaction of one example."""


def answer(ask: Any) -> Any:
    """What is answered: a result, or the name of the refusal."""
    try:
        with transaction.atomic():
            return ask()
    except Refused as refusal:
        return type(refusal)


class Desk(RuleBasedStateMachine):
    """A small shop: two products, two warehouses, and everybody who can do something to them."""

    at: datetime.datetime = AT

    @initialize(
        stock=st.integers(0, 12),
        policy=st.sampled_from(["allow", "inbound"]),
        orders=st.lists(orders, min_size=2, max_size=5),
        heard=st.booleans(),
    )
    def open_shop(self, stock: int, policy: str, orders: list[Any], heard: bool) -> None:
        self.block = transaction.atomic()
        self.block.__enter__()
        self.products = [a_product(stock=stock), a_product(backorder_policy=policy)]
        self.houses = [a_warehouse(), a_warehouse("SECOND", rank=2)]
        self.customers = [a_customer(tier=0), a_customer(tier=3)]
        self.carrier = a_carrier()
        a_purchase(self.products[0], 6, eta=12)
        a_purchase(self.products[1], 4, eta=None, where=self.houses[1])
        for order in orders:
            self.place(order)
        if heard:
            self.tell(60)

    def teardown(self) -> None:
        if hasattr(self, "block"):
            self.block.__exit__(Undone, Undone(), None)

    # -- picking something that exists

    def pick(self, rows: Any, index: int) -> Any:
        found = list(rows.order_by("id"))
        return found[index % len(found)] if found else None

    def attempt(self, act: Any, preview: Any = None) -> None:
        """Act; a refusal must leave nothing behind. What was previewed is what happens, be it a refusal."""
        changes = ChangeSet.objects.count()
        shown = answer(preview) if preview else None
        done = answer(act)
        if isinstance(done, type):
            assert ChangeSet.objects.count() == changes
        if preview:
            assert shown == (done if isinstance(done, type) else done.impact)

    # -- selling

    @rule(order=orders)
    def place(self, order: Any) -> None:
        lines, who, whole, paid = order
        wanted = [(self.products[i], n) for i, n in lines]
        fields = {"customer": self.customers[who], "carrier": self.carrier, "is_ship_complete": whole, "is_paid": paid}
        self.attempt(lambda: an_order(*wanted, at=self.at, **fields))

    @rule(which=some, quantity=st.none() | st.integers(0, 4))
    def cancel(self, which: int, quantity: int | None) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.attempt(
                lambda: selling.cancel_line(line, quantity=quantity, reason="x", by=None, at=self.at),
                lambda: selling.preview_cancel(line, quantity=quantity, at=self.at),
            )

    @rule(which=some)
    def cancel_order(self, which: int) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.attempt(lambda: selling.cancel_order(line.order, reason="x", by=None, at=self.at))

    @rule(which=some, quantity=st.integers(1, 9))
    def change_quantity(self, which: int, quantity: int) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.attempt(
                lambda: selling.change_quantity(line, quantity=quantity, reason="x", by=None, at=self.at),
                lambda: selling.preview_quantity(line, quantity=quantity, at=self.at),
            )

    @rule(which=some, verb=st.sampled_from(["expedite", "hold", "release"]))
    def rank(self, which: int, verb: str) -> None:
        if line := self.pick(OrderLine.objects, which):
            preview = getattr(queueing, f"preview_{verb}", None)
            shown = (lambda: preview(line, at=self.at)) if preview else None
            self.attempt(lambda: getattr(queueing, verb)(line, reason="x", by=None, at=self.at), shown)

    # -- buying

    @rule(product=st.integers(0, 1), house=st.integers(0, 1), n=st.integers(1, 8), eta=st.none() | st.integers(0, 40))
    def order_goods(self, product: int, house: int, n: int, eta: int | None) -> None:
        self.attempt(lambda: a_purchase(self.products[product], n, eta=eta, where=self.houses[house], at=self.at))

    @rule(
        which=some,
        eta=st.none() | st.integers(-2, 60),
        split=st.integers(0, 4),
        confidence=st.sampled_from(["confirmed", "estimate", "unconfirmed"]),
    )
    def revise(self, which: int, eta: int | None, split: int, confidence: str) -> None:
        if line := self.pick(PurchaseLine.objects, which):
            on = None if eta is None else day(eta)
            parts = [etas.EtaPart(on)]
            if 0 < split < line.outstanding:
                parts = [etas.EtaPart(on, quantity=line.outstanding - split), etas.EtaPart(day(61), quantity=split)]
            changes = [etas.EtaChange(line.pk, parts, confidence)]
            self.attempt(
                lambda: revising.revise_eta(changes, reason_code="other", by=None, at=self.at),
                lambda: revising.preview_eta(changes, at=self.at),
            )

    @rule(which=some)
    def close(self, which: int) -> None:
        if line := self.pick(PurchaseLine.objects, which):
            self.attempt(
                lambda: buying.close_purchase_line(line, reason="x", by=None, at=self.at),
                lambda: buying.preview_close(line, at=self.at),
            )

    @rule(which=some, eta=st.integers(0, 60))
    def change_past_the_verbs(self, which: int, eta: int) -> None:
        if line := self.pick(PurchaseLine.objects.outstanding(), which):
            PurchaseLine.objects.filter(pk=line.pk).update(eta_on=day(eta), eta_until=day(eta))
            clock.notice_outside_changes(at=self.at)

    # -- the warehouse

    @rule(which=some, n=st.integers(0, 5), over=st.integers(0, 2), damaged=st.integers(0, 2))
    def receive(self, which: int, n: int, over: int, damaged: int) -> None:
        if line := self.pick(PurchaseLine.objects, which):
            arrivals = [receiving.Arrival(line.pk, n, over, damaged)]
            self.attempt(
                lambda: receiving.receive(arrivals, by=None, at=self.at),
                lambda: receiving.preview_receive(arrivals, at=self.at),
            )

    @rule(which=some, n=st.integers(1, 4))
    def ship(self, which: int, n: int) -> None:
        if line := self.pick(OrderLine.objects, which):
            self.attempt(lambda: shipping.ship(line.order, units=[(line.pk, n)], by=None, at=self.at))

    @rule(which=some)
    def deliver(self, which: int) -> None:
        if parcel := self.pick(Shipment.objects, which):
            self.attempt(lambda: shipping.confirm_delivery(parcel, by=None, at=self.at))

    @rule(which=some, n=st.integers(1, 3), house=st.integers(0, 1))
    def take_back(self, which: int, n: int, house: int) -> None:
        if parcel := self.pick(ShipmentLine.objects, which):
            back = {"warehouse": self.houses[house], "reason": "x", "by": None, "at": self.at}
            self.attempt(lambda: shipping.return_to_stock(parcel, quantity=n, **back))

    @rule(product=st.integers(0, 1), house=st.integers(0, 1), counted=st.integers(0, 12))
    def count(self, product: int, house: int, counted: int) -> None:
        what = {"warehouse": self.houses[house], "counted": counted, "at": self.at}
        self.attempt(
            lambda: counting.adjust_stock(self.products[product], reason="x", by=None, **what),
            lambda: counting.preview_adjust(self.products[product], **what),
        )

    # -- time and second thoughts

    @rule(which=some)
    def undo(self, which: int) -> None:
        if change := self.pick(ChangeSet.objects, which):
            possible = undoing.objection_to_undo(change) == ""
            changes = ChangeSet.objects.count()
            self.attempt(lambda: undoing.undo(change, by=None, at=self.at))
            assert (ChangeSet.objects.count() > changes) == possible

    @rule(minutes=st.sampled_from([1, 60, 60 * 72]))
    def tell(self, minutes: int) -> None:
        """Announce and send what is due by then; the clock takes up what was told."""
        self.at += datetime.timedelta(minutes=minutes)
        clock.start_day(at=self.at)
        tell(self.at)
        clock.take_up_what_was_told(at=self.at)

    @rule(days=st.integers(1, 30))
    def sleep(self, days: int) -> None:
        self.at += datetime.timedelta(days=days)
        clock.start_day(at=self.at)

    # -- what always holds

    @precondition(lambda self: hasattr(self, "products"))
    @invariant()
    def the_books_agree(self) -> None:
        assert list(check_books(at=self.at)) == []
        assert objections(at=self.at) == []


def run(*, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_books_agree_whatever_happens() -> None:
    run(examples=15, steps=15)


@pytest.mark.faults
def test_the_books_agree_whatever_happens_for_long() -> None:
    run(examples=500, steps=50)
