"""Undo: every act that can be taken back leaves the books as they were; what cannot says why."""

from collections.abc import Callable
from typing import Any

import pytest

from backorders.actions import buying, counting, etas, queueing, reallocating, revising, selling, shipping, undoing
from backorders.allocation.books import differences
from backorders.allocation.models import Promise
from backorders.changes.models import ChangeSet
from backorders.compensation.models import Award
from backorders.notifications.models import LaterWord
from backorders.orders.models import Cancellation, OrderLine, Refund
from backorders.supply.models import EtaRevision, PurchaseLine, StockLevel
from tests.compensation.policies import a_policy
from tests.factories import AT, a_line, a_product, a_purchase, a_warehouse, an_order, day, receive, revise, state

pytestmark = pytest.mark.django_db

ACTS: dict[str, Callable[[OrderLine, PurchaseLine], Any]] = {
    "expedite": lambda line, _: queueing.expedite(line, reason="x", by=None, at=AT),
    "reallocate": lambda line, _: reallocating.reallocate(
        line, before=line.product.order_lines.order_by("id")[0], reason="x", by=None, at=AT
    ),
    "hold": lambda line, _: queueing.hold(line, reason="x", by=None, at=AT),
    "more": lambda line, _: selling.change_quantity(line, quantity=9, reason="x", by=None, at=AT),
    "less": lambda line, _: selling.change_quantity(line, quantity=1, reason="x", by=None, at=AT),
    "cancel part": lambda line, _: selling.cancel_line(line, quantity=1, reason="x", by=None, at=AT),
    "cancel order": lambda line, _: selling.cancel_order(line.order, reason="x", by=None, at=AT),
    "eta": lambda _, purchase: revise(purchase, (40, None)),
    "no date": lambda _, purchase: revise(purchase, (None, None)),
    "split": lambda _, purchase: revise(purchase, (12, 2), (40, 6)),
    "close": lambda _, purchase: buying.close_purchase_line(purchase, reason="x", by=None, at=AT),
    "receive": lambda _, purchase: receive(purchase, 5, damaged=1),
    "count": lambda line, _: counting.adjust_stock(
        line.product, warehouse=a_warehouse(), counted=1, reason="x", by=None, at=AT
    ),
}


def picture() -> list[Any]:
    """Everything an undo must bring back."""
    return [
        list(OrderLine.objects.order_by("id").values_list("allocated", "waiting", "shipped", "cancelled", "is_held")),
        list(Promise.objects.order_by("line").values_list("expected_from", "expected_until", "uncovered")),
        list(StockLevel.objects.order_by("id").values_list("on_hand", "allocated")),
        sorted(
            (str(line.eta_on), str(line.eta_until), line.confidence, line.outstanding, line.pegged)
            for line in PurchaseLine.objects.outstanding()
        ),
    ]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_an_undone_act_leaves_no_trace_in_the_plan(act: Callable[[OrderLine, PurchaseLine], Any]) -> None:
    product = a_product(stock=4)
    purchase = a_purchase(product, 8)
    a_line(product, 3)
    line = a_line(product, 4)
    a_line(product, 3)
    before = picture()
    change = act(line, purchase).change_set
    assert picture() != before
    assert undoing.objection_to_undo(change) == ""
    undoing.undo(change, by=None, at=AT)
    assert picture() == before
    assert list(differences(at=AT)) == []
    with pytest.raises(undoing.NotUndoable, match="undone before"):
        undoing.undo(change, by=None, at=AT)


def test_an_undone_cancellation_owes_nothing() -> None:
    order = an_order((a_product(), 2), is_paid=True)
    change = selling.cancel_order(order, reason="x", by=None, at=AT).change_set
    assert Refund.objects.count() == 1
    undoing.undo(change, by=None, at=AT)
    assert not Refund.objects.exists()
    assert not Cancellation.objects.exists()


def test_what_the_customer_was_told_or_was_paid_is_not_undone() -> None:
    order = an_order((a_product(), 2), is_paid=True)
    change = selling.cancel_order(order, reason="x", by=None, at=AT).change_set
    Cancellation.objects.update(is_announced=True)
    with pytest.raises(undoing.NotUndoable, match="already told"):
        undoing.undo(change, by=None, at=AT)
    Cancellation.objects.update(is_announced=False)
    Refund.objects.update(paid_at=AT)
    with pytest.raises(undoing.NotUndoable, match="already paid"):
        undoing.undo(change, by=None, at=AT)
    assert state(order.lines.get()) == (0, 0, 0, 2)


def test_shipped_units_cannot_be_unreceived() -> None:
    product = a_product()
    purchase = a_purchase(product, 5)
    line = a_line(product, 5)
    change = receive(purchase, 5).change_set
    shipping.ship(line.order, units=[(line.pk, 3)], by=None, at=AT)
    with pytest.raises(undoing.NotUndoable, match="already shipped"):
        undoing.undo(change, by=None, at=AT)


def test_a_receipt_of_nothing_but_damage_can_be_undone() -> None:
    purchase = a_purchase(a_product(), 5)
    undoing.undo(receive(purchase, 0, damaged=2).change_set, by=None, at=AT)
    purchase.refresh_from_db()
    assert purchase.outstanding == 5
    assert list(differences(at=AT)) == []


def test_a_newer_change_of_the_same_thing_stands() -> None:
    product = a_product()
    purchase = a_purchase(product, 5)
    first = revise(purchase, (20, None)).change_set
    second = revise(purchase, (30, None)).change_set
    with pytest.raises(undoing.NotUndoable, match="changed again"):
        undoing.undo(first, by=None, at=AT)
    undoing.undo(second, by=None, at=AT)
    purchase.refresh_from_db()
    assert purchase.eta_on == day(20)
    last = EtaRevision.objects.order_by("-id")[0]
    assert (last.old_on, last.new_on, last.reason_code) == (day(30), day(20), "correction")


def test_units_taken_back_into_stock_go_out_again() -> None:
    product, house = a_product(stock=3), a_warehouse()
    line = a_line(product, 3)
    parcel = shipping.ship(line.order, units=[(line.pk, 3)], by=None, at=AT).made.lines.get()
    waits = a_line(product, 2)
    before = picture()
    change = shipping.return_to_stock(parcel, quantity=2, warehouse=house, reason="x", by=None, at=AT).change_set
    waits.refresh_from_db()
    assert waits.allocated == 2
    undoing.undo(change, by=None, at=AT)
    parcel.refresh_from_db()
    assert (picture(), parcel.returned) == (before, 0)
    assert list(differences(at=AT)) == []


def test_units_that_came_back_and_left_again_stay_returned() -> None:
    product, house = a_product(stock=1), a_warehouse()
    line = a_line(product, 1)
    parcel = shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=AT).made.lines.get()
    other = a_line(product, 1)
    change = shipping.return_to_stock(parcel, quantity=1, warehouse=house, reason="x", by=None, at=AT).change_set
    shipping.ship(other.order, units=[(other.pk, 1)], by=None, at=AT)
    with pytest.raises(undoing.NotUndoable, match="already shipped"):
        undoing.undo(change, by=None, at=AT)


def test_a_preview_of_a_revert_says_what_the_revert_does_and_writes_nothing() -> None:
    product = a_product()
    purchase = a_purchase(product, 8)
    lines = [a_line(product, 3), a_line(product, 3)]
    change = revise(purchase, (40, None)).change_set
    before, changes = picture(), ChangeSet.objects.count()
    impact = undoing.preview_revert(change, at=AT)
    assert {move.line_id for move in impact.moves} == {line.pk for line in lines}
    assert (picture(), ChangeSet.objects.count()) == (before, changes)
    assert undoing.revert(change, by=None, at=AT).impact == impact


def test_a_revert_of_what_others_changed_in_part_puts_back_the_rest() -> None:
    product = a_product()
    mine, theirs = a_purchase(product, 4), a_purchase(product, 4)
    said = [etas.EtaChange(each.pk, [etas.EtaPart(day(40))]) for each in (mine, theirs)]
    change = revising.revise_eta(said, reason_code="production", by=None, at=AT).change_set
    was = mine.eta_on
    revise(theirs, (50, None))
    assert undoing.revert(change, by=None, at=AT).made == [theirs.pk]
    for each in (mine, theirs):
        each.refresh_from_db()
    assert (mine.eta_on, theirs.eta_on) == (was, day(50))


def test_an_act_without_a_way_back_says_so() -> None:
    line = a_line(a_product(stock=1), 1)
    change = shipping.ship(line.order, units=[(line.pk, 1)], by=None, at=AT).change_set
    sentence = "“Shipped” cannot be undone. Take the goods back into stock when they return."
    assert undoing.objection_to_undo(change) == sentence
    with pytest.raises(undoing.NotUndoable):
        undoing.undo(change, by=None, at=AT)
    assert not ChangeSet.objects.filter(act="undo").exists()


def test_whom_staff_were_to_tell_of_an_undone_change_hears_by_itself_again() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=10)
    a_line(product, 5)
    change = etas.EtaChange(purchase.pk, [etas.EtaPart(day(40))])
    done = revising.revise_eta([change], reason_code="other", note="I call them", tells_later=True, by=None, at=AT)
    assert LaterWord.objects.count() == 1
    undoing.undo(done.change_set, by=None, at=AT)
    assert not LaterWord.objects.exists()


def test_of_a_change_put_back_in_part_the_rest_stays_as_it_was_decided() -> None:
    a_policy()
    products = [a_product(price=50, cost=25) for _ in range(2)]
    purchases = [a_purchase(product, 5, eta=10) for product in products]
    stays, back = (a_line(product, 5) for product in products)
    changes = [etas.EtaChange(purchase.pk, [etas.EtaPart(day(40))]) for purchase in purchases]
    how: dict[str, Any] = {"reason_code": "other", "note": "I call them", "tells_later": True, "compensates": False}
    done = revising.revise_eta(changes, **how, by=None, at=AT)
    revise(purchases[0], (50, None))
    undoing.revert(done.change_set, by=None, at=AT)
    assert [word.customer_id for word in LaterWord.objects.all()] == [stays.order.customer_id]
    states = dict(Award.objects.values_list("line", "state"))
    assert states == {stays.pk: "declined", back.pk: "proposed"}
