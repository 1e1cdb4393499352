"""Splitting an order: part of what waits becomes an order of its own, and keeps its place in the queue."""

import datetime
import string
from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import a_reason, whole_units
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.order_lines import UNWRITTEN, end_unheard, of_written, take_units
from backorders.allocation.gaps import close_promises, reopen_promises
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.models import Promise
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Situation
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.compensation.carrying import carry_over
from backorders.delays.casework import copy as copy_case
from backorders.orders.models import Order, OrderLine
from backorders.refusal import Refused


class NotSplit(Refused):
    """Nothing would be split off, or everything would, or more than is open."""


@act
def split(
    order: Order,
    *,
    units: Sequence[tuple[int, int]],
    reason: str,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[Order]:
    """Make an order of its own of open units, given as (line id, quantity) pairs; they keep their place in the queue.

    It is named after the first (10482-A) and confirmed by mail.
    Raises `NotSplit`, `NotWholeUnits`, `NoReason`, `Stale`.
    """
    products = lock_products(order.lines.values_list("product", flat=True))
    fresh_order(order, seen_version=seen_version)
    wanted = _checked_split(order, units)
    change = open_change("split", reason=a_reason(reason), by=by, at=at)
    made = _twin(order)
    lines = order.lines.filter(pk__in=wanted).order_by("id")
    moved = [[line.pk, move_units(line, wanted[line.pk], made), wanted[line.pk]] for line in lines]
    unpaid = {str(pk): units for pk, units in made.lines.filter(unpaid__gt=0).values_list("pk", "unpaid")}
    change.before = {"order": order.pk, "made": made.pk, "lines": moved, "unpaid": unpaid}
    change.save(update_fields=["before"])
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk, made.pk])
    order_changed(order.pk)
    return Done(change, replan(products, change_set=change, at=at), made)


def preview_split(order: Order, *, units: Sequence[tuple[int, int]], at: datetime.datetime) -> Impact:
    """Return whom it moves if these units become an order of their own; raises the same refusals."""
    wanted = _checked_split(order, units)
    whole = {line.pk for line in order.lines.filter(pk__in=wanted) if line.quantity == wanted[line.pk]}

    def apart(situation: Situation) -> None:
        for pk, quantity in wanted.items():
            line = take_units(situation, pk, quantity)
            if pk in whole:
                situation.lines[pk] = line._replace(order_id=UNWRITTEN)
                continue
            leaving = min(quantity, line.quantity)
            waiting = min(leaving, line.waiting)
            part = line._replace(
                line_id=UNWRITTEN + pk, order_id=UNWRITTEN, waiting=waiting, allocated=leaving - waiting
            )
            situation.lines[part.line_id] = part

    impact = preview(order.lines.values_list("product", flat=True), apart, at=at)
    return of_written(impact)


def next_number(order: Order) -> str:
    """Return the number that the next part of an order gets: 10482-A, 10482-B … 10482-Z, 10482-AA …"""
    stem = order.number[:36]
    taken = set(Order.objects.filter(number__startswith=f"{stem}-").values_list("number", flat=True))
    letters = string.ascii_uppercase
    names = [*letters, *(first + second for first in letters for second in letters)]
    return next(number for name in names if (number := f"{stem}-{name}") not in taken)


def _checked_split(order: Order, units: Sequence[tuple[int, int]]) -> dict[int, int]:
    wanted = {pk: whole_units(quantity) for pk, quantity in units}
    lines = order.lines.in_bulk()
    for pk, quantity in wanted.items():
        if pk not in lines or quantity > lines[pk].open_quantity:
            still = lines[pk].open_quantity if pk in lines else 0
            raise NotSplit(
                _("Only %(still)s units of line %(pk)s of order %(order_number)s are open, not %(quantity)s."),
                still=still,
                pk=pk,
                order_number=order.number,
                quantity=quantity,
            )
    if not wanted:
        raise NotSplit(_("Say which units leave for an order of their own."))
    if sum(wanted.values()) == sum(line.quantity - line.cancelled for line in lines.values()):
        raise NotSplit(_("That is all of order %(order_number)s; leave something on it."), order_number=order.number)
    return wanted


def _twin(order: Order) -> Order:
    """An order like this one for the units that are split off; its confirmation tells the customer of it."""
    names = "shop customer carrier placed_at currency is_paid is_ship_complete is_date_essential".split()
    return Order.objects.create(number=next_number(order), **{name: getattr(order, name) for name in names})


def move_units(line: OrderLine, quantity: int, made: Order) -> int:
    """Move units of a line to an order, which can be its own; return the line they are. A whole untouched line moves
    itself."""
    if quantity == line.quantity:
        OrderLine.objects.filter(pk=line.pk).update(order=made)
        return line.pk
    waiting = min(quantity, line.waiting)
    promise = Promise.objects.get(line=line)
    names = "product price owed_on_top placed_at cause first_from first_until promise_number score overtaken".split()
    copied = {name: getattr(line, name) for name in [*names, "is_expedited", "is_held"]}
    unpaid = line.unpaid_of(quantity)
    new = OrderLine.objects.create(order=made, quantity=quantity, waiting=quantity, unpaid=unpaid, **copied)
    promise.pk = new.pk
    promise.line = new
    promise._state.adding = True
    told = (promise.told_from, promise.told_until)
    is_on_its_way = promise.told_at is None or told != (promise.announced_from, promise.announced_until)
    if (
        is_on_its_way
    ):  # in a message that speaks of the whole alone: of the part nothing was announced but what was told
        promise.announced_from, promise.announced_until, promise.announced_at = *told, promise.told_at
        promise.weighed_version = None
    promise.save(force_insert=True)
    if is_on_its_way:
        reopen_promises([new.pk])
    copy_case(line.pk, to=new.pk)
    carry_over(line.pk, to=new.pk)
    _shrink(line, quantity, waiting)
    return new.pk


def _shrink(line: OrderLine, quantity: int, waiting: int) -> None:
    OrderLine.objects.filter(pk=line.pk).update(
        quantity=F("quantity") - quantity,
        waiting=F("waiting") - waiting,
        allocated=F("allocated") - (quantity - waiting),
        unpaid=F("unpaid") - line.unpaid_of(quantity),
    )
    if quantity == line.open_quantity:
        close_promises([line.pk])


def join_again(change: ChangeSet, *, undoing: ChangeSet) -> None:
    """Give an order back what was split off it; the part stays as an empty order, the record of its number."""
    for pk, moved, quantity in change.before["lines"]:
        if moved == pk:
            OrderLine.objects.filter(pk=pk).update(order=change.before["order"])
            continue
        end_unheard(moved, undoing)
        unpaid = change.before.get("unpaid", {}).get(str(moved), 0)
        OrderLine.objects.filter(pk=pk).update(
            quantity=F("quantity") + quantity, waiting=F("waiting") + quantity, unpaid=F("unpaid") + unpaid
        )
        reopen_promises([pk])
    Order.objects.filter(pk=change.before["made"]).update(is_confirmed=True)
