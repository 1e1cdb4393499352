"""Freshness: what a verb acts on is read again under the lock; a form that saw an older version is refused."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _

from backorders.access.people import name_of
from backorders.changes.acts import named
from backorders.changes.models import ChangeSet, Touch
from backorders.orders.models import Order
from backorders.refusal import Stale, said
from backorders.supply.models import PurchaseLine, StockLevel


def fresh_order(order: Order, *, seen_version: int | None) -> Order:
    """Lock the order (of locked products) and read it again; refuse if it changed since `seen_version` was shown."""
    order.refresh_from_db(from_queryset=Order.objects.select_for_update(no_key=True, of=("self",)))
    if seen_version is not None and order.version != seen_version:
        raise Stale(
            _(
                "Order %(order_number)s was changed since you opened it%(by_whom)s. Nothing was saved; "
                "look at it again."
            ),
            order_number=order.number,
            by_whom=_by_whom(Touch.Kind.ORDER, [order.pk]),
            version=order.version,
        )
    return order


def fresh_purchase_lines(ids: Sequence[int], *, seen: dict[int, int | None]) -> dict[int, PurchaseLine]:
    """Read the purchase lines (of locked products) again; refuse if one changed since its `seen` version."""
    lines = PurchaseLine.objects.select_related("purchase_order").in_bulk(ids)
    check_unchanged(lines.values(), seen=seen)
    return lines


def check_unchanged(lines: Iterable[PurchaseLine], *, seen: dict[int, int | None]) -> None:
    """Refuse if one of the purchase lines, as just read under the lock, changed since its `seen` version."""
    for line in lines:
        version = seen.get(line.pk)
        if version is not None and line.version != version:
            raise Stale(
                _(
                    "%(line)s was changed since you opened it%(by_whom)s: its ETA is now %(line_eta_on)s. "
                    "Nothing was saved; look at it again."
                ),
                line=line,
                by_whom=_by_whom(Touch.Kind.PURCHASE_ORDER, [line.purchase_order_id]),
                line_eta_on=line.eta_on or _("not known"),
                purchase_line=line.pk,
                version=line.version,
            )


def fresh_level(level: StockLevel, *, seen_on_hand: int | None) -> None:
    """Refuse a count of a stock level (of a locked product) of which more or less lies there than was seen."""
    if seen_on_hand is not None and level.on_hand != seen_on_hand:
        raise Stale(
            _(
                "%(level)s: %(level_on_hand)s lie there now, not %(seen_on_hand)s as you saw%(by_whom)s. "
                "Nothing was saved; count again."
            ),
            level=level,
            level_on_hand=level.on_hand,
            seen_on_hand=seen_on_hand,
            by_whom=_by_whom(Touch.Kind.PRODUCT, [level.product_id]),
            on_hand=level.on_hand,
        )


def order_changed(order_id: int) -> None:
    """Let forms that saw the order before know that it changed."""
    Order.objects.filter(pk=order_id).update(version=F("version") + 1)


def _by_whom(kind: Touch.Kind, ids: Sequence[int]) -> Any:
    last = ChangeSet.objects.filter(touches__kind=kind, touches__object_id__in=ids).order_by("-at", "-id").first()
    if last is None:
        return ""
    who = name_of(last.by) if last.by else gettext_lazy(last.get_source_display())
    return said(_(" (%(act)s by %(who)s, %(at)s)"), act=named(last.act), who=who, at=last.at)
