"""Buying: goods are ordered from suppliers, and what does not come any more is given up."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from backorders.actions import wanting
from backorders.actions.checking import NotOpen, a_reason, fitting, whole_units
from backorders.actions.done import Done
from backorders.actions.etas import BadEta, EtaPart, check_eta, check_outstanding
from backorders.actions.freshness import fresh_purchase_lines
from backorders.actions.revisions import record_revisions
from backorders.actions.seconding import Ask, for_impact
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.reading import lot_of
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Situation, youngest
from backorders.allocation.windows import business_day
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.changes.recording import open_change, touch
from backorders.refusal import Refused
from backorders.supply.models import Confidence, EtaRevision, PurchaseLine, PurchaseOrder, Supplier, Warehouse


class PurchaseNumberTaken(Refused):
    """Another purchase order has this number."""


@dataclass(frozen=True)
class OrderedGoods:
    """A product and quantity ordered from a supplier for a warehouse, with its ETA if there is one."""

    product: Product
    warehouse: Warehouse
    quantity: int
    eta_on: datetime.date | None = None
    eta_until: datetime.date | None = None
    confidence: str = Confidence.ESTIMATE


@act
def order_goods(
    number: str,
    *,
    supplier: Supplier,
    lines: Sequence[OrderedGoods],
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[PurchaseOrder]:
    """Order goods from a supplier; lines that wait for them are dated at once.

    Raises `NotWholeUnits`, `BadEta`, `PurchaseNumberTaken`, `BadText`, `NotOpen` without lines.
    """
    fitting(PurchaseOrder, number=number)
    if PurchaseOrder.objects.filter(number=number).exists():
        raise PurchaseNumberTaken(_("Purchase order %(number)s is there already."), number=number)
    today = business_day(at)
    _check_goods(lines, today=today)
    change = open_change("order_goods", by=by, at=at)
    products = lock_products(line.product.pk for line in lines)
    order = PurchaseOrder.objects.create(number=number, supplier=supplier, ordered_on=today)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=[order.pk])
    made = PurchaseLine.objects.bulk_create(_purchase_line(line, order) for line in lines)
    made_known = [(line, None, None, Confidence.UNCONFIRMED) for line in made]
    record_revisions(change, made_known, reason_code=EtaRevision.ReasonCode.CONFIRMATION, note="", at=at)
    impact = replan(products, change_set=change, at=at)
    wanting.settle_covered(products, how=number, at=at)
    return Done(change, impact, order)


def preview_goods(supplier: Supplier, *, lines: Sequence[OrderedGoods], at: datetime.datetime) -> Impact:
    """Return whom these goods would date; raises the refusals of `order_goods` but those of its number."""
    _check_goods(lines, today=business_day(at))
    order = PurchaseOrder(supplier=supplier)

    def ordered(situation: Situation) -> None:
        for number, line in enumerate(lines):
            thought_of = _purchase_line(line, order, pk=youngest(number))
            situation.lots[thought_of.pk] = lot_of(thought_of)

    return preview({line.product.pk for line in lines}, ordered, at=at)


def _purchase_line(line: OrderedGoods, order: PurchaseOrder, *, pk: int | None = None) -> PurchaseLine:
    return PurchaseLine(
        pk=pk,
        purchase_order=order,
        product=line.product,
        warehouse=line.warehouse,
        quantity=line.quantity,
        eta_on=line.eta_on,
        eta_until=line.eta_until or line.eta_on,
        first_eta_on=line.eta_on,
        confidence=line.confidence,
    )


def _check_goods(lines: Sequence[OrderedGoods], *, today: datetime.date) -> None:
    if not lines:
        raise NotOpen(_("A purchase order needs at least one line."))
    for line in lines:
        whole_units(line.quantity)
        if line.confidence not in Confidence:
            raise BadEta(_("%(line_confidence)s does not say how sure an ETA is."), line_confidence=line.confidence)
        check_eta(EtaPart(line.eta_on, line.eta_until), ordered_on=today, today=today)


@act
def close_purchase_line(
    purchase_line: PurchaseLine,
    *,
    reason: str,
    seen_version: int | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[PurchaseLine]:
    """Give up what is outstanding on a purchase line; those who counted on it fall to the next supply or to none.

    Raises `NotOpen`, `NoReason`, `Stale`, `NeedsApproval` if very many customers would hear of it.
    """
    reason = a_reason(reason)
    products = lock_products([purchase_line.product_id])
    line = fresh_purchase_lines([purchase_line.pk], seen={purchase_line.pk: seen_version})[purchase_line.pk]
    check_outstanding(line)
    before = {"purchase_line": line.pk, "closed": line.outstanding, "version": line.version + 1}
    change = open_change("close_purchase_line", reason=reason, before=before, by=by, at=at)
    touch(change, kind=Touch.Kind.PURCHASE_ORDER, ids=[line.purchase_order_id])
    PurchaseLine.objects.filter(pk=line.pk).update(
        cancelled=F("cancelled") + line.outstanding, pegged=0, version=F("version") + 1
    )
    impact = replan(products, change_set=change, at=at)
    given = {"purchase_line": line.pk, "reason": reason, "seen_version": line.version}
    ask = Ask("buying.close_purchase_line", given, f"{line}")
    for_impact(impact, ask, by=by, approved_by=approved_by)
    return Done(change, impact, line)


def preview_close(purchase_line: PurchaseLine, *, at: datetime.datetime) -> Impact:
    """Return whom it moves if the purchase line is closed. Raises `NotOpen`."""
    check_outstanding(purchase_line)

    def closed(situation: Situation) -> None:
        situation.lots.pop(purchase_line.pk, None)

    return preview([purchase_line.product_id], closed, at=at)
