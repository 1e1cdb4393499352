"""Taking back needs the second person that doing it would: no limit is passed by way of an undo."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from backorders.access.table import MANAGER, PURCHASING, SERVICE, WAREHOUSE, Role
from backorders.actions import (
    approving,
    buying,
    caring,
    counting,
    losing,
    queueing,
    reallocating,
    receiving,
    selling,
    shipping,
    undoing,
)
from backorders.actions.reallocating import GoesBefore
from backorders.actions.seconding import NeedsApproval
from backorders.changes.models import ApprovalLimit, ChangeSet
from tests.actions.desk import World, a_world, stored
from tests.actions.test_approving import low_limits
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_user, later, revise
from tests.notifications.desk import announce

pytestmark = pytest.mark.django_db

WHY: dict[str, Any] = {"reason": "why", "by": None, "at": AT}


def not_any_more(w: World) -> Any:
    queueing.expedite(w.waiting, **WHY)
    return queueing.unexpedite(w.waiting, **WHY)


def given_first(w: World) -> Any:
    first = [GoesBefore(w.waiting.pk, w.half.pk)]
    return receiving.receive([receiving.Arrival(w.purchase.pk, 1)], first=first, **WHY)


def a_lost_parcel(w: World) -> Any:
    return losing.lose_parcel(w.parcel, pays_back=True, **WHY)


ABOVE: dict[str, tuple[Callable[[World], Any], Role]] = {
    "cancelled": (lambda w: selling.cancel_line(w.half, quantity=2, **WHY), SERVICE),
    "ordered more": (lambda w: selling.change_quantity(w.half, quantity=6, **WHY), SERVICE),
    "paid back": (a_lost_parcel, SERVICE),
    "given": (lambda w: caring.compensate(w.half.order, kind="discount", amount=Decimal(9), **WHY), SERVICE),
    "no longer expedited": (not_any_more, SERVICE),
    "put before another": (lambda w: reallocating.reallocate(w.waiting, before=w.half, **WHY), SERVICE),
    "counted": (lambda w: counting.adjust_stock(w.product, warehouse=w.house, counted=1, **WHY), WAREHOUSE),
    "given to one before others": (given_first, WAREHOUSE),
}


@pytest.fixture
def world() -> World:
    low_limits(recipients=100, compensation_value=Decimal(5))
    return a_world()


@pytest.mark.parametrize(("act", "role"), ABOVE.values(), ids=ABOVE.keys())
def test_what_is_above_a_limit_is_taken_back_once_a_manager_says_so(
    world: World, act: Callable[[World], Any], role: Role
) -> None:
    change = act(world).change_set
    clerk, before = a_user(role), stored()
    with pytest.raises(NeedsApproval, match="it needs a manager") as needed:
        undoing.undo(change, by=clerk, at=AT)
    assert stored() == before
    approval = approving.ask(needed.value.details["ask"], by=clerk, why=needed.value, at=AT)
    assert approving.preview(approval, at=AT) is not None
    done = approving.approve(approval, by=a_user(MANAGER), at=AT)
    assert (done.change_set.undoes, done.change_set.by) == (change, clerk)


@pytest.mark.parametrize(("act", "role"), ABOVE.values(), ids=ABOVE.keys())
def test_a_manager_takes_it_back_alone(world: World, act: Callable[[World], Any], role: Role) -> None:
    change = act(world).change_set
    assert undoing.undo(change, by=a_user(MANAGER), at=AT).change_set.undoes == change


@pytest.mark.parametrize(("act", "role"), ABOVE.values(), ids=ABOVE.keys())
def test_below_the_limits_nobody_is_asked(act: Callable[[World], Any], role: Role) -> None:
    change = act(a_world()).change_set
    is_of_managers = change.act in ("unexpedite", "reallocate", "receive")
    if is_of_managers:
        with pytest.raises(NeedsApproval):
            undoing.undo(change, by=a_user(role), at=AT)
    else:
        undoing.undo(change, by=a_user(role), at=AT)
    assert ChangeSet.objects.filter(undoes=change).exists() != is_of_managers


def test_what_is_not_heavier_than_its_act_is_taken_back_alone(world: World) -> None:
    for act, role in (
        (lambda: queueing.expedite(world.waiting, **WHY), SERVICE),
        (lambda: receiving.receive([receiving.Arrival(world.purchase.pk, 9)], by=None, at=AT), WAREHOUSE),
        (lambda: shipping.return_to_stock(world.parcel_line, quantity=1, warehouse=world.house, **WHY), WAREHOUSE),
    ):
        change = act().change_set
        assert undoing.undo(change, by=a_user(role), at=AT).change_set.undoes == change


def many_who_know() -> Any:
    """A purchase line behind which more customers than the limit were told of a newer date, and its change set."""
    low_limits(recipients=1)
    product = a_product()
    lot = a_purchase(product, 9)
    for _ in range(3):
        a_line(product, 1, customer=a_customer())
    announce(AT)
    change = revise(lot, (40, None), at=later(days=3)).change_set
    announce(later(days=3, hours=1))
    return lot, change


@pytest.mark.parametrize("is_in_part", [False, True], ids=["whole", "in part"])
def test_many_who_were_told_hear_of_the_old_date_only_with_a_second_person(is_in_part: bool) -> None:
    _lot, change = many_who_know()
    if is_in_part:
        other = a_purchase(a_product(), 1)
        known = {"id": other.pk, "version": 0, "quantity": 1}
        before = change.before["purchase_lines"]
        ChangeSet.objects.filter(pk=change.pk).update(before={"purchase_lines": [*before, known]})
        change.refresh_from_db()
    at, buyer = later(days=4), a_user(MANAGER)
    with pytest.raises(NeedsApproval, match="3 customers would be written to, more than 1") as needed:
        undoing.revert(change, by=buyer, at=at)
    assert not ChangeSet.objects.filter(undoes=change).exists()
    approval = approving.ask(needed.value.details["ask"], by=buyer, why=needed.value, at=at)
    assert approving.preview(approval, at=at).counts["earlier"] == 3  # type: ignore[union-attr]
    done = approving.approve(approval, by=a_user(MANAGER), at=at)
    assert done.change_set.undoes == change


def test_what_nobody_heard_of_is_taken_back_alone() -> None:
    lot, _change = many_who_know()
    change = buying.close_purchase_line(lot, reason="why", by=None, at=later(days=5)).change_set
    undoing.undo(change, by=a_user(PURCHASING), at=later(days=5, minutes=1))
    assert ApprovalLimit.objects.get().recipients == 1
    assert ChangeSet.objects.filter(undoes=change).exists()
