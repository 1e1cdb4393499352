"""Policies and lines that are owed something, for the tests of what is given for a wait."""

import datetime
from decimal import Decimal
from typing import Any

from backorders.actions import awarding, compensating, policymaking
from backorders.allocation.models import Promise
from backorders.compensation.models import Award, CompensationPolicy
from backorders.orders.models import OrderLine
from tests.factories import AT, a_line, a_product, a_purchase, day, later, revise

TENTH: dict[str, Any] = {"trigger": "late", "days": 5, "kind": "discount", "percent": 10, "currency": "EUR"}


def a_policy(name: str = "Late", **terms: Any) -> CompensationPolicy:
    """A tenth of what waits for promises broken by five days; proposed, without a budget."""
    if "amount" in terms:
        terms.setdefault("percent", None)
    wanted = policymaking.Terms(**{"name": name, "active_from": day(-365), **TENTH, **terms})
    return policymaking.write_policy(wanted, by=None, at=AT).made


def a_late_line(units: int = 2, *, price: int = 50, slips: int = 10, **fields: Any) -> OrderLine:
    """A line that was promised in about ten days and comes `slips` days later; the date has come to rest."""
    product = a_product(price=Decimal(price), cost=Decimal(price) / 2, **fields.pop("product", {}))
    purchase = a_purchase(product, 50, eta=10)
    line = a_line(product, units, **fields)
    revise(purchase, (10 + slips, None))
    line.refresh_from_db()
    assert line.first_until
    assert Promise.objects.get(line=line).expected_until != line.first_until or not slips
    return line


SOON = later(minutes=3)  # the date has settled, and the mail that tells of it still rests


def an_award(line: OrderLine, *, policy: CompensationPolicy | None = None, **fields: Any) -> Award:
    """A proposal for a line, whether or not it is due."""
    facts = {"trigger": "late", "days": 9, "units": 2, "value": "100", "cap": "", "percent": 10, "asked": "10"}
    due = {"trigger": "late", "state": "proposed", "amount": Decimal(10), "currency": "EUR", "at": AT}
    facts |= {"promised": str(day(0))}
    return Award.objects.create(**{"policy": policy or a_policy(), "line": line, "facts": facts, **due, **fields})


def run(at: datetime.datetime = SOON) -> int:
    """Let the clock give and propose."""
    return awarding.run_policies(at=at)


def proposals() -> list[int]:
    """The ids of what is proposed."""
    return list(Award.objects.filter(state="proposed").order_by("id").values_list("id", flat=True))


def awards() -> list[tuple[int, str, Decimal]]:
    """Every award: line, state, amount."""
    return list(Award.objects.order_by("id").values_list("line_id", "state", "amount"))


def give(ids: list[int] | None = None, **how: Any) -> Any:
    """Give what is proposed, in the amounts that are proposed."""
    seen = dict(Award.objects.filter(pk__in=proposals() if ids is None else ids).values_list("id", "amount"))
    return compensating.give(seen, **{"by": None, "at": SOON, **how})
