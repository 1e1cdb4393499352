"""All verbs in any order: whatever staff, suppliers and customers do, the books agree after every step."""

import datetime
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from backorders.access.table import SERVICE
from backorders.actions import clock, deadlines, undoing
from backorders.actions.bookkeeping import check_books
from backorders.catalog.models import Substitute
from backorders.changes.models import ChangeSet
from backorders.notifications.models import Message, MessageLine
from backorders.orders.models import Refund
from tests.actions.machine.choices import Choosing
from tests.actions.machine.mails import Mailing
from tests.actions.machine.sales import Sales
from tests.actions.machine.shop import Undone, answer, orders, some
from tests.actions.machine.supplies import Buying, Warehousing
from tests.compensation.policies import a_policy
from tests.factories import a_carrier, a_customer, a_product, a_purchase, a_supplier, a_user, a_warehouse
from tests.notifications.desk import announce, tell
from tests.oracle import objections

pytestmark = pytest.mark.django_db


class Desk(Sales, Buying, Warehousing, Choosing, Mailing):
    """The shop, everybody who can do something to it, time and second thoughts."""

    @initialize(
        stock=st.integers(0, 12),
        policy=st.sampled_from(["allow", "inbound"]),
        orders=st.lists(orders, min_size=2, max_size=5),
        heard=st.booleans(),
    )
    def open_shop(self, stock: int, policy: str, orders: list[Any], heard: bool) -> None:
        self.block = transaction.atomic()
        self.block.__enter__()
        self.paid = {}
        self.products = [a_product(stock=stock), a_product(backorder_policy=policy)]
        for one, other in (self.products, reversed(self.products)):
            Substitute.objects.create(product=one, substitute=other)
        self.houses = [a_warehouse(), a_warehouse("SECOND", rank=2)]
        self.customers = [a_customer(tier=0), a_customer(tier=3, jurisdiction="US"), a_customer(jurisdiction="DE")]
        self.carrier = a_carrier()
        self.somebody = a_user(SERVICE)
        a_supplier(email="contoso@example.com")
        a_policy(days=3)
        a_policy("Long", trigger="wait", days=20)
        a_purchase(self.products[0], 6, eta=12)
        a_purchase(self.products[1], 4, eta=None, where=self.houses[1])
        for order in orders:
            self.place_order(order)
        if heard:
            self.tell(60)

    def teardown(self) -> None:
        if hasattr(self, "block"):
            self.block.__exit__(Undone, Undone(), None)

    @rule(which=some, is_by_line=st.booleans())
    def undo(self, which: int, is_by_line: bool) -> None:
        if change := self.pick(ChangeSet.objects, which):
            possible = undoing.objection_to_undo(change) == ""
            if is_by_line and undoing.changed_since(change):
                shown = answer(lambda: undoing.preview_revert(change, at=self.at))
                done = answer(lambda: undoing.revert(change, by=None, at=self.at))
                assert shown == (done if isinstance(done, type) else done.impact)
                return
            changes = ChangeSet.objects.count()
            self.attempt(lambda: undoing.undo(change, by=None, at=self.at))
            assert (ChangeSet.objects.count() > changes) == possible

    @rule(minutes=st.sampled_from([1, 60, 60 * 72]))
    def tell(self, minutes: int) -> None:
        """Announce and send what is due by then, and nothing of it twice; the clock takes up what was told."""
        self.at += datetime.timedelta(minutes=minutes)
        clock.start_day(at=self.at)
        deadlines.keep(at=self.at)
        tell(self.at)
        clock.take_up_what_was_told(at=self.at)
        deadlines.keep(at=self.at)

    @rule()
    def tell_again(self) -> None:
        """Who was just told hears nothing of it again; a notice of the law may follow a confirmation that came late."""
        told = said(tell(self.at))
        clock.take_up_what_was_told(at=self.at)
        assert told.isdisjoint(said(announce(self.at)))

    @rule(days=st.integers(1, 30), is_kept=st.booleans())
    def sleep(self, days: int, is_kept: bool) -> None:
        """Days pass; the law's clock comes round at once, or later."""
        self.at += datetime.timedelta(days=days)
        clock.start_day(at=self.at)
        if is_kept:
            deadlines.keep(at=self.at)

    @precondition(lambda self: hasattr(self, "products"))
    @invariant()
    def time_passes(self) -> None:
        """No two things happen at one instant."""
        self.at += datetime.timedelta(seconds=1)

    @precondition(lambda self: hasattr(self, "products"))
    @invariant()
    def the_books_agree(self) -> None:
        assert list(check_books(at=self.at)) == []
        assert objections(at=self.at) == []

    @precondition(lambda self: hasattr(self, "products"))
    @invariant()
    def never_more_goes_back_than_was_paid(self) -> None:
        """An order that was split is one with its parts: what was paid is what was placed."""
        owed = Refund.objects.values_list("cancellation__line__order__number", "amount")
        back: defaultdict[str, Decimal] = defaultdict(Decimal)
        for number, amount in owed:
            back["-".join(number.split("-")[:2])] += amount
        assert all(amount <= self.paid[number] for number, amount in back.items())


def said(messages: list[Message]) -> set[tuple[str, int]]:
    """What was said of which lines."""
    lines = MessageLine.objects.filter(message__in=messages, line__isnull=False)
    return set(lines.values_list("message__kind", "line"))


def run(*, examples: int, steps: int, part: int = 0) -> None:
    """Draw other examples every time; in CI the same ones, so that what failed there fails again."""
    run_state_machine_as_test(
        seed(part)(Desk) if settings.default.derandomize else Desk,
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
@pytest.mark.parametrize("part", range(4))
def test_the_books_agree_whatever_happens_for_long(part: int) -> None:
    """500 examples, in four parts, so that two processes share them."""
    run(examples=125, steps=50, part=part)
