"""Proposals are seen before they are given, policies say what they would have cost, and each role does its part."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from backorders.access.table import AUDITOR, MANAGER, PURCHASING, SERVICE
from backorders.actions import awarding, compensating
from backorders.backoffice.forms.compensation import listed, listing
from backorders.changes.models import Approval
from backorders.compensation.models import Award, CompensationPolicy
from backorders.orders.models import Compensation
from tests.backoffice.desk import address, fill_in, filled, somebody, text
from tests.compensation.policies import SOON, a_late_line, a_policy
from tests.factories import day

pytestmark = pytest.mark.usefixtures("frozen", "db")

TERMS: dict[str, Any] = {"name": "Late", "days": 5, "percent": 10, "active_from": str(day(-100))}


def proposed(lines: int = 2, **terms: Any) -> list[Award]:
    """Proposals of one policy."""
    policy = a_policy(**terms)
    for _ in range(lines):
        a_late_line()
    awarding.run_policies(at=SOON)
    return list(Award.objects.filter(policy=policy).order_by("id"))


def choose(client: Client, do: str, *, page: Any = None, **sent: Any) -> Any:
    """Send the list of proposals as it was opened, with what is chosen in it; return the answer."""
    opened = page or client.get(address("awards"))
    return client.post(address("awards"), {"do": do, "listed": opened.context.get("listing", ""), **sent})


def test_proposals_say_what_is_owed_to_whom_why_and_what_is_left() -> None:
    awards = proposed(budget_total=Decimal(50))
    seen = text(somebody(SERVICE).get(address("awards")))
    for words in (
        awards[0].line.order.number,
        "days late: promised by",
        "10 % of 100.00 EUR",
        "20.00 EUR",
        "50.00 EUR",
    ):
        assert words in seen


def test_an_agent_gives_what_was_ticked_and_declines_the_rest_with_a_reason() -> None:
    first, second = proposed()
    agent = somebody(SERVICE)
    choose(agent, "give", award=[first.pk])
    assert Compensation.objects.get().line == first.line
    answer = choose(agent, "decline", award=[second.pk])
    assert answer.status_code == 422
    assert "Say why" in text(answer)
    choose(agent, "decline", award=[second.pk], reason="gave a voucher by phone")
    assert Award.objects.get(pk=second.pk).state == "declined"
    assert "Nothing is proposed" in text(agent.get(address("awards")))


def test_all_of_a_policy_are_given_at_once() -> None:
    awards = proposed(3)
    answer = choose(somebody(MANAGER), "give", all="1", policy=awards[0].policy_id)
    assert answer.status_code == 302
    assert Compensation.objects.count() == 3


def test_above_the_limit_it_goes_to_a_manager_and_stays_ticked() -> None:
    awards = proposed(percent=60)
    agent = somebody(SERVICE)
    sent = {"award": [award.pk for award in awards]}
    answer = choose(agent, "give", **sent)
    assert answer.status_code == 422
    assert "120.00 EUR is above your limit" in text(answer)
    assert answer.content.decode().count(" checked") == 2
    choose(agent, "give", **sent, ask="1")
    assert not Compensation.objects.exists()
    manager = somebody(MANAGER)
    manager.post(address("decide_approval", Approval.objects.get().pk, "approve"))
    assert Compensation.objects.count() == 2


@pytest.mark.parametrize("chosen", ["ticked", "all"])
def test_what_came_to_another_amount_since_the_list_was_opened_is_not_given(chosen: str) -> None:
    awards = proposed()
    agent = somebody(SERVICE)
    page = agent.get(address("awards"))
    CompensationPolicy.objects.update(percent=20)
    awarding.run_policies(at=SOON)
    sent: dict[str, Any] = {"all": "1"} if chosen == "all" else {"award": [award.pk for award in awards]}
    answer = choose(agent, "give", page=page, **sent)
    assert answer.status_code == 409
    assert "10.00 EUR was proposed" in text(answer)
    assert not Compensation.objects.exists()
    assert choose(agent, "give", page=answer, **sent).status_code == 302
    assert set(Compensation.objects.values_list("amount", flat=True)) == {Decimal(20)}


def test_what_was_proposed_since_the_list_was_opened_is_not_given_with_all_of_it() -> None:
    proposed(1)
    agent = somebody(SERVICE)
    page = agent.get(address("awards"))
    later = a_late_line()
    awarding.run_policies(at=SOON)
    choose(agent, "give", page=page, all="1")
    assert not Compensation.objects.filter(line=later).exists()
    assert Compensation.objects.count() == 1


@pytest.mark.parametrize(
    "field", ["", "7", "7:abc", "x:1.00", "7:1", "٧:1.00", "9" * 30 + ":1.00", "7:" + "9" * 30 + ".00"]
)
def test_a_listing_that_is_none_chooses_nothing(field: str) -> None:
    assert listed(field) == {}


@given(st.dictionaries(st.integers(1, 10**18 - 1), st.decimals(0, 10**9, places=2)))
def test_a_listing_is_read_as_it_was_written(amounts: dict[int, Decimal]) -> None:
    assert listed(listing(amounts)) == amounts


def test_nothing_ticked_or_another_verb_is_no_act() -> None:
    proposed(1)
    agent = somebody(SERVICE)
    assert agent.post(address("awards"), {"do": "give"}).status_code == 422
    assert agent.post(address("awards"), {"do": "dance"}).status_code == 404
    assert somebody(AUDITOR).post(address("awards"), {"do": "give", "all": "1"}).status_code == 403
    assert not Compensation.objects.exists()


def test_one_proposal_shows_the_mail_and_is_given() -> None:
    (award,) = proposed(1)
    agent = somebody(SERVICE)
    page = agent.get(address("award", award.pk))
    assert "€10.00" in page.content.decode()
    fill_in(agent, address("award", award.pk))
    assert Compensation.objects.get().amount == 10
    again = fill_in(agent, address("award", award.pk))
    assert again.status_code == 422
    assert "decided before" in text(again)


def test_one_proposal_is_declined_on_its_own_page() -> None:
    (award,) = proposed(1)
    fill_in(somebody(SERVICE), address("decline_award", award.pk), reason="no")
    assert Award.objects.get().state == "declined"


def test_a_manager_writes_a_policy_and_sees_what_it_would_have_cost() -> None:
    a_late_line()
    manager = somebody(MANAGER)
    page = manager.get(address("new_policy"))
    seen = text(manager.post(address("new_policy"), {**filled(page, **TERMS), "preview": "1"}))
    assert "All customers: a promise broken by 5 days, 10 % of what waits off the order." in seen
    assert "With this policy, 0 of the 0 promises broken in the last 30 days would have cost 0.00 EUR." in seen
    fill_in(manager, address("new_policy"), **TERMS)
    assert CompensationPolicy.objects.get().days == 5
    assert "Late" in text(manager.get(address("policies")))


def test_a_policy_that_makes_no_sense_keeps_what_was_typed() -> None:
    manager = somebody(MANAGER)
    answer = fill_in(manager, address("new_policy"), **{**TERMS, "amount": "5"})
    assert answer.status_code == 422
    assert "Give either a share" in text(answer)
    assert 'value="Late"' in answer.content.decode()


def test_a_policy_is_changed() -> None:
    policy = a_policy()
    manager = somebody(MANAGER)
    fill_in(manager, address("policy", policy.pk), days=9, active_until=str(day(9)))
    policy.refresh_from_db()
    assert (policy.days, policy.active_until, policy.version) == (9, day(9), 2)


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("new_policy", SERVICE, 403),
        ("new_policy", PURCHASING, 403),
        ("new_policy", MANAGER, 200),
        ("policies", SERVICE, 200),
        ("policies", AUDITOR, 200),
        ("policies", PURCHASING, 403),
        ("awards", PURCHASING, 403),
    ],
)
def test_managers_decide_and_agents_give(name: str, role: Any, status: int) -> None:
    assert somebody(role).get(address(name)).status_code == status


def test_the_effect_is_told_with_its_uncertainty() -> None:
    awards = proposed(12, held_out_percent=50, mode="give")
    held = [award for award in awards if award.state == "held_out"]
    seen = text(somebody(MANAGER).get(address("policy_effect", awards[0].policy_id)))
    assert "No difference can be told from chance yet" in seen
    assert f"0 of {len(held)}: 0 % (0–" in seen


def test_the_order_says_what_was_given_and_why_or_why_not() -> None:
    (award,) = proposed(1)
    agent = somebody(SERVICE)
    page = address("order", award.line.order_id)
    seen = text(agent.get(page))
    assert "10.00 EUR: waits for a decision. " in seen
    compensating.give({award.pk: award.amount}, by=None, at=SOON)
    assert "10.00 EUR: given" in text(agent.get(page))


def test_the_list_reads_as_much_for_many_as_for_few() -> None:
    counts = []
    agent = somebody(SERVICE)
    a_policy()
    for many in (2, 12):
        for _ in range(many):
            a_late_line()
        awarding.run_policies(at=SOON)
        with CaptureQueriesContext(connection) as seen:
            agent.get(address("awards"))
        counts.append(len(seen))
    assert counts[0] == counts[1]
