"""Undoing puts back what an act changed, as an act of its own, while nothing irreversible has followed from it."""

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, Sum

from backorders import rows
from backorders.actions.asking import order_changed
from backorders.actions.done import Done
from backorders.actions.warehouse import move
from backorders.allocation.locking import lock_products
from backorders.allocation.models import Promise
from backorders.allocation.replanning import replan
from backorders.changes.acting import act
from backorders.changes.models import ChangeSet, Touch
from backorders.changes.recording import open_change, touch
from backorders.orders.models import Cancellation, Order, OrderLine, Refund
from backorders.refusal import Refused
from backorders.supply.models import EtaRevision, PurchaseLine, Receipt, StockLevel, StockMovement


class NotUndoable(Refused):
    """Something irreversible happened since, or somebody changed the same thing again."""


@act
def undo(change_set: ChangeSet, *, by: AbstractBaseUser | None, at: datetime.datetime) -> Done[None]:
    """Put back what the change set changed and plan again. Raises `NotUndoable` with the sentence why not.

    Dates go back to what they were: whoever was told the newer date hears of the old one by the usual way.
    """
    ways = _WAYS.get(change_set.act)
    if ways is None:
        raise NotUndoable(f"{change_set.act.replace('_', ' ').capitalize()} cannot be undone.")
    products_of, put_back = ways
    products = lock_products(products_of(change_set))
    if sentence := can_undo(change_set):
        raise NotUndoable(sentence)
    undoing = open_change("undo", undoes=change_set, reason=f"undo of {change_set.act.replace('_', ' ')}", by=by, at=at)
    for kind, object_id in change_set.touches.values_list("kind", "object_id"):
        touch(undoing, kind=Touch.Kind(kind), ids=[object_id])
        if kind == Touch.Kind.ORDER:
            order_changed(object_id)
    put_back(change_set, undoing, at)
    return Done(undoing, replan(products, change_set=undoing, at=at), None)


def can_undo(change_set: ChangeSet) -> str:
    """Return nothing if the change set can be undone now, else the sentence that says why not."""
    if ChangeSet.objects.filter(undoes=change_set).exists():
        return "This was undone before."
    objection = _OBJECTIONS.get(change_set.act)
    if objection is None:
        return f"{change_set.act.replace('_', ' ').capitalize()} cannot be undone."
    return objection(change_set)


# -- what each verb's undo rests on: an objection, the products to lock, the way back ---------------------------------


def _line_objection(change: ChangeSet) -> str:
    line = OrderLine.objects.get(pk=change.before["line"])
    if not line.open_quantity:
        return f"{line} has nothing open any more."
    return _order_objection(change)


def _order_objection(change: ChangeSet) -> str:
    later = _acts_since(change, Touch.Kind.ORDER).exclude(act__in=["confirm_delivery", "place_order"]).first()
    return (
        f"The order was changed again since ({later.act.replace('_', ' ')}, {later.at:%Y-%m-%d %H:%M})."
        if later
        else ""
    )


def _acts_since(change: ChangeSet, kind: Touch.Kind) -> Any:
    touched = change.touches.filter(kind=kind).values("object_id")
    since = ChangeSet.objects.filter(id__gt=change.pk, touches__kind=kind, touches__object_id__in=touched)
    # An act and its undo cancel out.
    return since.exclude(act="undo").exclude(undone_by__isnull=False).order_by("id")


def _cancel_objection(change: ChangeSet) -> str:
    cancelled = Cancellation.objects.filter(change_set=change)
    if cancelled.filter(is_announced=True).exists():
        return "The customer was already told that it is cancelled; place a new order instead."
    if Refund.objects.filter(cancellation__in=cancelled, paid_at__isnull=False).exists():
        return "The refund was already paid; place a new order instead."
    return _order_objection(change)


def _eta_objection(change: ChangeSet) -> str:
    before = {known["id"]: known for known in change.before["purchase_lines"]}
    for line in PurchaseLine.objects.filter(pk__in=before).select_related("purchase_order"):
        if line.version != before[line.pk]["version"]:
            return f"{line} was changed again since."
    split = _split_off(change)
    if split.filter(received__gt=0).exists() or split.filter(version__gt=1).exists():
        return "A part that was split off was changed again since."
    return ""


def _close_objection(change: ChangeSet) -> str:
    line = PurchaseLine.objects.get(pk=change.before["purchase_line"])
    return "" if line.version == change.before["version"] else f"{line} was changed again since."


def _receive_objection(change: ChangeSet) -> str:
    moved = StockMovement.objects.filter(change_set=change).order_by().values("stock_level")
    gone = moved.annotate(units=Sum("quantity")).filter(stock_level__on_hand__lt=F("units")).exists()
    return "Some of these units were already shipped." if gone else ""


def _adjust_objection(change: ChangeSet) -> str:
    level = StockLevel.objects.get(pk=change.before["stock_level"])
    return "" if level.on_hand >= change.before["difference"] else "Some of these units were already shipped."


def _put_flags_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    flags = {name: value for name, value in change.before.items() if name != "line"}
    OrderLine.objects.filter(pk=change.before["line"]).update(**flags)


def _put_quantity_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    line = OrderLine.objects.get(pk=change.before["line"])
    more = line.quantity - change.before["quantity"]
    waiting = min(more, line.waiting)
    OrderLine.objects.filter(pk=line.pk).update(
        quantity=F("quantity") - more, waiting=F("waiting") - waiting, allocated=F("allocated") - (more - waiting)
    )


def _put_cancelled_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    for cancelled in Cancellation.objects.filter(change_set=change).order_by("id"):
        OrderLine.objects.filter(pk=cancelled.line_id).update(
            cancelled=F("cancelled") - cancelled.quantity, waiting=F("waiting") + cancelled.quantity
        )
    taken_back = Cancellation.objects.filter(change_set=change)
    promises = Promise.objects.filter(line__cancellations__in=taken_back)
    promises.update(version=F("version") + 1)
    # Closing a line takes its gap off the work list; what was not announced before is not announced now.
    untold = promises.filter(announced_at__isnull=False, gap_since=None)
    untold = untold.exclude(expected_from=F("announced_from"), expected_until=F("announced_until"))
    untold.exclude(expected_from=None, announced_from=None).update(gap_since=F("changed_at"))
    Refund.objects.filter(cancellation__in=taken_back).delete()
    taken_back.delete()


def _put_etas_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    split = list(_split_off(change))
    before = {known["id"]: known for known in change.before["purchase_lines"]}
    lines = PurchaseLine.objects.in_bulk(list(before))
    revisions = []
    for pk, known in before.items():
        line = lines[pk]
        on, until = _date(known["eta_on"]), _date(known["eta_until"])
        new = (on, until, known["confidence"])
        revisions.append((pk, undoing.pk, at, line.eta_on, line.eta_until, line.confidence, *new, undoing.source))
    PurchaseLine.objects.filter(pk__in=[line.pk for line in split]).update(cancelled=F("quantity"), pegged=0)
    rows.update(
        PurchaseLine,
        ["id", "quantity", "eta_on", "eta_until", "confidence", "version"],
        [
            (k["id"], k["quantity"], _date(k["eta_on"]), _date(k["eta_until"]), k["confidence"], k["version"] + 1)
            for k in before.values()
        ],
    )
    fields = "purchase_line change_set at old_on old_until old_confidence new_on new_until new_confidence source"
    rows.insert(
        EtaRevision,
        [*fields.split(), "reason_code", "note"],
        [(*revision, EtaRevision.ReasonCode.CORRECTION.value, undoing.reason) for revision in revisions],
    )


def _reopen(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    PurchaseLine.objects.filter(pk=change.before["purchase_line"]).update(
        cancelled=F("cancelled") - change.before["closed"], version=F("version") + 1
    )


def _put_received_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    """Take the units out of stock again and let them be outstanding; the receipt itself stays in its ledger."""
    good: Counter[tuple[int, int]] = Counter()
    for receipt in Receipt.objects.filter(change_set=change).select_related("purchase_line").order_by("id"):
        line = receipt.purchase_line
        good[line.product_id, line.warehouse_id] -= receipt.quantity + receipt.over
        PurchaseLine.objects.filter(pk=line.pk).update(
            received=F("received") - receipt.quantity - receipt.damaged, version=F("version") + 1
        )
    move(good, kind=StockMovement.Kind.COUNT, change_set=undoing, at=at)


def _put_count_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    level = StockLevel.objects.get(pk=change.before["stock_level"])
    place = {(level.product_id, level.warehouse_id): -change.before["difference"]}
    move(place, kind=StockMovement.Kind.COUNT, change_set=undoing, at=at)


def _split_off(change: ChangeSet) -> Any:
    """The purchase lines that the revision made out of parts."""
    before = [known["id"] for known in change.before["purchase_lines"]]
    return PurchaseLine.objects.filter(revisions__change_set=change).exclude(pk__in=before).order_by("id")


def _date(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def _of_order(change: ChangeSet) -> Sequence[int]:
    orders = Order.objects.filter(pk__in=change.touches.filter(kind=Touch.Kind.ORDER).values("object_id"))
    return list(OrderLine.objects.filter(order__in=orders).values_list("product", flat=True))


def _of_purchase(change: ChangeSet) -> Sequence[int]:
    touched = change.touches.filter(kind=Touch.Kind.PURCHASE_ORDER).values("object_id")
    return list(PurchaseLine.objects.filter(purchase_order__in=touched).values_list("product", flat=True))


def _of_product(change: ChangeSet) -> Sequence[int]:
    return list(change.touches.filter(kind=Touch.Kind.PRODUCT).values_list("object_id", flat=True))


_Way = tuple[Callable[[ChangeSet], Sequence[int]], Callable[[ChangeSet, ChangeSet, datetime.datetime], None]]
_WAYS: dict[str, _Way] = {
    "expedite": (_of_order, _put_flags_back),
    "hold": (_of_order, _put_flags_back),
    "release": (_of_order, _put_flags_back),
    "change_quantity": (_of_order, _put_quantity_back),
    "cancel": (_of_order, _put_cancelled_back),
    "revise_eta": (_of_purchase, _put_etas_back),
    "close_purchase_line": (_of_purchase, _reopen),
    "receive": (_of_purchase, _put_received_back),
    "adjust_stock": (_of_product, _put_count_back),
}
_OBJECTIONS: dict[str, Callable[[ChangeSet], str]] = {
    "expedite": _line_objection,
    "hold": _line_objection,
    "release": _line_objection,
    "change_quantity": _line_objection,
    "cancel": _cancel_objection,
    "revise_eta": _eta_objection,
    "close_purchase_line": _close_objection,
    "receive": _receive_objection,
    "adjust_stock": _adjust_objection,
}
