"""A product's policy says whether more units of it may wait."""

from typing import Any

import pytest

from backorders.allocation.joining import Joined
from backorders.allocation.salability import objection
from backorders.allocation.windows import Window
from backorders.catalog.models import Product
from tests.factories import TODAY, day


def asked(*, waits: int = 2, own: Window | None = None, uncovered: int = 0, **asks: Any) -> str:
    product = Product(**{"backorder_policy": "allow", **asks.pop("product", {})})
    joined = Joined([], uncovered, own or Window(day(1), day(8)), is_estimate=False)
    return objection(product, waits, joined, **{"waiting": 0, "leans_on_risk": False, "today": TODAY, **asks})


@pytest.mark.parametrize(
    ("asks", "sentence"),
    [
        ({"product": {"backorder_policy": "never"}}, "not sold before it arrives"),
        ({"product": {"backorder_policy": "limited", "backorder_limit": 3}, "waiting": 2}, "at most 3 may"),
        ({"product": {"backorder_policy": "inbound"}, "uncovered": 1}, "1 more than what is on its way"),
        ({"product": {"longest_wait_days": 7}}, "it would take 8 days"),
        ({"leans_on_risk": True}, "supplier is at risk"),
    ],
)
def test_a_policy_objects_in_a_sentence(asks: dict[str, Any], sentence: str) -> None:
    assert sentence in asked(**asks)
    assert asked(**asks, waits=0) == ""


def test_what_a_policy_allows_meets_no_objection() -> None:
    assert asked() == ""
    assert asked(product={"backorder_policy": "limited", "backorder_limit": 3}, waiting=1) == ""
    assert asked(product={"longest_wait_days": 8}) == ""
