"""A small shop for the state machine: what it has, how something in it is picked, and how an act is tried."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from backorders.allocation.impact import Impact
from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet
from backorders.orders.models import Carrier, Customer, Order
from backorders.refusal import Refused
from backorders.supply.models import Warehouse
from tests.factories import AT, an_order

some = st.integers(0, 40)
orders = st.tuples(
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 6)), min_size=1, max_size=2),
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
)


class Undone(Exception):
    """Leaves the transaction of one example."""


def answer(ask: Callable[[], Any]) -> Any:
    """What is answered: a result, or the name of the refusal."""
    try:
        with transaction.atomic():
            return ask()
    except Refused as refusal:
        return type(refusal)


def of_known(impact: Impact, known: set[int]) -> Impact:
    """What an act did to the lines that were there before: a preview cannot name those that it makes."""
    return Impact(
        [each for each in impact.moves if each.line_id in known],
        [each for each in impact.served if each.line_id in known],
        impact.checked,
        impact.uncovered,
        [each for each in impact.lost if each.line_id in known],
    )


class Shop(RuleBasedStateMachine):
    """Two products that replace each other, two warehouses, and customers under several laws."""

    at: datetime.datetime = AT
    products: list[Product]
    houses: list[Warehouse]
    customers: list[Customer]
    carrier: Carrier
    somebody: Any
    paid: dict[str, Decimal]  # by the number of an order, as it was placed

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

    def place_order(self, order: Any) -> None:
        lines, who, whole, paid = order
        wanted = [(self.products[i], n) for i, n in lines]
        fields = {"customer": self.customers[who], "carrier": self.carrier, "is_ship_complete": whole, "is_paid": paid}
        known = list(Order.objects.values_list("pk", flat=True))
        self.attempt(lambda: an_order(*wanted, at=self.at, **fields))
        for made in Order.objects.exclude(pk__in=known).filter(is_paid=True):
            self.paid[made.number] = sum((line.price * line.quantity for line in made.lines.all()), Decimal(0))
