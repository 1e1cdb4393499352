"""What would be due after a change is what is due after it: the preview of what is given, and the giving."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import awarding, compensating, revising
from backorders.actions.etas import EtaChange, EtaPart
from backorders.compensation import reading
from backorders.compensation.models import CompensationPolicy
from backorders.supply.models import PurchaseLine
from tests.compensation.policies import a_late_line, a_policy
from tests.factories import a_customer, a_line, a_product, a_purchase, day, later

pytestmark = pytest.mark.django_db
NOON = later(hours=2)


def policies() -> list[CompensationPolicy]:
    return list(CompensationPolicy.objects.order_by("id"))


def a_crowd() -> PurchaseLine:
    """Lines that wait for one delivery: in two currencies, of customers of a history, small and large; one decided."""
    product = a_product(price=30, cost=10)
    purchase = a_purchase(product, 50, eta=10)
    for number in range(6):
        a_line(product, number + 1, customer=a_customer(f"Customer {number}"))
    a_line(product, 2, customer=a_customer("Of old", is_written_to=False))
    return purchase


@pytest.mark.parametrize("eta", [10, 12, 15, 16, 40, None])
def test_what_is_foreseen_is_what_is_due_once_it_is_so(eta: int | None) -> None:
    a_policy()
    a_policy("Small", amount=7, days=1)
    a_policy("Held out", percent=30, days=20, held_out_percent=50)
    a_policy("Long wait", trigger="wait", days=1)
    a_policy("Dollars", currency="USD")
    declined = a_late_line()
    awarding.run_policies(at=later(minutes=3))
    compensating.decline(
        list(declined.awards.filter(trigger="late").values_list("id", flat=True)), reason="why", by=None, at=NOON
    )
    change = EtaChange(a_crowd().pk, [EtaPart(None if eta is None else day(eta))])
    impact = revising.preview_eta([change], at=NOON)
    expected = {move.line_id: move.new and move.new.last for move in impact.moves}
    foreseen = reading.foreseen(policies(), expected, at=NOON)
    revising.revise_eta([change], reason_code="other", by=None, at=NOON)
    due = [each for each in reading.dues(policies(), lines=expected, at=NOON) if each.facts["trigger"] == "late"]
    assert [each[2:] for each in foreseen] == [each[2:] for each in due]
    assert [each.case.line_id for each in foreseen] == [each.case.line_id for each in due]
    assert bool(foreseen) == (eta is not None and eta > 10)


def test_nothing_is_asked_where_no_policy_answers_to_a_broken_promise() -> None:
    a_policy(trigger="wait")
    with CaptureQueriesContext(connection) as asked:
        assert reading.foreseen(policies(), {1: day(40)}, at=NOON) == []
    assert len(asked) == 1
