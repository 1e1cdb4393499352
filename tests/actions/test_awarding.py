"""What policies owe is proposed or given once, within budgets, never of what is cancelled."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import selling
from backorders.changes.models import ChangeSet
from backorders.compensation.models import Award, CompensationPolicy
from backorders.orders.models import Compensation, Refund
from tests.compensation.policies import SOON, a_late_line, a_policy, awards, give, run
from tests.factories import AT, a_customer, a_line, a_product, day, later, revise

pytestmark = pytest.mark.django_db


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
    assert run(later(seconds=59)) == 0
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
