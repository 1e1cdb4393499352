"""Reallocating: one waiting line goes before another in the queue, and gets the units the other would have had.

The plan serves by rank, so units are never handed over by hand: promise numbers change, and the plan follows.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions.checking import NotOpen, a_reason
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.order_lines import ask_of_line, less
from backorders.actions.seconding import before_others
from backorders.actions.splitting import move_units
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.ranking import fairness_bound, rank_key
from backorders.allocation.reading import read
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import OpenLine, Situation, part_of, written
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.orders.models import OrderLine
from backorders.refusal import Refused


class NothingToGive(Refused):
    """The line has no units another could have, is of another product, or comes later anyway."""


class GoesBefore(NamedTuple):
    """One line that goes directly before another of its product; `seen_version` is its order's as it was shown.

    `units`: only so many of those it waits for, which become a line of their own beside the rest in the same order.
    """

    line_id: int
    before_id: int
    seen_version: int | None = None
    units: int | None = None


class Places(NamedTuple):
    """Lines whose place changes: (line id, promise number before, after), (line id, was it expedited, is it)."""

    numbers: list[tuple[int, int | None, int | None]]
    expedited: list[tuple[int, bool, bool]]

    @property
    def before(self) -> dict[str, Any]:
        """What `give_places_back` needs to know."""
        return {"numbers": self.numbers, "expedited": [[pk, was] for pk, was, _ in self.expedited]}


@act
def reallocate(
    line: OrderLine,
    *,
    before: OrderLine,
    reason: str,
    seen_version: int | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Let `line` go directly before another line of the same product. Whoever stands between loses what it gains.

    Raises `NothingToGive`, `NotOpen`, `NoReason`, `Stale` (the order of `line` changed), `NeedsApproval` unless whoever
    asks may approve.
    """
    lock_whole_orders(lock_products([line.product_id]))
    moves = [GoesBefore(line.pk, before.pk, seen_version)]
    check_seen(moves)
    line.refresh_from_db()
    places = new_places(read([line.product_id]), moves, at=at)
    why = a_reason(reason)
    ask = ask_of_line("reallocating.reallocate", line, reason, before=before.pk)
    before_others(ask, by=by, approved_by=approved_by)
    change = open_change("reallocate", reason=why, before=places.before, by=by, at=at)
    take_places(places, moves, change_set=change)
    return Done(change, replan([line.product_id], change_set=change, at=at), line)


def preview_reallocation(line: OrderLine, *, before: OrderLine, at: datetime.datetime) -> Impact:
    """Return who loses and who gains if `line` goes before the other; raises the same refusals. Writes nothing."""

    def moved(situation: Situation) -> None:
        new_places(situation, [GoesBefore(line.pk, before.pk)], at=at)

    return preview([line.product_id], moved, at=at)


def check_seen(moves: Sequence[GoesBefore]) -> None:
    """Lock the orders (of locked products) of the lines that are moved. Raises `Stale` if one changed since."""
    lines = _named(moves)
    seen = {lines[move.line_id].order: move.seen_version for move in moves if move.line_id in lines}
    for order in sorted(seen, key=lambda order: order.pk):
        fresh_order(order, seen_version=seen[order])


def new_places(situation: Situation, moves: Sequence[GoesBefore], *, at: datetime.datetime) -> Places:
    """Let each line go before the other in the situation, move by move; return every place that differs then.

    Units that `take_parts` did not make a line of their own are one in the situation only.
    Raises `NothingToGive`, `NotOpen`.
    """
    was, named = dict(situation.lines), _named(moves)
    for part, move in enumerate(moves):
        if move.line_id not in named or move.before_id not in named:
            raise NothingToGive(_("Choose another line of the same product."))
        line, before = named[move.line_id], named[move.before_id]
        mine = _apart(situation, line, move.units, part)
        numbers, is_expedited = _renumbered(situation, mine, line, before, at)
        for pk, number in numbers.items():
            situation.lines[pk] = situation.lines[pk]._replace(promise_number=number)
        situation.lines[mine] = situation.lines[mine]._replace(is_expedited=is_expedited)
    pairs = [(was[pk], line) for pk, line in sorted(situation.lines.items()) if pk in was and line is not was[pk]]
    return Places(
        [(old.line_id, old.promise_number, new.promise_number) for old, new in pairs],
        [
            (old.line_id, old.is_expedited, new.is_expedited)
            for old, new in pairs
            if old.is_expedited < new.is_expedited
        ],
    )


def take_parts(moves: Sequence[GoesBefore]) -> list[GoesBefore]:
    """Make units that go before others a line of their own where that can be; return the moves of these lines.

    Call it before `new_places`, which refuses what cannot be.
    """
    taken = []
    for move in moves:
        line = OrderLine.objects.select_related("order").filter(pk=move.line_id).first()
        units = move.units or 0
        is_part = line is not None and 0 < units <= line.waiting and units < line.open_quantity
        is_part = is_part and move.line_id != move.before_id
        if line is not None and is_part:
            made = move_units(line, units, line.order)
            taken.append(move._replace(line_id=made, units=None))
        else:
            taken.append(move)
    return taken


def parts_made(wanted: Sequence[GoesBefore], taken: Sequence[GoesBefore]) -> list[tuple[int, int, int, int]]:
    """Return what `take_parts` made: line, the line that units of it became, how many, how many of them unpaid."""
    made = [(move.line_id, part.line_id, move.units or 0) for move, part in zip(wanted, taken, strict=True)]
    parts = [each for each in made if each[0] != each[1]]
    unpaid = dict(OrderLine.objects.filter(pk__in=[to for _line, to, _units in parts]).values_list("pk", "unpaid"))
    return [(*each, unpaid[each[1]]) for each in parts]


def as_written(impact: Impact) -> Impact:
    """Return the impact with the parts of a line, which are not written yet, named as their line."""
    return replace(
        impact,
        moves=[move._replace(line_id=written(move.line_id)) for move in impact.moves],
        served=[each._replace(line_id=written(each.line_id)) for each in impact.served],
        lost=[each._replace(line_id=written(each.line_id)) for each in impact.lost],
    )


def take_places(places: Places, moves: Sequence[GoesBefore], *, change_set: ChangeSet) -> None:
    """Write new places, and that the orders of the lines that were moved or passed have changed."""
    orders = {line.order_id for line in _named(moves).values()}
    touch(change_set, kind=Touch.Kind.ORDER, ids=orders)
    for order_id in sorted(orders):
        order_changed(order_id)
    rows.update(OrderLine, ["id", "promise_number"], [(pk, new) for pk, _old, new in places.numbers])
    rows.update(OrderLine, ["id", "is_expedited"], [(pk, new) for pk, _old, new in places.expedited])


def give_places_back(change: ChangeSet) -> None:
    """Give every line its promise number back that still has the one it was given then."""
    numbers = change.before.get("numbers", [])
    now = dict(OrderLine.objects.filter(pk__in=[pk for pk, _, _ in numbers]).values_list("pk", "promise_number"))
    still = [(pk, old) for pk, old, new in numbers if now.get(pk) == new]
    rows.update(OrderLine, ["id", "promise_number"], still)
    rows.update(OrderLine, ["id", "is_expedited"], [(pk, was) for pk, was in _expedited_before(change.before)])


def _expedited_before(before: dict[str, Any]) -> Iterable[tuple[int, bool]]:
    """Who was expedited; older change sets name the one line that was moved."""
    return [(before["line"], before["is_expedited"])] if "line" in before else before.get("expedited", [])


def ahead_of(line: OrderLine, *, at: datetime.datetime, most: int) -> list[int]:
    """Return the ids of the lines that go before this one and hold units, the nearest first, at most so many."""
    situation = read([line.product_id])
    if line.pk not in situation.lines:
        return []
    queue = _queue(situation, at)
    mine = next((place for place, each in enumerate(queue) if each.line_id == line.pk), 0)
    return [each.line_id for each in reversed(queue[:mine]) if each.promise_number is not None][:most]


def _named(moves: Sequence[GoesBefore]) -> dict[int, OrderLine]:
    wanted = {pk for move in moves for pk in move[:2]}
    return OrderLine.objects.select_related("order", "product").in_bulk(wanted)


def _apart(situation: Situation, line: OrderLine, units: int | None, number: int) -> int:
    """Return what goes before another: the line, or so many units of it, which become a line of the situation."""
    known = situation.lines.get(line.pk)
    if known is None or units is None or units == known.quantity:
        return line.pk
    if not 0 < units <= known.waiting:
        raise NothingToGive(
            _("%(line)s waits for %(waiting)s units; %(units)s cannot be given to it."),
            line=line,
            waiting=known.waiting,
            units=units,
        )
    part = known._replace(line_id=part_of(line.pk, number), waiting=units, allocated=0)
    situation.lines[line.pk], situation.lines[part.line_id] = less(known, units), part
    return part.line_id


def _renumbered(
    situation: Situation, mine: int, line: OrderLine, before: OrderLine, at: datetime.datetime
) -> tuple[dict[int, int], bool]:
    """Return the new promise numbers by line, and whether the line must be expedited as the other is; `mine` is the
    line, or the part of it that goes.

    The line gets the number after the other's; the other and all behind it move up by two, so that nobody else passes.
    """
    if line.product_id != before.product_id or line.pk == before.pk:
        raise NothingToGive(_("Choose another line of the same product."))
    if mine not in situation.lines or line.is_held:
        raise NotOpen(_("%(line)s waits for nothing."), line=line)
    queue = _queue(situation, at)
    places = {each.line_id: place for place, each in enumerate(queue)}
    if before.pk not in places or (first := situation.lines[before.pk].promise_number) is None:
        raise NothingToGive(_("%(before)s holds no units that another could have."), before=before)
    if places[before.pk] > places[mine]:
        raise NothingToGive(_("%(line)s goes before %(before)s already."), line=line, before=before)
    behind = [each for each in queue[places[before.pk] :] if each.line_id != mine]
    numbers = {
        each.line_id: each.promise_number + 2
        for each in behind
        if each.promise_number is not None and each.promise_number >= first
    }
    return {**numbers, mine: first + 1}, situation.lines[before.pk].is_expedited


def _queue(situation: Situation, at: datetime.datetime) -> list[OpenLine]:
    bound = fairness_bound(business_day(at))
    served = [each for each in situation.lines.values() if not each.is_held]
    return sorted(served, key=lambda each: rank_key(each, bound=bound))
