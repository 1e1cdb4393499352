"""What policies owe is given as it was seen or declined, within budgets, and told with the delay."""

from decimal import Decimal
from typing import Any

import pytest

from backorders.access.checking import NotAllowed
from backorders.access.table import MANAGER, PURCHASING, SERVICE
from backorders.actions import approving, caring, compensating, policymaking, revising, selling, undoing
from backorders.actions.checking import NoReason
from backorders.actions.etas import EtaChange, EtaPart
from backorders.actions.seconding import Ask, NeedsApproval
from backorders.changes.models import ApprovalLimit, ChangeSet
from backorders.compensation.models import Award, CompensationPolicy
from backorders.compensation.weighing import is_held_out
from backorders.notifications.models import CallTask, Message
from backorders.orders.models import Compensation, OrderLine
from backorders.supply.models import PurchaseLine
from tests.compensation.policies import SOON, a_late_line, a_policy, awards, give, proposals, run
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_user, day, later, revise
from tests.notifications.desk import announce, send, tell

pytestmark = pytest.mark.django_db


def becomes_a_fifth(policy: CompensationPolicy, *, proposes: bool = True) -> None:
    """Somebody changes what a policy gives; the clock changes its proposals, or has not come to it."""
    terms = {name: getattr(policy, name) for name in policymaking.Terms._fields} | {"percent": 20}
    policymaking.write_policy(policymaking.Terms(**terms), policy=policy, by=None, at=SOON)
    if proposes:
        run()


# -- what the customer hears ------------------------------------------------------------------------------------------


def test_the_mail_of_the_delay_says_what_is_given() -> None:
    a_policy(mode="give")
    line = a_late_line()
    tell(AT)
    revise(line.allocations.get().purchase_line, (60, None), at=later(hours=1))
    run(later(hours=1, minutes=3))
    (message,) = announce(later(hours=1, minutes=6))
    assert message.kind == "later"
    assert "€10.00" in message.text
    assert "€10.00" in message.html
    send(later(hours=2))
    assert announce(later(hours=3)) == []


def test_without_other_news_the_gift_rests_and_goes_alone() -> None:
    a_policy(trigger="wait", days=1, amount=Decimal(3), mode="give")
    a_late_line(slips=0)
    tell(AT)
    run(later(days=2))
    assert announce(later(days=2, minutes=1)) == []
    (message,) = announce(later(days=2, minutes=6))
    assert (message.kind, "€3.00" in message.text) == ("compensated", True)
    assert announce(later(days=2, minutes=9)) == []


def test_who_moves_house_meanwhile_hears_it_at_the_new_address_and_nobody_calls() -> None:
    a_policy(trigger="wait", days=1, amount=Decimal(3), mode="give")
    line = a_late_line(slips=0)
    tell(AT)
    run(later(days=2))
    announce(later(days=2, minutes=6))
    caring.change_address(line.order.customer, email="new@example.com", by=None, at=later(days=2, minutes=6))
    send(later(days=2, minutes=7))
    (message,) = announce(later(days=2, minutes=7))
    assert (message.recipient, "€3.00" in message.text) == ("new@example.com", True)
    assert not CallTask.objects.exists()


def test_what_was_decided_or_is_not_due_any_more_is_not_given() -> None:
    a_policy()
    first, second = a_late_line(), a_late_line()
    run()
    mine = proposals()
    give(mine[:1])
    with pytest.raises(compensating.NothingDue, match="1 of these proposals"):
        give(mine)
    selling.cancel_line(second, reason="x", by=None, at=SOON)
    with pytest.raises(compensating.NothingDue, match="not what was proposed"):
        give(mine[1:])
    with pytest.raises(compensating.NothingDue, match="at least one"):
        give([])
    assert list(Compensation.objects.values_list("line", flat=True)) == [first.pk]


@pytest.mark.parametrize("proposes", [True, False])
def test_another_amount_than_was_seen_is_not_given(proposes: bool) -> None:
    policy = a_policy()
    a_late_line()
    run()
    seen = dict.fromkeys(proposals(), Decimal(10))
    becomes_a_fifth(policy, proposes=proposes)
    with pytest.raises(compensating.AmountMoved, match=r"10 EUR was proposed for .* and 20.00 EUR is due now"):
        compensating.give(seen, by=None, at=SOON)
    assert not Compensation.objects.exists()
    run()
    give()
    assert Compensation.objects.get().amount == 20


def test_what_was_asked_for_is_given_in_the_amounts_that_were_seen() -> None:
    policy = a_policy(percent=60)
    a_late_line(4)
    run()
    agent = a_user(SERVICE)
    with pytest.raises(NeedsApproval) as refusal:
        give(by=agent)
    asked = approving.ask(refusal.value.details["ask"], by=agent, why="much", at=SOON)
    becomes_a_fifth(policy)
    with pytest.raises(compensating.AmountMoved, match=r"120.00 EUR was proposed .* and 40.00 EUR is due"):
        approving.approve(asked, by=a_user(MANAGER), at=SOON)
    CompensationPolicy.objects.update(percent=60)
    run()
    approving.approve(asked, by=a_user(MANAGER), at=SOON)
    assert Compensation.objects.get().amount == 120


def test_what_was_asked_for_without_amounts_is_refused() -> None:
    a_policy()
    a_late_line()
    run()
    old = Ask("compensating.give", {"awards": proposals()}, "1001")
    asked = approving.ask(old, by=a_user(SERVICE), why="much", at=SOON)
    with pytest.raises(approving.GoneSince, match="asked for without the amounts"):
        approving.approve(asked, by=a_user(MANAGER), at=SOON)
    assert not Compensation.objects.exists()


def test_no_more_is_given_than_the_budget_holds() -> None:
    a_policy(budget_total=Decimal(15))
    a_late_line(), a_late_line()
    run()
    with pytest.raises(compensating.OverBudget, match=r"20.00 EUR would be given, and 15.00 EUR are left of Late"):
        give()
    give(proposals()[:1])
    with pytest.raises(compensating.OverBudget):
        give()
    assert Compensation.objects.count() == 1


def test_above_the_limit_a_manager_gives() -> None:
    a_policy(percent=60)
    a_late_line(4)
    run()
    agent = a_user(SERVICE)
    with pytest.raises(NeedsApproval, match=r"120.00 EUR is above your limit of 100") as refusal:
        give(by=agent)
    assert refusal.value.details["ask"].arguments == {"awards": {str(pk): "120.00" for pk in proposals()}}
    give(by=agent, approved_by=a_user())
    assert Compensation.objects.get().amount == 120


def test_an_agent_gives_by_hand_below_the_limit_only() -> None:
    line = a_late_line(6)
    said: dict[str, Any] = {"kind": "credit", "reason": "x", "by": a_user(SERVICE), "at": AT}
    caring.compensate(line.order, amount=Decimal(100), **said)
    with pytest.raises(NeedsApproval):
        caring.compensate(line.order, amount=Decimal("100.01"), **said)


def test_what_is_declined_is_not_proposed_again_until_that_is_undone() -> None:
    a_policy()
    a_late_line()
    run()
    done = compensating.decline(proposals(), reason="gave it by phone", by=a_user(), at=SOON)
    assert run(later(days=1)) == 0
    assert [state for _, state, _ in awards()] == ["declined"]
    undoing.undo(done.change_set, by=None, at=later(days=1))
    assert len(proposals()) == 1


def a_broken_promise(**said: Any) -> OrderLine:
    """A line whose goods come a month later, by an act of which more is `said`."""
    product = a_product(price=Decimal(50), cost=Decimal(25))
    purchase = a_purchase(product, 50, eta=10)
    line = a_line(product, 2)
    change = EtaChange(purchase.pk, [EtaPart(day(40))])
    revising.revise_eta([change], reason_code="other", **{"by": None, "at": AT, **said})
    return line


@pytest.mark.parametrize("mode", ["give", "propose"])
def test_a_change_of_an_eta_that_compensates_nobody_decides_it_until_it_is_undone(mode: str) -> None:
    a_policy(mode=mode)
    manager = a_user(MANAGER)
    line = a_broken_promise(compensates=False, note="the customers asked for it", by=manager)
    change = ChangeSet.objects.get(act="revise_eta")
    assert (run(), awards()) == (0, [(line.pk, "declined", Decimal(10))])
    assert Award.objects.values_list("change_set", "decided_by").get() == (change.pk, manager.pk)
    undoing.undo(change, by=manager, at=later(minutes=4))
    run(later(minutes=9))
    assert awards() == []
    revise(PurchaseLine.objects.get(), (40, None), at=later(minutes=10))
    run(later(minutes=40))
    assert awards() == [(line.pk, "given" if mode == "give" else "proposed", Decimal(10))]


def test_what_was_owed_before_stays_proposed_and_who_is_held_out_stays_so() -> None:
    a_policy()
    late = a_late_line()
    assert run() == 1
    measured = CompensationPolicy.objects.create(
        name="Measured", days=5, percent=20, held_out_percent=50, active_from=day(-9)
    )
    change = EtaChange(PurchaseLine.objects.get().pk, [EtaPart(day(40))])
    others = [a_line(late.product, 1, customer=a_customer(f"Customer {number}")) for number in range(12)]
    revise(PurchaseLine.objects.get(), (21, None), at=SOON)
    said = {"reason_code": "other", "note": "why", "by": None, "at": later(minutes=20)}
    revising.revise_eta([change], compensates=False, **said)
    held_out = {line.pk for line in others if is_held_out(measured, line.order.customer_id)}
    declined = Award.objects.filter(state="declined")
    assert set(declined.values_list("line", flat=True)) == {line.pk for line in others} - held_out
    run(later(minutes=40))
    of_before = "held_out" if is_held_out(measured, late.order.customer_id) else "proposed"
    assert set(Award.objects.exclude(state="declined").values_list("line", "state")) == {
        (late.pk, of_before),
        *((pk, "held_out") for pk in held_out),
    }


def test_whoever_may_not_decline_or_gives_no_reason_withholds_nothing() -> None:
    a_policy()
    with pytest.raises(NotAllowed):
        a_broken_promise(compensates=False, note="why", by=a_user(PURCHASING))
    with pytest.raises(NoReason):
        a_broken_promise(compensates=False)
    assert not ChangeSet.objects.filter(act="revise_eta").exists()


def test_a_second_person_lets_the_change_compensate_nobody_as_it_was_asked_for() -> None:
    a_policy(mode="give")
    ApprovalLimit.objects.create(id=1, recipients=1)
    product = a_product(price=Decimal(50), cost=Decimal(25))
    purchase = a_purchase(product, 50, eta=10)
    lines = [a_line(product, 2, customer=a_customer(name)) for name in ("Elif Kaya", "Sami Aydın")]
    announce(AT)
    send(later(minutes=1))
    asker, second = a_user(MANAGER), a_user(MANAGER)
    said = {"reason_code": "other", "note": "why", "compensates": False, "by": asker, "at": later(minutes=2)}
    with pytest.raises(NeedsApproval) as refused:
        revising.revise_eta([EtaChange(purchase.pk, [EtaPart(day(40))])], **said)
    approval = approving.ask(refused.value.details["ask"], by=asker, why=refused.value, at=later(minutes=2))
    approving.approve(approval, by=second, at=later(minutes=2))
    assert run(later(minutes=9)) == 0
    assert awards() == [(line.pk, "declined", Decimal(10)) for line in lines]


def test_what_was_given_is_taken_back_until_it_was_told() -> None:
    a_policy()
    line = a_late_line()
    run()
    done = give()
    tell_of_it = announce(later(minutes=9))
    assert len(tell_of_it) == 1
    undoing.undo(done.change_set, by=None, at=later(minutes=10))
    assert not Compensation.objects.exists()
    assert Message.objects.get(pk=tell_of_it[0].pk).state == "superseded"
    assert awards() == [(line.pk, "declined", Decimal(10))]
    (again,) = announce(later(minutes=11))
    assert "€10.00" not in again.text


def test_what_was_told_stays_given() -> None:
    a_policy()
    a_late_line()
    run()
    done = give()
    tell(later(minutes=9))
    assert "already told" in undoing.objection_to_undo(done.change_set)


def test_a_preview_says_what_the_mail_would() -> None:
    a_policy()
    line = a_late_line()
    run()
    shown = compensating.preview_gift(Award.objects.select_related("policy", "line__order").get(), at=SOON)
    assert "€10.00" in shown.text
    assert not OrderLine.objects.get(pk=line.pk).compensations.exists()


def test_goods_that_came_are_owed_nothing_though_it_was_proposed() -> None:
    a_policy()
    line = a_late_line()
    a_purchase(line.product, 1)
    run()
    assert len(proposals()) == 1
