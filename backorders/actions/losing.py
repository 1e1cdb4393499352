"""Losing: a parcel that will not arrive. Its units are sent again, from their old place in the queue, or paid back."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions.checking import a_reason
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_order, order_changed
from backorders.actions.refunding import owe_refunds
from backorders.actions.seconding import Ask, for_value
from backorders.actions.selling import cancel_units
from backorders.allocation.gaps import close_promises, reopen_promises
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.models import Promise
from backorders.allocation.reading import open_lines
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Situation
from backorders.allocation.windows import business_day
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.delays.ending import ended, taken_back
from backorders.notifications import superseding, writing
from backorders.notifications.dates import BABEL, day_in_words
from backorders.notifications.models import PersonalText
from backorders.orders.models import Cancellation, OrderLine, Refund, Shipment, ShipmentLine
from backorders.refusal import Refused


class NotLost(Refused):
    """The parcel cannot be given up: it was before, something of it came back, or the customer has it."""


@act
def lose_parcel(
    shipment: Shipment,
    *,
    pays_back: bool,
    reason: str,
    seen_version: int | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[Shipment]:
    """Give a parcel up as lost: its units wait again where they waited before, or (`pays_back`) are cancelled.

    The customer hears of it by mail. What the carrier said of its delivery does not count any more. The law of a line
    that was to be sent stays as it was when it was; of one that was to be delivered it goes on.
    Raises `NotLost`, `NoReason`, `Stale`, `NeedsApproval` above the limit of what is cancelled.
    """
    products = lock_products(shipment.lines.values_list("line__product", flat=True))
    lock_whole_orders(products)
    fresh_order(shipment.order, seen_version=seen_version)
    shipment.refresh_from_db()
    inside = _inside(shipment)
    if pays_back:
        given = {"shipment": shipment.pk, "reason": reason, "seen_version": shipment.order.version}
        ask = Ask("losing.lose_parcel", given, f"{shipment.order}")
        worth = sum((each.line.price * each.quantity for each in inside), Decimal())
        for_value(worth, ask, currency=shipment.order.currency, by=by, approved_by=approved_by)
    change = open_change("lose_parcel", reason=a_reason(reason), before=_was(shipment), by=by, at=at)
    touch(change, kind=Touch.Kind.ORDER, ids=[shipment.order_id])
    order_changed(shipment.order_id)
    told = {"is_announced": True, "is_arrival_announced": True}
    Shipment.objects.filter(pk=shipment.pk).update(lost_at=at, delivered_at=None, delivery_confirmed_by="", **told)
    _wait_again(inside)
    if pays_back:
        _pay_back(inside, change, at)
    impact = replan(products, change_set=change, at=at)
    if not pays_back:
        _tell(shipment, change, at)
    shipment.refresh_from_db()
    return Done(change, impact, shipment)


def preview_loss(shipment: Shipment, *, pays_back: bool, at: datetime.datetime) -> Impact:
    """Return whom it moves if the units of the parcel wait again; paid back they move nobody. Raises `NotLost`."""
    inside = _inside(shipment)
    units = {each.line_id: each.quantity for each in inside}
    if pays_back:
        return Impact(checked=len(units))

    def waits(situation: Situation) -> None:
        for known in open_lines(units):
            situation.lines[known.line_id] = known._replace(waiting=known.waiting + units[known.line_id])

    return preview({each.line.product_id for each in inside}, waits, at=at)


def find_again(change: ChangeSet, *, at: datetime.datetime) -> None:
    """Let a parcel that was given up be on its way again, or delivered, as it was."""
    was = change.before
    inside = list(ShipmentLine.objects.filter(shipment=was["shipment"]).select_related("line").order_by("id"))
    if message := was.get("message"):
        superseding.take_back([message], at=at)
    cancelled = Cancellation.objects.filter(change_set=change)
    was_cancelled = list(cancelled)
    Refund.objects.filter(cancellation__in=cancelled).delete()
    cancelled.delete()
    _sent_again(inside, was_cancelled)
    delivered = datetime.datetime.fromisoformat(was["delivered_at"]) if was["delivered_at"] else None
    fields = {name: was[name] for name in _TOLD}
    _date_again(was["windows"])
    taken_back(was_cancelled, at=at)
    Shipment.objects.filter(pk=was["shipment"]).update(lost_at=None, delivered_at=delivered, **fields)


_TOLD = ("delivery_confirmed_by", "is_announced", "is_arrival_announced")


def _was(shipment: Shipment) -> dict[str, object]:
    delivered = shipment.delivered_at.isoformat() if shipment.delivered_at else ""
    return {
        "shipment": shipment.pk,
        "delivered_at": delivered,
        "windows": _windows(shipment),
        **{name: getattr(shipment, name) for name in _TOLD},
    }


_WINDOWS = ("own_from", "own_until", "expected_from", "expected_until")


def _windows(shipment: Shipment) -> dict[str, list[str]]:
    """When the rest of the lines was expected: what lies ready keeps its date, so the plan would not find it again."""
    rest = Promise.objects.filter(line__in=shipment.lines.values("line"), line__waiting=0, line__allocated__gt=0)
    return {str(pk): [day and day.isoformat() for day in days] for pk, *days in rest.values_list("line_id", *_WINDOWS)}


def _date_again(windows: Mapping[str, Sequence[str | None]]) -> None:
    days = {int(pk): [day and datetime.date.fromisoformat(day) for day in each] for pk, each in windows.items()}
    rows.update(Promise, ["line", *_WINDOWS], [(pk, *each) for pk, each in days.items()])
    reopen_promises(sorted(days))


def _inside(shipment: Shipment) -> list[ShipmentLine]:
    """What is in a parcel that can be given up."""
    if shipment.lost_at is not None:
        raise NotLost(_("%(shipment)s was given up before."), shipment=shipment)
    if shipment.delivery_confirmed_by == Shipment.Confirmed.CUSTOMER:
        raise NotLost(_("The customer said that %(shipment)s arrived."), shipment=shipment)
    inside = list(shipment.lines.select_related("line__order").order_by("line"))
    if any(each.returned for each in inside):
        raise NotLost(_("Something of %(shipment)s came back: it is not lost."), shipment=shipment)
    return inside


def _wait_again(inside: Sequence[ShipmentLine]) -> None:
    known = OrderLine.objects.in_bulk([each.line_id for each in inside])
    rows.update(
        OrderLine,
        ["id", "shipped", "waiting"],
        [
            (each.line_id, known[each.line_id].shipped - each.quantity, known[each.line_id].waiting + each.quantity)
            for each in inside
        ],
    )
    reopen_promises(sorted(known))


def _sent_again(inside: Sequence[ShipmentLine], was_cancelled: Sequence[Cancellation]) -> None:
    """The units are in their parcel once more, and not cancelled, waiting or lying ready."""
    known = OrderLine.objects.in_bulk([each.line_id for each in inside])
    unpaid = {gone.line_id: gone.unpaid for gone in was_cancelled}
    changed = []
    for each in inside:
        line = known[each.line_id]
        waiting = 0 if was_cancelled else min(each.quantity, line.waiting)
        cancelled = each.quantity if was_cancelled else 0
        line.unpaid += unpaid.get(line.pk, 0)
        line.allocated -= each.quantity - waiting - cancelled
        line.waiting -= waiting
        line.cancelled -= cancelled
        line.shipped += each.quantity
        changed.append((line.pk, line.shipped, line.waiting, line.allocated, line.cancelled, line.unpaid))
    rows.update(OrderLine, ["id", "shipped", "waiting", "allocated", "cancelled", "unpaid"], changed)
    close_promises([line.pk for line in known.values() if not line.open_quantity])


def _pay_back(inside: Sequence[ShipmentLine], change: ChangeSet, at: datetime.datetime) -> None:
    lines = OrderLine.objects.select_related("order").in_bulk([each.line_id for each in inside])
    made = [cancel_units(lines[each.line_id], each.quantity, change_set=change, at=at) for each in inside]
    ended(made, by_customer=False, at=at)
    owe_refunds(made, at=at)


def _tell(shipment: Shipment, change: ChangeSet, at: datetime.datetime) -> None:
    language = shipment.order.customer.language
    language = language if language in BABEL else "en"
    with override(language):
        text = gettext(
            "The parcel that we sent you on %(day)s is lost; we are sorry. We send everything in it again, and you pay "
            "nothing for it. When it arrives stands below. Would you rather have your money back? You can cancel until "
            "we send it."
        ) % {"day": day_in_words(business_day(shipment.shipped_at), language)}
    occasion = f"change {change.pk}"
    letter = writing.message(shipment.order, text=text, states_dates=True, occasion=occasion, at=at)
    made = writing.post(letter, at=at)
    change.before = {**change.before, "message": made.pk}
    change.save(update_fields=["before"])
    PersonalText.objects.create(message=made, text=text, states_dates=True, change_set=change)
