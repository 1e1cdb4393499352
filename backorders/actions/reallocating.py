"""Reallocating: one waiting line goes before another in the queue, and gets the units the other would have had.

The plan serves by rank, so units are never handed over by hand: promise numbers change, and the plan follows.
"""

import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions.checking import NotOpen, a_reason
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.ranking import fairness_bound, rank_key
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import OpenLine, Situation, read
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.orders.models import OrderLine
from backorders.refusal import Refused


class NothingToGive(Refused):
    """The line has no units another could have, is of another product, or comes later anyway."""


@act
def reallocate(
    line: OrderLine,
    *,
    before: OrderLine,
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Let `line` go directly before another line of the same product. Whoever stands between loses what it gains.

    Raises `NothingToGive`, `NotOpen`, `NoReason`, `Stale` (the order of `line` changed).
    """
    lock_whole_orders(lock_products([line.product_id]))
    fresh_order(line.order, seen_version=seen_version)
    line.refresh_from_db()
    before.refresh_from_db()
    numbers, is_expedited = _renumbered(read([line.product_id]), line, before, at)
    lines = OrderLine.objects.filter(pk__in=numbers).order_by("pk").values_list("pk", "promise_number")
    was = {"line": line.pk, "is_expedited": line.is_expedited, "numbers": [[pk, old, numbers[pk]] for pk, old in lines]}
    change = open_change("reallocate", reason=a_reason(reason), before=was, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[line.order_id, before.order_id])
    for order_id in sorted({line.order_id, before.order_id}):
        order_changed(order_id)
    rows.update(OrderLine, ["id", "promise_number"], sorted(numbers.items()))
    OrderLine.objects.filter(pk=line.pk).update(is_expedited=is_expedited)
    return Done(change, replan([line.product_id], change_set=change, at=at), line)


def preview_reallocation(line: OrderLine, *, before: OrderLine, at: datetime.datetime) -> Impact:
    """Return who loses and who gains if `line` goes before the other; raises the same refusals. Writes nothing."""

    def moved(situation: Situation) -> None:
        numbers, is_expedited = _renumbered(situation, line, before, at)
        for pk, number in numbers.items():
            situation.lines[pk] = situation.lines[pk]._replace(promise_number=number)
        situation.lines[line.pk] = situation.lines[line.pk]._replace(is_expedited=is_expedited)

    return preview([line.product_id], moved, at=at)


def give_places_back(change: ChangeSet) -> None:
    """Give every line its promise number back that still has the one it was given then."""
    now = dict(
        OrderLine.objects.filter(pk__in=[pk for pk, _, _ in change.before["numbers"]]).values_list(
            "pk", "promise_number"
        )
    )
    still = [(pk, old) for pk, old, new in change.before["numbers"] if now.get(pk) == new]
    rows.update(OrderLine, ["id", "promise_number"], still)
    OrderLine.objects.filter(pk=change.before["line"]).update(is_expedited=change.before["is_expedited"])


def ahead_of(line: OrderLine, *, at: datetime.datetime, most: int) -> list[int]:
    """Return the ids of the lines that go before this one and hold units, the nearest first, at most so many."""
    situation = read([line.product_id])
    if line.pk not in situation.lines:
        return []
    queue = _queue(situation, at)
    mine = next((place for place, each in enumerate(queue) if each.line_id == line.pk), 0)
    return [each.line_id for each in reversed(queue[:mine]) if each.promise_number is not None][:most]


def _renumbered(
    situation: Situation, line: OrderLine, before: OrderLine, at: datetime.datetime
) -> tuple[dict[int, int], bool]:
    """Return the new promise numbers by line, and whether the line must be expedited as the other is.

    The line gets the number after the other's; the other and all behind it move up by two, so that nobody else passes.
    """
    if line.product_id != before.product_id or line.pk == before.pk:
        raise NothingToGive(_("Choose another line of the same product."))
    if line.pk not in situation.lines or line.is_held:
        raise NotOpen(_("%(line)s waits for nothing."), line=line)
    queue = _queue(situation, at)
    places = {each.line_id: place for place, each in enumerate(queue)}
    if before.pk not in places or before.promise_number is None:
        raise NothingToGive(_("%(before)s holds no units that another could have."), before=before)
    if places[before.pk] > places[line.pk]:
        raise NothingToGive(_("%(line)s goes before %(before)s already."), line=line, before=before)
    first = before.promise_number
    behind = [each for each in queue[places[before.pk] :] if each.line_id != line.pk]
    numbers = {
        each.line_id: each.promise_number + 2
        for each in behind
        if each.promise_number is not None and each.promise_number >= first
    }
    return {**numbers, line.pk: first + 1}, before.is_expedited


def _queue(situation: Situation, at: datetime.datetime) -> list[OpenLine]:
    bound = fairness_bound(business_day(at))
    served = [each for each in situation.lines.values() if not each.is_held]
    return sorted(served, key=lambda each: rank_key(each, bound=bound))
