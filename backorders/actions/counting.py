"""What somebody counted in a warehouse is on hand."""

import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext_lazy as _

from backorders.actions.checking import NotOpen, a_reason, whole_units
from backorders.actions.done import Done
from backorders.actions.freshness import fresh_level
from backorders.actions.moving import move
from backorders.actions.seconding import Ask, for_units
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products
from backorders.allocation.replanning import preview, replan
from backorders.allocation.situation import Situation
from backorders.catalog.models import Product
from backorders.changes.acting import act
from backorders.changes.models import Touch
from backorders.changes.recording import open_change, touch
from backorders.supply.models import StockLevel, StockMovement, Warehouse


@act
def adjust_stock(
    product: Product,
    *,
    warehouse: Warehouse,
    counted: int,
    reason: str,
    seen_on_hand: int | None = None,
    approved_by: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Done[StockLevel]:
    """Set on hand to what was counted. Below what is allocated the lowest ranked lose first and return to their place.

    Raises `NotWholeUnits`, `NoReason`, `NotOpen` if the count changes nothing, `Stale` if on hand is not what was seen,
    `NeedsApproval` if it differs by more units than the limit.
    """
    whole_units(counted, least=0)
    lock_products([product.pk])
    level, _made = StockLevel.objects.get_or_create(product=product, warehouse=warehouse)
    fresh_level(level, seen_on_hand=seen_on_hand)
    difference = _difference(product, warehouse, on_hand=level.on_hand, counted=counted)
    given = {"product": product.pk, "warehouse": warehouse.pk, "counted": counted, "reason": reason}
    ask = Ask("counting.adjust_stock", given | {"seen_on_hand": level.on_hand}, f"{level}: {level.on_hand} → {counted}")
    for_units(abs(difference), ask, by=by, approved_by=approved_by)
    change = open_change(
        "adjust_stock",
        reason=a_reason(reason),
        before={"stock_level": level.pk, "difference": difference},
        by=by,
        at=at,
    )
    touch(change, kind=Touch.Kind.PRODUCT, ids=[product.pk])
    move({(product.pk, warehouse.pk): difference}, kind=StockMovement.Kind.COUNT, change_set=change, at=at)
    return Done(change, replan([product.pk], change_set=change, at=at), level)


def preview_adjust(product: Product, *, warehouse: Warehouse, counted: int, at: datetime.datetime) -> Impact:
    """Return who gains or loses stock if the count is booked; raises the same refusals."""
    whole_units(counted, least=0)

    def counted_so(situation: Situation) -> None:
        on_hand = sum(s.on_hand for s in situation.stocks.values() if s.warehouse_id == warehouse.pk)
        difference = _difference(product, warehouse, on_hand=on_hand, counted=counted)
        situation.add_stock(product.pk, warehouse, difference)

    return preview([product.pk], counted_so, at=at)


def _difference(product: Product, warehouse: Warehouse, *, on_hand: int, counted: int) -> int:
    if counted == on_hand:
        raise NotOpen(
            _("%(product_sku)s in %(warehouse_code)s is %(counted)s already."),
            product_sku=product.sku,
            warehouse_code=warehouse.code,
            counted=counted,
        )
    return counted - on_hand
