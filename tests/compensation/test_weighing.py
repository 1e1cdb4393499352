"""What a line is owed is one amount with its reason: a share or a sum, capped, the same every time."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.compensation.models import CompensationPolicy
from backorders.compensation.weighing import Case, Due, Purse, best, days_late, is_held_out, weigh, within
from tests.factories import TODAY, day

CENTS = st.decimals(min_value=0, max_value=999, places=2)


def policy(**terms: Any) -> CompensationPolicy:
    known = {"pk": 1, "trigger": "late", "days": 5, "percent": 10, "currency": "EUR", "active_from": day(-100)}
    if "amount" in terms:
        known["percent"] = None
    return CompensationPolicy(**{**known, **terms})


def case(**facts: Any) -> Case:
    known: dict[str, Any] = {
        "line_id": 1,
        "order_id": 1,
        "customer_id": 1,
        "product_id": 1,
        "category_id": 1,
        "tier": 0,
        "currency": "EUR",
        "units": 2,
        "price": Decimal(50),
        "cost": Decimal(40),
        "cost_currency": "EUR",
        "placed_on": day(-30),
        "first_until": day(-6),
        "expected_until": day(4),
        "worth": Decimal(100),
        "given": Decimal(0),
    }
    return Case(**{**known, **facts})


def owed(terms: dict[str, Any] | None = None, **facts: Any) -> Decimal | None:
    due = weigh(policy(**(terms or {})), case(**facts), today=TODAY)
    return due.amount if due else None


def test_a_tenth_of_what_waits_is_owed_for_a_broken_promise() -> None:
    due = weigh(policy(), case(), today=TODAY)
    assert due is not None
    assert (due.amount, due.days) == (Decimal(10), 10)
    assert due.facts == {
        "trigger": "late",
        "days": 10,
        "units": 2,
        "value": "100",
        "cap": "",
        "percent": 10,
        "asked": "10.00",
        "promised": day(-6).isoformat(),
    }


@pytest.mark.parametrize(
    ("first", "expected", "late"),
    [(-6, 4, 10), (4, 9, 5), (4, None, 0), (-3, None, 3), (-3, -4, 3), (4, 2, 0), (None, 9, 0)],
)
def test_late_is_counted_from_the_first_promise(first: int | None, expected: int | None, late: int) -> None:
    dates = {"first_until": first, "expected_until": expected}
    known = case(**{name: None if at is None else day(at) for name, at in dates.items()})
    assert days_late(known, today=TODAY) == late


@pytest.mark.parametrize(
    ("terms", "facts"),
    [
        ({"days": 10}, {}),
        ({"active_from": day(-6)}, {}),
        ({"active_until": TODAY}, {}),
        ({"least_tier": 1}, {"tier": 1}),
        ({}, {"given": Decimal("99.99")}),
        ({"trigger": "wait", "days": 30}, {}),
    ],
)
def test_what_lies_just_inside_of_a_policy_is_owed(terms: dict[str, Any], facts: dict[str, Any]) -> None:
    assert weigh(policy(**terms), case(**facts), today=TODAY) is not None


@pytest.mark.parametrize(
    ("terms", "facts"),
    [
        ({"days": 11}, {}),
        ({"active_from": day(1)}, {}),
        ({"active_until": day(-1)}, {}),
        ({"active_from": day(-5)}, {}),
        ({"currency": "TRY"}, {}),
        ({"least_tier": 2}, {"tier": 1}),
        ({"category_id": 7}, {}),
        ({}, {"units": 0}),
        ({}, {"given": Decimal(100)}),
        ({"margin_percent": 50}, {"cost": Decimal(60)}),
        ({"margin_percent": 50}, {"cost_currency": "TRY"}),
        ({"trigger": "wait", "days": 31}, {}),
    ],
)
def test_what_lies_outside_of_a_policy_is_owed_nothing(terms: dict[str, Any], facts: dict[str, Any]) -> None:
    assert owed() == 10
    assert owed(terms, **facts) is None


@pytest.mark.parametrize(
    ("terms", "facts", "amount", "cap"),
    [
        ({"amount": Decimal(7)}, {}, 7, ""),
        ({"percent": 33}, {"price": Decimal("0.05")}, Decimal("0.03"), ""),
        ({"margin_percent": 25}, {}, 5, "margin"),
        ({"percent": 50}, {"given": Decimal(70)}, 30, "worth"),
        ({"trigger": "wait", "days": 30}, {}, 10, ""),
        ({"least_tier": 2}, {"tier": 2}, 10, ""),
        ({"category_id": 1}, {}, 10, ""),
    ],
)
def test_the_amount_is_capped_and_says_by_what(
    terms: dict[str, Any], facts: dict[str, Any], amount: Any, cap: str
) -> None:
    due = weigh(policy(**terms), case(**facts), today=TODAY)
    assert due is not None
    assert (due.amount, due.facts["cap"]) == (amount, cap)


@given(st.integers(1, 100), st.integers(1, 9), CENTS, CENTS, CENTS, st.integers(1, 100))
def test_nobody_is_given_more_than_a_cap_allows(
    percent: int, units: int, price: Decimal, cost: Decimal, before: Decimal, share: int
) -> None:
    known = case(units=units, price=price, cost=cost, worth=price * units, given=before)
    due = weigh(policy(percent=percent, margin_percent=share), known, today=TODAY)
    if due is None:
        return
    assert due.amount > 0
    assert due.amount == round(due.amount, 2)
    assert due.amount + before <= known.worth
    assert due.amount * 100 <= (price - cost) * units * share
    assert due == weigh(policy(percent=percent, margin_percent=share), known, today=TODAY)


def due(policy_id: int, line: int, amount: int, *, days: int = 9, trigger: str = "late", order: int = 0) -> Due:
    known = case(line_id=line, order_id=order or line)
    return Due(policy_id, known, Decimal(amount), {"trigger": trigger, "cap": ""}, days, is_held_out=False)


def test_of_several_policies_the_best_answers_a_breach() -> None:
    chosen = best([due(2, 1, 5), due(1, 1, 5), due(3, 1, 4), due(4, 2, 1, days=20)])
    assert [(each.policy_id, each.case.line_id) for each in chosen] == [(4, 2), (1, 1)]


def test_the_lines_of_an_order_together_are_given_no_more_than_it_is_worth() -> None:
    chosen = best([due(1, 1, 70, order=9), due(1, 2, 70, order=9), due(1, 3, 70, order=9)])
    assert [(each.amount, each.facts["cap"]) for each in chosen] == [(70, ""), (30, "worth")]


def test_a_budget_is_spent_on_the_worst_first() -> None:
    purse = Purse(total=Decimal(50), month=Decimal(10))
    queue = [due(1, 1, 6), due(1, 2, 6), due(1, 3, 4)]
    assert [each.case.line_id for each in within(queue, purse)] == [1, 3]
    assert within(queue, Purse(None, None)) == queue
    assert within(queue, Purse(Decimal(-1), None)) == []


def test_who_is_held_out_is_always_held_out_and_about_as_many_as_said() -> None:
    share = policy(held_out_percent=20)
    held = [is_held_out(share, customer) for customer in range(2000)]
    assert held == [is_held_out(share, customer) for customer in range(2000)]
    assert 330 < sum(held) < 470
    assert not any(is_held_out(policy(), customer) for customer in range(100))
    assert held != [is_held_out(policy(pk=2, held_out_percent=20), customer) for customer in range(2000)]


def test_a_wait_counts_from_the_day_it_became_long() -> None:
    long = {"trigger": "wait", "days": 10}
    assert owed({**long, "active_from": TODAY - datetime.timedelta(days=20)}) == 10
    assert owed({**long, "active_from": TODAY - datetime.timedelta(days=19)}) is None
