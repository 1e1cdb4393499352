"""Reshaping an order that waits: part of it becomes an order of its own, or another product comes instead."""

import datetime
import string
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders.actions.accepting import accept, products_of
from backorders.actions.checking import a_reason, whole_units
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.order_lines import less
from backorders.actions.refunding import differences_of, due_by_house
from backorders.actions.selling import cancel_units, cancellable
from backorders.allocation.gaps import close_promises, reopen_promises
from backorders.allocation.impact import Impact
from backorders.allocation.joining import Joined, Newcomer, join
from backorders.allocation.locking import lock_products
from backorders.allocation.models import Promise
from backorders.allocation.ranking import score
from backorders.allocation.reading import makings_of, read_free
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import OpenLine, Situation, youngest
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product, Substitute
from backorders.catalog.pricing import price_instead
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.compensation.carrying import carry_over
from backorders.compensation.models import Trigger
from backorders.delays.casework import copy as copy_case
from backorders.notifications import writing
from backorders.notifications.letters import Money, Owed
from backorders.orders.models import Cancellation, Order, OrderLine, Refund
from backorders.refusal import Refused
from backorders.sentences import Sentence

UNWRITTEN = youngest(0)  # ids of lines that are not there yet, in a preview


class NotSplit(Refused):
    """Nothing would be split off, or everything would, or more than is open."""


class NoSubstitute(Refused):
    """The product is not named as a substitute of the other, or is not sold."""


class Exchange(NamedTuple):
    """What a substitution comes to: a unit's price, what goes back, what is paid on top, what we bear, how the new
    units are supplied."""

    units: int
    price: Decimal
    back: Decimal
    extra: Decimal
    ours: Decimal
    joined: Joined


# -- splitting --------------------------------------------------------------------------------------------------------


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
            line = _taken_from(situation, pk, quantity)
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
    return _of_written(impact)


def _taken_from(situation: Situation, line_id: int, units: int) -> OpenLine:
    """Take units from an open line of the situation; return the line as it was."""
    known = situation.open_line(line_id)
    del situation.lines[line_id]
    if (left := less(known, units)).quantity > 0:
        situation.lines[line_id] = left
    return known


def _of_written(impact: Impact) -> Impact:
    """An impact without the lines that are not there yet."""
    known = [move for move in impact.moves if move.line_id < UNWRITTEN]
    served = [one for one in impact.served if one.line_id < UNWRITTEN]
    return Impact(known, served, impact.checked, impact.uncovered, [o for o in impact.lost if o.line_id < UNWRITTEN])


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


# -- substituting -----------------------------------------------------------------------------------------------------


@act
def substitute(
    line: OrderLine,
    *,
    product: Product,
    quantity: int | None = None,
    reason: Sentence,
    seen_version: int | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[OrderLine]:
    """Give another product in place of open units of a line (all of them unless given), as agreed with the customer.

    It joins its own queue as a new order would, at the price that the substitute's treatment says; a paid order gets
    the difference back. The customer is told.
    Raises `NoSubstitute`, `NotAccepted`, `NotCancellable`, `NoReason`, `Stale`.
    """
    order = line.order
    products = lock_products({product.pk, *order.lines.values_list("product", flat=True)})
    fresh_order(order, seen_version=seen_version)
    line.refresh_from_db()
    exchange = _exchange(line, product, quantity, at)
    change = open_change("substitute", reason=a_reason(reason), by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[order.pk])
    order_changed(order.pk)
    gone = cancel_units(line, exchange.units, change_set=change, is_announced=True, at=at)
    new = _new_line(line, product, exchange, gone.unpaid, at)
    owed = _owe(order, gone, exchange.back, at)
    impact = replan(products, change_set=change, at=at)
    Promise.objects.filter(line=new).update(gap_since=None)
    _state_first_promise(new)
    letter = writing.substituted(
        order,
        line=new,
        instead_of=f"{exchange.units} × {line.product.name}",
        owed=owed,
        on_top=Money(exchange.extra, order.currency) if exchange.extra else None,
        occasion=f"change {change.pk}",
        at=at,
    )
    made = writing.post(letter, at=at)
    was = {"is_confirmed": order.is_confirmed, "units": exchange.units, "unpaid": gone.unpaid}
    change.before = {"line": line.pk, "new_line": new.pk, "message": made.pk, **was}
    change.save(update_fields=["before"])
    return Done(change, impact, new)


def preview_substitute(
    line: OrderLine, *, product: Product, quantity: int | None = None, at: datetime.datetime
) -> tuple[Exchange, Impact]:
    """Return what the exchange comes to and whom it moves; raises the same refusals. Writes nothing."""
    exchange = _exchange(line, product, quantity, at)

    def exchanged(situation: Situation) -> None:
        known = _taken_from(situation, line.pk, exchange.units)
        situation.lines[UNWRITTEN] = _newest(known, product, exchange)

    return exchange, _of_written(
        preview({product.pk, *line.order.lines.values_list("product", flat=True)}, exchanged, at=at)
    )


def _newest(known: OpenLine, product: Product, exchange: Exchange) -> OpenLine:
    """The open line that the substitute's units would be, beside the line that they replace."""
    return known._replace(
        line_id=UNWRITTEN,
        product_id=product.pk,
        allocated=0,
        waiting=exchange.units,
        is_expedited=False,
        promise_number=None,
        is_held=False,
        overtaken=0,
        own_from=None,
        own_until=None,
        expected_from=None,
        expected_until=None,
        told_from=None,
        told_until=None,
    )


def _exchange(line: OrderLine, product: Product, quantity: int | None, at: datetime.datetime) -> Exchange:
    products_of([product])
    named = Substitute.objects.filter(product=line.product_id, substitute=product).first()
    if named is None:
        raise NoSubstitute(
            _("%(product_sku)s is not named as a substitute of %(line_product_sku)s."),
            product_sku=product.sku,
            line_product_sku=line.product.sku,
        )
    units = cancellable(line, quantity)
    price = price_instead(
        named,
        units=units,
        unpaid=line.unpaid_of(units),
        original=line.price,
        paid=line.paid,
        currency=line.order.currency,
    )
    if price is None:
        raise NoSubstitute(
            _(
                "%(product_sku)s is priced in %(product_currency)s, "
                "and order %(order_number)s is in %(order_currency)s."
            ),
            product_sku=product.sku,
            product_currency=product.currency,
            order_number=line.order.number,
            order_currency=line.order.currency,
        )
    today = business_day(at)
    own_score = score(tier=line.order.customer.tier, value=units * price.unit, placed_on=today)
    newcomer = Newcomer(product.pk, units, own_score, line.order.carrier.transit_days)
    free = read_free({product.pk: units}, makings=makings_of([product]))
    joined = join(free, [newcomer], today=today)[0]
    accept([(product, units, joined)], today=today)
    [back] = differences_of([(line, units, price.back)])
    return Exchange(units, price.unit, back, price.extra, price.ours, joined)


def _new_line(line: OrderLine, product: Product, exchange: Exchange, unpaid: int, at: datetime.datetime) -> OrderLine:
    """The line of the substitute, waiting in full: the plan gives it what is there."""
    own_score = score(
        tier=line.order.customer.tier, value=exchange.units * exchange.price, placed_on=business_day(line.placed_at)
    )
    new = OrderLine.objects.create(
        order=line.order,
        product=product,
        quantity=exchange.units,
        waiting=exchange.units,
        unpaid=unpaid,
        price=exchange.price,
        owed_on_top=exchange.extra / exchange.units if line.order.is_paid else Decimal(0),
        placed_at=line.placed_at,
        score=own_score,
    )
    OrderLine.objects.filter(pk=line.pk).update(replaced_by=new)
    carry_over(line.pk, to=new.pk, triggers=(Trigger.WAIT,))  # its promise is another, its wait the same
    Promise.objects.create(
        line=new, product=product, customer_id=line.order.customer_id, score=own_score, changed_at=at
    )
    return new


def _owe(order: Order, gone: Cancellation, back: Decimal, at: datetime.datetime) -> Owed | None:
    if not order.is_paid or not back:
        return None
    due = due_by_house(at)
    Refund.objects.create(cancellation=gone, amount=back, currency=order.currency, due_at=due)
    return Owed(back, order.currency, business_day(due))


def _state_first_promise(line: OrderLine) -> None:
    promise = Promise.objects.get(line=line)
    OrderLine.objects.filter(pk=line.pk).update(first_from=promise.expected_from, first_until=promise.expected_until)


# -- the way back -----------------------------------------------------------------------------------------------------


def join_again(change: ChangeSet, *, undoing: ChangeSet) -> None:
    """Give an order back what was split off it; the part stays as an empty order, the record of its number."""
    for pk, moved, quantity in change.before["lines"]:
        if moved == pk:
            OrderLine.objects.filter(pk=pk).update(order=change.before["order"])
            continue
        _end(moved, undoing)
        unpaid = change.before.get("unpaid", {}).get(str(moved), 0)
        OrderLine.objects.filter(pk=pk).update(
            quantity=F("quantity") + quantity, waiting=F("waiting") + quantity, unpaid=F("unpaid") + unpaid
        )
        reopen_promises([pk])
    Order.objects.filter(pk=change.before["made"]).update(is_confirmed=True)


def take_substitute_back(change: ChangeSet, *, undoing: ChangeSet) -> None:
    """Let the original units wait again; the line of the substitute stays, with nothing open."""
    old, new, units = (change.before[name] for name in ("line", "new_line", "units"))
    _end(new, undoing)
    Order.objects.filter(lines=old).update(is_confirmed=change.before["is_confirmed"])
    gone = Cancellation.objects.filter(change_set=change)
    Refund.objects.filter(cancellation__in=gone).delete()
    gone.delete()
    OrderLine.objects.filter(pk=old).update(
        cancelled=F("cancelled") - units,
        waiting=F("waiting") + units,
        unpaid=F("unpaid") + change.before.get("unpaid", 0),
        replaced_by=None,
    )
    reopen_promises([old])


def _end(line_id: int, undoing: ChangeSet) -> None:
    """Close a line that should not have been; of this no customer hears."""
    line = OrderLine.objects.get(pk=line_id)
    OrderLine.objects.filter(pk=line_id).update(
        cancelled=F("cancelled") + line.open_quantity, waiting=0, allocated=0, unpaid=0
    )
    close_promises([line_id])
    said = {"quantity": line.open_quantity, "at": undoing.at, "reason": undoing.reason, "is_announced": True}
    Cancellation.objects.create(line=line, change_set=undoing, **said)
