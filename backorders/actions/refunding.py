"""Refunding: what is owed back for cancelled units, by when, and that it was paid."""

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backorders.actions.done import Done
from backorders.actions.freshness import order_changed
from backorders.allocation.alternatives import Alternative
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.compensation.netting import Off, net
from backorders.delays.ending import last_day, refunded, refunds_due
from backorders.orders.models import Cancellation, Compensation, Order, OrderLine, Refund, Shipment
from backorders.refusal import Refused

REFUND_DAYS = 7


class NothingOwed(Refused):
    """The refund was paid before, or its cancellation was undone meanwhile."""


@act
def pay_refund(refund: Refund, *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[Refund]:
    """Record that a refund was paid; its cancellation cannot be undone any more. Raises `NothingOwed`."""
    line = refund.cancellation.line
    lock_products([line.product_id])  # undoing the cancellation, which deletes the refund, waits for it
    if not Refund.objects.filter(pk=refund.pk, paid_at=None).update(paid_at=at):
        raise NothingOwed(
            _("The refund of %(refund)s for order %(line_order)s is not owed any more."),
            refund=refund,
            line_order=line.order,
        )
    change = open_change("pay_refund", summary={"refund": refund.pk}, by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[line.order_id])
    order_changed(line.order_id)
    refunded(line.pk, at=at)
    refund.refresh_from_db()
    return Done(change, Impact(), refund)


def refunds_of(units: Sequence[tuple[OrderLine, int]], *, one_of_them: bool = False) -> list[Decimal]:
    """Return what is paid back if so many units of each of these lines are cancelled, in this order, or `one_of_them`.

    It is what was paid of them, if the order is paid, less the money off that was given for them before. What was
    ordered on top since leaves first, and was not paid. The statements do not grow with the lines.
    """
    paid = [(line, count - line.unpaid_of(count)) for line, count in units]
    return _refunds(paid, one_of_them=one_of_them)


def _refunds(
    units: Sequence[tuple[OrderLine, int]], *, made: Sequence[Cancellation] = (), one_of_them: bool = False
) -> list[Decimal]:
    """Return what is paid back for so many units of each of these lines that were paid, if their orders were. `made`
    are the cancellations of these very units, where they are written already."""
    offs = _offs({line.order_id for line, _quantity in units if line.order.is_paid}, without=made)
    had_left = _had_left({each.change_set for each in made}) if offs else {}
    lost_since = next(iter(had_left.values()), None)
    amounts = []
    for line, quantity in units:
        value = line.paid * quantity if line.order.is_paid else Decimal(0)
        after = {gift: _without(gift, off, line.pk, quantity, lost_since) for gift, off in offs.items()}
        amounts.append(net(value, offs.values(), after.values()))
        if not one_of_them:
            offs = after
    return amounts


def refund_of(units: Sequence[tuple[OrderLine, int]]) -> Decimal:
    """Return what is paid back in all if so many units of each of these lines are cancelled."""
    return sum(refunds_of(units), Decimal(0))


def differences_of(units: Sequence[tuple[OrderLine, int, Decimal]]) -> list[Decimal]:
    """Return what is paid back if units of a line become others that cost so much less in all, each as if it were the
    only one: less the money off that was given for them before. The statements do not grow with the lines."""
    cheaper = {line.order_id for line, _quantity, back in units if back and line.order.is_paid}
    known = families(cheaper) if cheaper else {}
    of_family: dict[frozenset[int], list[Off]] = {}
    for gift, off in _offs(cheaper).items():
        of_family.setdefault(known.get(gift.order_id, frozenset({gift.order_id})), []).append(off)
    amounts = []
    for line, quantity, back in units:
        is_cheaper = back and line.order.is_paid
        offs = of_family.get(known[line.order_id], []) if is_cheaper else []
        paid = quantity - line.unpaid_of(quantity)
        after = [off.following(line.pk, 0, paid, back=back / paid) for off in offs]
        amounts.append(net(back, offs, after))
    return amounts


def netted(alternatives: Iterable[Alternative], lines: Mapping[int, OrderLine]) -> list[Alternative]:
    """Return alternatives of these lines (by id) with the difference that really goes back, and what of it was given
    off before."""
    found = list(alternatives)
    priced = [(lines[each.line_id], each.units, each.price.back) for each in found if each.price]
    amounts = iter(differences_of(priced))
    return [each._replace(price=each.price.after_gifts(next(amounts))) if each.price else each for each in found]


def owe_refunds(cancellations: Sequence[Cancellation], *, at: datetime.datetime) -> None:
    """Owe what was paid for cancelled units, by the day that the law of the line says, or else that of the house."""
    by_law = refunds_due([made.line_id for made in cancellations], at=at)
    paid = [made for made in cancellations if made.line.order.is_paid]
    amounts = _refunds([(made.line, made.paid_units) for made in paid], made=paid)
    Refund.objects.bulk_create(
        Refund(
            cancellation=made,
            amount=amount,
            currency=made.line.order.currency,
            due_at=by_law.get(made.line_id, due_by_house(at)),
        )
        for made, amount in zip(paid, amounts, strict=True)
        if amount
    )


def covered(lines: "QuerySet[OrderLine]") -> dict[str, int]:
    """Return what money off for these lines is given for now: their open units that are paid, if their order is, by
    id as JSON keeps it."""
    return {str(line.pk): line.open_quantity - line.unpaid_of(line.open_quantity) for line in lines.order_by("id")}


def is_counted(change: ChangeSet) -> bool:
    """Whether a refund of later was smaller because of the money off that an act gave."""
    given = Compensation.objects.filter(change_set=change, kind=Compensation.Kind.DISCOUNT, order__is_paid=True)
    offs = _offs(set(given.values_list("order", flat=True)))
    return any(off.gone for gift, off in offs.items() if gift.change_set_id == change.pk)


# -- where money off has gone -----------------------------------------------------------------------------------------


def _offs(orders: Collection[int], *, without: Collection[Cancellation] = ()) -> dict[Compensation, Off]:
    """Return the money off of these orders, and of those that they were split from, as it stands now.

    Each is followed from the units it was given for through what came after: splits, exchanges, cancellations.
    """
    family = {pk for known in families(orders).values() for pk in known}
    gifts = Compensation.objects.filter(kind=Compensation.Kind.DISCOUNT, order__in=family).order_by("id")
    offs: dict[Compensation, Off] = {}
    if not family or not (found := list(gifts)):
        return offs
    prices = dict(OrderLine.objects.filter(order__in=family).values_list("pk", F("price") - F("owed_on_top")))
    happened = _happened(family, prices, since=found[0].change_set_id, without=without)
    for gift in found:
        units = {int(pk): count for pk, count in gift.covers.items() if int(pk) in prices}
        off = Off.given(gift.amount, units, prices)
        for change_id, left_at, step in happened:
            if change_id > gift.change_set_id and (left_at is None or left_at > gift.at):
                off = step(off)
        offs[gift] = off
    return offs


def families(orders: Collection[int]) -> dict[int, frozenset[int]]:
    """Return these orders and those they were split from, or that were split off them: each with all of its own."""
    found = {pk: frozenset({pk}) for pk in orders}
    known, new = set[int](), set(orders)
    while new:
        known |= new
        of_these = {"touches__kind": Touch.Kind.ORDER, "touches__object_id__in": new}
        splits = ChangeSet.objects.filter(act="split", **of_these).values_list("before", flat=True)
        new = set()
        for before in splits:
            pair = {before["order"], before["made"]}
            together = frozenset(pair).union(*(found.get(pk, ()) for pk in pair))
            found.update(dict.fromkeys(together, together))
            new |= pair - known
    return found


Step = Callable[[Off], Off]


def _happened(
    orders: Collection[int], prices: Mapping[int, Decimal], *, since: int, without: Collection[Cancellation]
) -> list[tuple[int, datetime.datetime | None, Step]]:
    """Return what happened to the units of these orders, oldest first: the change (id), when a lost parcel had left,
    and what it does to money off. What was undone did not happen; only the lines that a receipt made of units of others
    stay."""
    undone = ChangeSet.objects.filter(undoes=OuterRef("pk"))
    stand = Q(act__in=("split", "substitute")) & ~Exists(undone)
    moving = ChangeSet.objects.filter(stand | Q(act="receive", before__has_key="parts"), pk__gt=since)
    moving = moving.filter(touches__kind=Touch.Kind.ORDER, touches__object_id__in=orders).distinct()
    steps: list[tuple[int, datetime.datetime | None, Step]] = []
    for change in moving.order_by("id"):
        was = change.before
        if change.act == "split":
            unpaid = was.get("unpaid", {})
            moves = [(pk, to, units - unpaid.get(str(to), 0), Decimal(0)) for pk, to, units in was["lines"] if to != pk]
        elif change.act == "receive":
            moves = [(pk, to, units - unpaid, Decimal(0)) for pk, to, units, unpaid in was["parts"] if pk in prices]
        else:
            back = max(prices[was["line"]] - prices[was["new_line"]], Decimal(0))
            moves = [(was["line"], was["new_line"], was["units"] - was.get("unpaid", 0), back)]
        steps += [(change.pk, None, partial(_follow, move=move)) for move in moves]
    gone = Cancellation.objects.filter(line__order__in=orders, change_set__gt=since).select_related("change_set")
    gone = gone.exclude(change_set__act__in=("substitute", "undo")).exclude(pk__in=[each.pk for each in without])
    cancelled = list(gone.order_by("id"))
    left_at = _had_left({each.change_set for each in cancelled})
    for each in cancelled:
        taken = partial(Off.without, line=each.line_id, units=each.paid_units)
        steps.append((each.change_set_id, left_at.get(each.change_set_id), taken))
    return sorted(steps, key=lambda step: step[0])


def _follow(off: Off, *, move: tuple[int, int, int, Decimal]) -> Off:
    line, to, units, back = move
    return off.following(line, to, units, back=back)


def _had_left(changes: Collection[ChangeSet]) -> dict[int, datetime.datetime]:
    """When the parcels had left whose loss these changes (by id) wrote down."""
    lost = {change.before["shipment"]: change.pk for change in changes if change.act == "lose_parcel"}
    shipped = Shipment.objects.filter(pk__in=lost).values_list("pk", "shipped_at") if lost else ()
    return {lost[pk]: at for pk, at in shipped}


def _without(gift: Compensation, off: Off, line: int, units: int, left_at: datetime.datetime | None) -> Off:
    """Money off after units were cancelled now; what had left before it was given has no part in it."""
    return off if left_at is not None and left_at <= gift.at else off.without(line, units)


def due_by_house(at: datetime.datetime) -> datetime.datetime:
    """Return by when money is back that is owed from now on, where no law says so."""
    return at + datetime.timedelta(days=REFUND_DAYS)


def refund_due_on(order: Order, line_ids: Collection[int], *, at: datetime.datetime) -> datetime.date:
    """Return by when the money for units of these lines is owed if they are cancelled now: the earliest of their days,
    on the customer's calendar."""
    by_law = refunds_due(line_ids, at=at).values()
    return last_day(min(by_law, default=due_by_house(at)), order=order)
