"""Supply is put back: the dates from before, what was received is outstanding again, a count is taken back."""

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.actions import compensating
from backorders.actions.moving import move
from backorders.actions.reallocating import give_places_back
from backorders.actions.revisions import record_revisions
from backorders.actions.seconding import Weight
from backorders.allocation.models import PromiseChange
from backorders.changes.models import ChangeSet, Touch
from backorders.notifications.models import LaterWord
from backorders.orders.models import ShipmentLine
from backorders.refusal import said
from backorders.supply.models import EtaRevision, PurchaseLine, Receipt, StockLevel, StockMovement


def eta_objection(change: ChangeSet) -> Any:
    before = {known["id"]: known for known in change.before["purchase_lines"]}
    for line in PurchaseLine.objects.filter(pk__in=before).select_related("purchase_order"):
        if line.version != before[line.pk]["version"]:
            return said(_("%(line)s was changed again since."), line=line)
    split = _split_off(change)
    if split.filter(received__gt=0).exists() or split.filter(version__gt=1).exists():
        return _("A part that was split off was changed again since.")
    return ""


def close_objection(change: ChangeSet) -> Any:
    line = PurchaseLine.objects.get(pk=change.before["purchase_line"])
    return "" if line.version == change.before["version"] else said(_("%(line)s was changed again since."), line=line)


def receive_objection(change: ChangeSet) -> Any:
    """A receipt goes back while its units are there, and while nobody dated its rest again."""
    dated = eta_objection(change) if change.before.get("purchase_lines") else ""
    return dated or units_objection(change)


def units_objection(change: ChangeSet) -> Any:
    """Units that came in by the act can go again while they are there."""
    moved = StockMovement.objects.filter(change_set=change).order_by().values("stock_level")
    gone = moved.annotate(units=Sum("quantity")).filter(stock_level__on_hand__lt=F("units")).exists()
    return _("Some of these units were already shipped.") if gone else ""


def return_objection(change: ChangeSet) -> Any:
    """Of a return from before they could be undone, it is not known which parcel it was of."""
    if "shipment_line" not in change.before:
        return _("It was made before returns could be undone. Count the stock instead.")
    return units_objection(change)


def adjust_objection(change: ChangeSet) -> Any:
    level = StockLevel.objects.get(pk=change.before["stock_level"])
    counts = ChangeSet.objects.filter(act="adjust_stock", movements__stock_level=level, id__gt=change.pk)
    if counts.filter(undone_by=None).exists():
        return _("It was counted again since.")
    return "" if level.on_hand >= change.before["difference"] else _("Some of these units were already shipped.")


def places_given(change: ChangeSet) -> Weight:
    """Whom a manager put before others while receiving, nobody but a manager puts behind them again."""
    return Weight(is_before_others=bool(change.before.get("numbers")))


def counted(change: ChangeSet) -> Weight:
    return Weight(units=abs(change.before["difference"]))


def put_etas_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    """Let the purchase lines in `change.before` have the dates from before; parts that were split off are no more.

    Whom staff wanted to tell of the change themselves hears by itself again.
    """
    split = list(_split_off(change))
    before = {known["id"]: known for known in change.before["purchase_lines"]}
    lines = PurchaseLine.objects.in_bulk(list(before))
    revised = []
    for pk, known in before.items():
        line = lines[pk]
        old = (line.eta_on, line.eta_until, line.confidence)
        line.eta_on, line.eta_until = _day(known["eta_on"]), _day(known["eta_until"])
        line.confidence = known["confidence"]
        revised.append((line, *old))
    PurchaseLine.objects.filter(pk__in=[line.pk for line in split]).update(cancelled=F("quantity"), pegged=0)
    rows.update(
        PurchaseLine,
        ["id", "quantity", "eta_on", "eta_until", "confidence", "version"],
        [
            (k["id"], k["quantity"], _day(k["eta_on"]), _day(k["eta_until"]), k["confidence"], k["version"] + 1)
            for k in before.values()
        ],
    )
    record_revisions(undoing, revised, reason_code=EtaRevision.ReasonCode.CORRECTION, note=undoing.reason, at=at)
    products = {line.product_id for line in lines.values()}
    compensating.propose_again(change, products=products)
    moved = PromiseChange.objects.filter(change_set=change).values("line__order__customer")
    waiting = LaterWord.objects.filter(change_set=change)
    waiting.exclude(customer__in=moved.exclude(line__product__in=products)).delete()


def reopen(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    PurchaseLine.objects.filter(pk=change.before["purchase_line"]).update(
        cancelled=F("cancelled") - change.before["closed"], version=F("version") + 1
    )


def put_received_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    """Take the units out of stock again and let them be outstanding; the receipt itself stays in its ledger.

    Who was put before others goes back to their place, and the rest has the date it had.
    """
    if change.before.get("purchase_lines"):
        put_etas_back(change, undoing, at)
    give_places_back(change)
    good: Counter[tuple[int, int]] = Counter()
    for receipt in Receipt.objects.filter(change_set=change).select_related("purchase_line").order_by("id"):
        line = receipt.purchase_line
        good[line.product_id, line.warehouse_id] -= receipt.quantity + receipt.over
        PurchaseLine.objects.filter(pk=line.pk).update(
            received=F("received") - receipt.quantity - receipt.damaged, version=F("version") + 1
        )
    move(good, kind=StockMovement.Kind.COUNT, change_set=undoing, at=at)


def let_return_be_out(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    """Take the units out of stock again; their parcel has them."""
    moved = StockMovement.objects.filter(change_set=change).select_related("stock_level").get()
    ShipmentLine.objects.filter(pk=change.before["shipment_line"]).update(returned=F("returned") - moved.quantity)
    place = {(moved.stock_level.product_id, moved.stock_level.warehouse_id): -moved.quantity}
    move(place, kind=StockMovement.Kind.COUNT, change_set=undoing, at=at)


def put_count_back(change: ChangeSet, undoing: ChangeSet, at: datetime.datetime) -> None:
    level = StockLevel.objects.get(pk=change.before["stock_level"])
    place = {(level.product_id, level.warehouse_id): -change.before["difference"]}
    move(place, kind=StockMovement.Kind.COUNT, change_set=undoing, at=at)


def _split_off(change: ChangeSet) -> Any:
    """The purchase lines that the revision made out of parts of those it was opened on."""
    before = [known["id"] for known in change.before["purchase_lines"]]
    split = PurchaseLine.objects.filter(revisions__change_set=change.pk, split_from__in=before)
    return split.exclude(pk__in=before).order_by("id")


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def of_purchase(change: ChangeSet) -> Sequence[int]:
    """Return the products of the purchase orders that the change touched."""
    touched = change.touches.filter(kind=Touch.Kind.PURCHASE_ORDER).values("object_id")
    return list(PurchaseLine.objects.filter(purchase_order__in=touched).values_list("product", flat=True))


def of_product(change: ChangeSet) -> Sequence[int]:
    return list(change.touches.filter(kind=Touch.Kind.PRODUCT).values_list("object_id", flat=True))
