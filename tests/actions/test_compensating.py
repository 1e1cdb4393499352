"""What policies owe is proposed or given once, within budgets, never of what is cancelled, and told with the delay."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.access.checking import NotAllowed
from backorders.access.table import MANAGER, PURCHASING, SERVICE
from backorders.actions import approving, caring, compensating, revising, selling, undoing
from backorders.actions.checking import NoReason
from backorders.actions.etas import EtaChange, EtaPart
from backorders.actions.seconding import Ask, NeedsApproval
from backorders.changes.models import ApprovalLimit, ChangeSet
from backorders.compensation.models import Award, CompensationPolicy
from backorders.compensation.weighing import is_held_out
from backorders.notifications.models import CallTask, Message
from backorders.orders.models import Compensation, OrderLine, Refund
from backorders.refusal import Refused, Stale
from backorders.supply.models import PurchaseLine
from tests.compensation.policies import SOON, a_late_line, a_policy
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, a_user, day, later, revise
from tests.notifications.desk import announce, send, tell

pytestmark = pytest.mark.django_db


def run(at: Any = SOON) -> int:
    return compensating.run_policies(at=at)


def proposals() -> list[int]:
    return list(Award.objects.filter(state="proposed").order_by("id").values_list("id", flat=True))


def awards() -> list[tuple[int, str, Decimal]]:
    return list(Award.objects.order_by("id").values_list("line_id", "state", "amount"))


def give(ids: list[int] | None = None, **how: Any) -> Any:
    seen = dict(Award.objects.filter(pk__in=proposals() if ids is None else ids).values_list("id", "amount"))
    return compensating.give(seen, **{"by": None, "at": SOON, **how})


def becomes_a_fifth(policy: CompensationPolicy, *, proposes: bool = True) -> None:
    """Somebody changes what a policy gives; the clock changes its proposals, or has not come to it."""
    terms = {name: getattr(policy, name) for name in compensating.Terms._fields} | {"percent": 20}
    compensating.write_policy(compensating.Terms(**terms), policy=policy, by=None, at=SOON)
    if proposes:
        run()


# -- by the clock -----------------------------------------------------------------------------------------------------


def test_a_broken_promise_is_proposed_once_and_given_by_a_person() -> None:
    a_policy()
    line = a_late_line()
    assert (run(), run()) == (1, 0)
    assert awards() == [(line.pk, "proposed", Decimal(10))]
    assert not Compensation.objects.exists()
    done = give()
    (given,) = Compensation.objects.all()
    assert (given.order, given.line, given.amount, given.kind, given.reason) == (
        line.order,
        line,
        10,
        "discount",
        "Late",
    )
    assert done.change_set.summary == {"awards": 1, "amount": "10.00"}
    assert run(later(days=2)) == 0


def test_a_policy_that_gives_at_once_asks_nobody() -> None:
    a_policy(mode="give")
    line = a_late_line()
    assert (run(), run()) == (1, 0)
    assert awards() == [(line.pk, "given", Decimal(10))]
    assert ChangeSet.objects.get(act="give_compensation").source == "system"


def test_a_date_that_still_moves_breaks_no_promise() -> None:
    a_policy()
    a_late_line()
    assert run(later(minutes=1)) == 0
    assert run() == 1


def test_a_proposal_follows_its_line() -> None:
    a_policy()
    line = a_late_line(4)
    run()
    selling.cancel_line(line, quantity=1, reason="x", by=None, at=SOON)
    assert (run(later(minutes=9)), awards()) == (1, [(line.pk, "proposed", Decimal(15))])
    selling.cancel_line(line, reason="x", by=None, at=later(minutes=9))
    assert (run(later(minutes=19)), awards()) == (0, [(line.pk, "declined", Decimal(15))])


def test_a_proposal_is_dropped_when_the_date_is_good_again_and_comes_back_when_it_is_not() -> None:
    a_policy()
    line = a_late_line()
    purchase = line.allocations.get().purchase_line
    run()
    revise(purchase, (10, None), at=SOON)
    assert (run(later(minutes=9)), awards()) == (0, [])
    revise(purchase, (30, None), at=later(minutes=9))
    assert run(later(minutes=19)) == 1


def test_nothing_is_given_for_what_is_cancelled_or_arrived() -> None:
    a_policy(mode="give")
    gone = a_late_line()
    selling.cancel_line(gone, reason="x", by=None, at=AT)
    a_line(a_product(stock=5), 2)
    assert run(later(days=60)) == 0


def test_what_a_customer_is_owed_by_law_is_not_made_smaller_by_a_gift() -> None:
    a_policy(mode="give", kind="credit")
    line = a_late_line(is_paid=True)
    run()
    selling.cancel_line(line, reason="too late", by=None, at=later(hours=1))
    assert Refund.objects.get().amount == Decimal(100)


def test_customers_of_a_history_are_given_nothing() -> None:
    a_policy(mode="give")
    a_late_line(customer=a_customer(is_written_to=False))
    assert run() == 0


def test_a_budget_is_kept_and_what_is_left_goes_to_whoever_fits() -> None:
    a_policy(mode="give", budget_month=Decimal(25), budget_total=Decimal(60))
    worst, second, small = a_late_line(3, slips=30), a_late_line(3, slips=20), a_late_line(1, slips=9)
    assert run() == 2
    assert {line for line, _, _ in awards()} == {worst.pk, small.pk}
    assert run(later(days=2)) == 0
    assert run(later(days=31)) == 1
    assert Award.objects.get(line=second).amount == 15


def test_who_is_held_out_is_written_down_and_gets_nothing() -> None:
    policy = a_policy(mode="give", held_out_percent=50)
    lines = [a_late_line() for _ in range(12)]
    assert run() == 12
    states = dict(Award.objects.values_list("line__order__customer", "state"))
    assert set(states.values()) == {"given", "held_out"}
    assert Compensation.objects.count() == list(states.values()).count("given")
    assert run(later(days=1)) == 0
    CompensationPolicy.objects.filter(pk=policy.pk).update(held_out_percent=0)
    assert run(later(days=1)) == 0
    assert len(lines) == Award.objects.count()


def test_of_two_policies_the_better_one_answers_and_each_trigger_for_itself() -> None:
    a_policy("Small", percent=5)
    better = a_policy("Better", percent=20)
    wait = a_policy("Wait", trigger="wait", days=1, amount=Decimal(3))
    line = a_late_line()
    run(later(days=2))
    assert set(Award.objects.values_list("policy", "amount")) == {(better.pk, Decimal(20)), (wait.pk, Decimal(3))}
    give(at=later(days=2))
    assert Compensation.objects.filter(line=line).count() == 2


def test_a_policy_that_ended_proposes_nothing_more() -> None:
    policy = a_policy()
    a_late_line()
    run()
    CompensationPolicy.objects.filter(pk=policy.pk).update(active_until=day(-1))
    run()
    assert awards() == []


@pytest.mark.parametrize("mode", ["give", "propose"])
def test_the_number_of_statements_does_not_grow_with_the_lines(mode: str) -> None:
    a_policy(mode=mode)
    counts = []
    for many in (2, 14):
        for _ in range(many):
            a_late_line()
        with CaptureQueriesContext(connection) as seen:
            assert run() == many
        counts.append(len(seen))
    assert counts[0] == counts[1]


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


# -- by a person ------------------------------------------------------------------------------------------------------


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


def test_a_proposal_of_before_is_not_given_either_and_who_is_held_out_stays_so() -> None:
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
    lines = [late, *others]
    held_out = {line.pk for line in lines if is_held_out(measured, line.order.customer_id)}
    declined = Award.objects.filter(state="declined")
    assert set(declined.values_list("line", flat=True)) == {line.pk for line in lines} - held_out
    run(later(minutes=40))
    assert set(Award.objects.exclude(state="declined").values_list("line", "state")) == {
        (pk, "held_out") for pk in held_out
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


# -- policies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"percent": None}, "either a share"),
        ({"percent": 5, "amount": Decimal(5)}, "either a share"),
        ({"kind": "shipping"}, "say what it costs"),
        ({"percent": 0}, "above nothing"),
        ({"days": 0}, "above nothing"),
        ({"percent": 101}, "100"),
        ({"held_out_percent": 51}, "50"),
        ({"active_until": day(-366)}, "cannot end before"),
        ({"name": ""}, "blank"),
        ({"trigger": "moon"}, "valid choice"),
        ({"currency": "EURO"}, "longer than the 3"),
        ({"amount": Decimal("0.001")}, "decimal"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(terms: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        a_policy(**terms)
    assert not CompensationPolicy.objects.exists()


def test_two_policies_have_two_names() -> None:
    a_policy()
    with pytest.raises(compensating.BadPolicy, match="already exists"):
        a_policy()


def test_a_changed_policy_keeps_what_it_said_before_and_knows_who_is_late() -> None:
    policy = a_policy()
    terms = compensating.Terms(
        name="Late", trigger="late", days=9, kind="credit", currency="EUR", active_from=day(0), percent=5
    )
    done = compensating.write_policy(terms, policy=policy, seen_version=1, by=a_user(), at=later(hours=1))
    assert (done.made.pk, done.made.days, done.made.version) == (policy.pk, 9, 2)
    assert (done.change_set.before["days"], done.change_set.before["percent"]) == ("5", "10")
    with pytest.raises(Stale):
        compensating.write_policy(terms, policy=policy, seen_version=1, by=None, at=later(hours=2))


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
