"""Gifts: what policies owe is locked, in the order of all locks, and written down with what is given for it."""

import datetime
from collections.abc import Collection, Iterable, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F

from backorders import rows
from backorders.actions import offering, refunding
from backorders.allocation.locking import lock_products
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.compensation.models import Award, CompensationPolicy
from backorders.compensation.weighing import Due
from backorders.orders.models import Compensation, Order, OrderLine

State = Award.State


def lock(due: Collection[Due]) -> None:
    """Lock what the dues rest on, in the order of all locks: products, then orders."""
    lock_products({each.case.product_id for each in due})
    lock_orders({each.case.order_id for each in due})


def lock_orders(ids: Collection[int]) -> None:
    """Nothing else is given for these orders until the act ends."""
    list(Order.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk"))


def locked_policies(ids: Iterable[int]) -> list[CompensationPolicy]:
    """Lock policies, and with them their budgets and proposals; return them as they are now, the oldest first."""
    mine = CompensationPolicy.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=sorted(set(ids)))
    return list(mine.order_by("pk"))


def open_gifts(due: Sequence[Due], *, giver: AbstractBaseUser | None, at: datetime.datetime) -> ChangeSet:
    """Open the change set of gifts, of a person's or the clock's; their orders have changed."""
    summary = {"awards": len(due), "amount": str(sum(each.amount for each in due))}
    change = open_change("give_compensation", summary=summary, by=giver, at=at)
    orders = {each.case.order_id for each in due}
    touch(change, kind=Touch.Kind.ORDER, ids=orders)
    Order.objects.filter(pk__in=orders).update(version=F("version") + 1)
    return change


def write_gifts(
    due: Sequence[Due], policies: Sequence[CompensationPolicy], change: ChangeSet, at: datetime.datetime
) -> dict[tuple[int, int], int]:
    """Write what is given; return the compensations' ids by line and policy (ids)."""
    known = {policy.pk: policy for policy in policies}
    open_units = refunding.covered(OrderLine.objects.filter(pk__in={each.case.line_id for each in due}))
    rows.insert(
        Compensation,
        ["order", "line", "covers", "change_set", "kind", "amount", "currency", "reason", "at", "is_announced"],
        [
            (
                *(each.case.order_id, each.case.line_id, {str(each.case.line_id): open_units[str(each.case.line_id)]}),
                *(change.pk, known[each.policy_id].kind, each.amount),
                *(each.case.currency, known[each.policy_id].name, at, False),
            )
            for each in due
        ],
    )
    offering.reckon_again({each.case.order_id for each in due}, at=at)
    mine = Compensation.objects.filter(change_set=change).order_by("id")
    named = {policy.name: policy.pk for policy in policies}
    return {(line or 0, named[reason]): pk for pk, line, reason in mine.values_list("id", "line", "reason")}


def write_awards(
    due: Sequence[Due], state: str, change: ChangeSet | None, made: dict[tuple[int, int], int], at: datetime.datetime
) -> None:
    """Write awards of one state down; those given with the compensation that `write_gifts` made."""
    decided = None if state == State.PROPOSED else at
    rows.insert(
        Award,
        [
            *("policy", "line", "trigger", "state", "amount", "currency", "facts", "at", "decided_at", "change_set"),
            "compensation",
        ],
        [
            (
                *(each.policy_id, each.case.line_id, each.facts["trigger"], str(state), each.amount),
                *(each.case.currency, each.facts, at, decided, change and change.pk),
                made.get((each.case.line_id, each.policy_id)),
            )
            for each in due
        ],
    )


def drop_proposals(due: Sequence[Due]) -> None:
    """What is decided by rule is not proposed any more."""
    for trigger in {each.facts["trigger"] for each in due}:
        lines = [each.case.line_id for each in due if each.facts["trigger"] == trigger]
        Award.objects.filter(state=State.PROPOSED, trigger=trigger, line__in=lines).delete()
