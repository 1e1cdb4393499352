"""Four eyes: what is above a limit waits for a second person, who is never its asker, and happens as things stand."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils.translation import override

from backorders.access.checking import NotAllowed
from backorders.access.table import ADMINISTRATOR, MANAGER, PURCHASING, SERVICE, WAREHOUSE, Role
from backorders.actions import approving, buying, counting, etas, queueing, reallocating, revising, selling, telling
from backorders.actions.approving import NotPending
from backorders.actions.checking import NoReason
from backorders.actions.seconding import NeedsApproval, OwnApproval
from backorders.changes.models import Approval, ApprovalLimit, ChangeSet
from backorders.inbox.models import Notice
from backorders.orders.models import Customer
from backorders.refusal import Stale
from backorders.supply.models import PurchaseLine
from tests.actions.desk import World, a_world, stored
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_user, an_order, day, later, revise
from tests.notifications.desk import announce

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Case:
    """An act that is above a limit, whose role may ask for it, and what it changes."""

    act: Callable[..., Any]
    role: Role
    sentence: str
    happened: Callable[[World], bool]


def low_limits(**limits: Any) -> None:
    ApprovalLimit.objects.create(**{"id": 1, "cancel_value": Decimal(5), "stock_units": 1, "recipients": 1, **limits})


def eta(w: World) -> list[etas.EtaChange]:
    return [etas.EtaChange(w.purchase.pk, [etas.EtaPart(day(60))])]


def changed(row: Any, name: str, value: object) -> bool:
    row.refresh_from_db()
    return bool(getattr(row, name) == value)


def goes_before(line: Any, other: Any) -> bool:
    line.refresh_from_db()
    other.refresh_from_db()
    return bool(line.promise_number < other.promise_number)


CASES = {
    "expedite": Case(
        lambda w, **who: queueing.expedite(w.waiting, reason="why", at=AT, **who),
        SERVICE,
        "needs a manager",
        lambda w: changed(w.waiting, "is_expedited", True),
    ),
    "put before another": Case(
        lambda w, **who: reallocating.reallocate(w.waiting, before=w.half, reason="why", at=AT, **who),
        SERVICE,
        "needs a manager",
        lambda w: goes_before(w.waiting, w.half),
    ),
    "cancel a line": Case(
        lambda w, **who: selling.cancel_line(w.half, quantity=2, reason="why", at=AT, **who),
        SERVICE,
        "Cancelling 20.00 EUR is above your limit of 5.00",
        lambda w: changed(w.half, "cancelled", 2),
    ),
    "cancel an order": Case(
        lambda w, **who: selling.cancel_order(w.whole, reason="why", at=AT, **who),
        SERVICE,
        "above your limit",
        lambda w: not w.whole.lines.open().exists(),  # type: ignore[attr-defined]
    ),
    "order less": Case(
        lambda w, **who: selling.change_quantity(w.half, quantity=3, reason="why", at=AT, **who),
        SERVICE,
        "above your limit",
        lambda w: changed(w.half, "cancelled", 2),
    ),
    "count": Case(
        lambda w, **who: counting.adjust_stock(w.product, warehouse=w.house, counted=1, reason="why", at=AT, **who),
        WAREHOUSE,
        "units is above your limit of 1",
        lambda w: changed(w.product.stock_levels.get(warehouse=w.house), "on_hand", 1),
    ),
    "revise an ETA": Case(
        lambda w, **who: revising.revise_eta(eta(w), reason_code="customs", note="why", at=AT, **who),
        PURCHASING,
        "customers would be written to, more than 1",
        lambda w: changed(w.purchase, "eta_on", day(60)),
    ),
    "close a purchase line": Case(
        lambda w, **who: buying.close_purchase_line(w.purchase, reason="why", at=AT, **who),
        PURCHASING,
        "customers would be written to, more than 1",
        lambda w: not PurchaseLine.objects.outstanding().filter(pk=w.purchase.pk).exists(),
    ),
}


def asked_for(case: Case, world: World) -> tuple[Approval, Any]:
    """The act refused to its asker, and asked for."""
    asker = a_user(case.role)
    with pytest.raises(NeedsApproval, match=case.sentence) as needed:
        case.act(world, by=asker)
    return approving.ask(needed.value.details["ask"], by=asker, why=needed.value, at=AT), asker


@pytest.fixture
def world() -> World:
    low_limits()
    made = a_world()
    announce(AT)
    for row in vars(made).values():
        row.refresh_from_db()
    return made


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_it_is_refused_without_a_trace_and_happens_once_another_approves(world: World, case: Case) -> None:
    before = stored()
    with pytest.raises(NeedsApproval, match=case.sentence):
        case.act(world, by=a_user(case.role))
    assert stored() == before
    approval, asker = asked_for(case, world)
    assert not case.happened(world)
    manager = a_user(MANAGER)
    done = approving.approve(approval, answer="fine", by=manager, at=later(hours=1))
    assert case.happened(world)
    approval.refresh_from_db()
    assert (approval.state, approval.decided_by, approval.change_set) == ("approved", manager, done.change_set)
    assert done.change_set.by == asker


def test_whoever_decides_reads_in_their_language_why_it_was_asked(world: World) -> None:
    approval, _asker = asked_for(CASES["expedite"], world)
    stored = Approval.objects.get(pk=approval.pk)
    assert stored.why == "Putting a line before others needs a manager. Nothing was changed."
    with override("tr"):
        assert stored.why == "Bir satırı öne almak için yönetici gerekir. Hiçbir şey değişmedi."


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_system_needs_nobody(world: World, case: Case) -> None:
    case.act(world, by=None)
    assert case.happened(world)


@pytest.mark.parametrize(
    "name", ["expedite", "put before another", "cancel a line", "cancel an order", "order less", "count"]
)
def test_a_manager_needs_nobody_for_these(world: World, name: str) -> None:
    CASES[name].act(world, by=a_user(MANAGER))
    assert CASES[name].happened(world)


@pytest.mark.parametrize("name", ["revise an ETA", "close a purchase line"])
def test_a_fan_out_needs_a_second_person_even_of_a_manager(world: World, name: str) -> None:
    first, second = a_user(MANAGER), a_user(MANAGER)
    with pytest.raises(NeedsApproval) as needed:
        CASES[name].act(world, by=first)
    approval = approving.ask(needed.value.details["ask"], by=first, why="many", at=AT)
    with pytest.raises(OwnApproval):
        approving.approve(approval, by=first, at=AT)
    approving.approve(approval, by=second, at=AT)
    assert CASES[name].happened(world)


def test_a_superuser_may_break_the_glass(world: World) -> None:
    CASES["revise an ETA"].act(world, by=get_user_model().objects.create_superuser("glass"))
    assert CASES["revise an ETA"].happened(world)


def test_telling_very_many_at_once_needs_a_second_person() -> None:
    low_limits(recipients=2)
    product = a_product()
    lot = a_purchase(product, 9)
    customers = [a_customer().pk for _ in range(3)]
    for customer in customers:
        an_order((product, 1), customer=type(a_customer()).objects.get(pk=customer))
    announce(AT)
    revise(lot, (40, None), at=later(days=3))
    agent = a_user(MANAGER)
    telling.tell_now(customers[:2], by=agent, at=later(days=3))
    with pytest.raises(NeedsApproval, match="3 customers") as needed:
        telling.tell_now(customers, by=agent, at=later(days=3))
    approval = approving.ask(needed.value.details["ask"], by=agent, why="many", at=later(days=3))
    approving.approve(approval, by=a_user(MANAGER), at=later(days=3))
    assert ChangeSet.objects.filter(act="tell_now").count() == 2


def test_below_the_limits_nobody_is_asked() -> None:
    world, agent = a_world(), a_user(SERVICE)
    selling.cancel_line(world.half, quantity=1, reason="why", by=agent, at=AT)
    counting.adjust_stock(world.product, warehouse=world.house, counted=1, reason="x", by=a_user(WAREHOUSE), at=AT)
    assert not Approval.objects.exists()


def test_what_changed_since_it_was_asked_for_is_not_done(world: World) -> None:
    approval, _asker = asked_for(CASES["cancel a line"], world)
    queueing.hold(world.half, reason="meanwhile", by=None, at=AT)
    with pytest.raises(Stale, match="changed since"):
        approving.approve(approval, by=a_user(MANAGER), at=AT)
    approval.refresh_from_db()
    assert approval.state == "pending"
    assert not CASES["cancel a line"].happened(world)


def test_only_managers_decide_and_nobody_their_own(world: World) -> None:
    approval, asker = asked_for(CASES["expedite"], world)
    with pytest.raises(NotAllowed):
        approving.approve(approval, by=a_user(SERVICE), at=AT)
    asker.groups.set(a_user(MANAGER).groups.all())
    promoted = get_user_model().objects.get(pk=asker.pk)
    with pytest.raises(OwnApproval):
        approving.approve(approval, by=promoted, at=AT)
    with pytest.raises(OwnApproval):
        queueing.expedite(world.waiting, reason="x", approved_by=asker, by=asker, at=AT)
    with pytest.raises(NotAllowed):
        queueing.expedite(world.waiting, reason="x", approved_by=a_user(SERVICE), by=a_user(SERVICE), at=AT)
    assert not CASES["expedite"].happened(world)


def test_a_refusal_says_why_and_is_final(world: World) -> None:
    approval, asker = asked_for(CASES["expedite"], world)
    manager = a_user(MANAGER)
    with pytest.raises(NoReason):
        approving.refuse(approval, answer=" ", by=manager, at=AT)
    approving.refuse(approval, answer="not this week", by=manager, at=AT)
    assert Notice.objects.get(person=asker).words["state"] == "refused"
    with pytest.raises(NotPending):
        approving.approve(approval, by=manager, at=AT)
    assert not CASES["expedite"].happened(world)


def test_an_approval_nobody_gave_expires_and_its_asker_hears_of_it(world: World) -> None:
    approval, asker = asked_for(CASES["expedite"], world)
    assert approving.expire(at=later(hours=71)) == 0
    with pytest.raises(NotPending):
        approving.approve(approval, by=a_user(MANAGER), at=later(hours=73))
    assert approving.expire(at=later(hours=73)) == 1
    assert approving.expire(at=later(hours=74)) == 0
    approval.refresh_from_db()
    assert (approval.state, approval.decided_by) == ("expired", None)
    assert Notice.objects.get(person=asker).words["state"] == "expired"


def test_those_who_approve_find_it_in_their_inbox_until_it_is_decided(world: World) -> None:
    first, second = a_user(MANAGER), a_user(MANAGER)
    approval, _asker = asked_for(CASES["expedite"], world)
    waiting = Notice.objects.filter(kind="approval_asked", read_at=None)
    assert set(waiting.values_list("person", flat=True)) == {first.pk, second.pk}
    approving.approve(approval, by=first, at=AT)
    assert not waiting.exists()


def test_the_preview_of_an_approval_is_that_of_its_act(world: World) -> None:
    for name, case in CASES.items():
        approval, _asker = asked_for(case, world)
        impact = approving.preview(approval, at=AT)
        assert (impact is None) == (name == "cancel an order")


def test_limits_are_set_by_an_administrator_and_kept_on_record() -> None:
    new = {"cancel_value": Decimal(900), "stock_units": 9, "recipients": 90, "hours": 24}
    with pytest.raises(NotAllowed):
        approving.set_limits(**new, by=a_user(MANAGER), at=AT)  # type: ignore[arg-type]
    change = approving.set_limits(**new, by=a_user(ADMINISTRATOR), at=AT)  # type: ignore[arg-type]
    assert change.before["cancel_value"] == "500"
    limits = ApprovalLimit.objects.get()
    assert (limits.cancel_value, limits.stock_units, limits.recipients, limits.hours) == (900, 9, 90, 24)


def test_a_large_change_counts_only_those_who_will_hear_of_it() -> None:
    low_limits(recipients=1)
    product = a_product()
    lot = a_purchase(product, 9)
    for _ in range(3):
        a_line(product, 1)
    buyer = a_user(PURCHASING)
    revise(lot, (40, None), by=buyer)  # nothing was announced yet: the confirmation will say it
    announce(AT)
    with pytest.raises(NeedsApproval, match="3 customers"):
        revise(lot, (60, None), by=buyer, at=later(hours=1))


def test_who_is_never_written_to_needs_no_second_person() -> None:
    low_limits(recipients=1)
    lot = a_purchase(product := a_product(), 9)
    lines = [a_line(product, 1, customer=a_customer()) for _ in range(3)]
    announce(AT)
    Customer.objects.exclude(pk=lines[0].order.customer_id).update(is_written_to=False)
    assert revise(lot, (60, None), by=a_user(PURCHASING), at=later(hours=1)).impact.moves


def test_who_asks_twice_for_the_same_has_asked_once() -> None:
    low_limits(recipients=1)
    lot = a_purchase(product := a_product(), 9)
    for _ in range(3):
        a_line(product, 1)
    announce(AT)
    buyer = a_user(PURCHASING)
    asked = set()
    for hours in (1, 2):
        with pytest.raises(NeedsApproval) as needed:
            revise(lot, (60, None), by=buyer, at=later(hours=hours))
        asked.add(approving.ask(needed.value.details["ask"], by=buyer, why="x", at=later(hours=hours)))
    assert len(asked) == Approval.objects.count() == 1
