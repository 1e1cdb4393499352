"""A policy that contradicts itself is refused; a changed one keeps what it said before."""

from decimal import Decimal
from typing import Any

import pytest

from backorders.actions import policymaking
from backorders.compensation.models import CompensationPolicy
from backorders.refusal import Refused, Stale
from tests.compensation.policies import a_policy
from tests.factories import a_user, day, later

pytestmark = pytest.mark.django_db


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
    with pytest.raises(policymaking.BadPolicy, match="already exists"):
        a_policy()


def test_a_changed_policy_keeps_what_it_said_before_and_knows_who_is_late() -> None:
    policy = a_policy()
    terms = policymaking.Terms(
        name="Late", trigger="late", days=9, kind="credit", currency="EUR", active_from=day(0), percent=5
    )
    done = policymaking.write_policy(terms, policy=policy, seen_version=1, by=a_user(), at=later(hours=1))
    assert (done.made.pk, done.made.days, done.made.version) == (policy.pk, 9, 2)
    assert (done.change_set.before["days"], done.change_set.before["percent"]) == ("5", "10")
    with pytest.raises(Stale):
        policymaking.write_policy(terms, policy=policy, seen_version=1, by=None, at=later(hours=2))
