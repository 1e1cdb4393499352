"""Units move into stock and out of it: the ledger of movements and what is on hand, written at once."""

import datetime
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from backorders import rows
from backorders.changes.models import ChangeSet
from backorders.refusal import Refused
from backorders.supply.models import StockLevel, StockMovement

MOST_ON_HAND = 2_000_000_000  # what a column of whole numbers holds on every database


class TooMuchOnHand(Refused):
    """More units than can be kept on record for one product in one warehouse."""


def move(units: Mapping[tuple[int, int], int], *, kind: str, change_set: ChangeSet, at: datetime.datetime) -> None:
    """Book units, by (product, warehouse), into the stock of locked products (or, negative, out of it).

    The ledger and its counter are written at once; what is allocated never exceeds what is left. Raises
    `TooMuchOnHand`.
    """
    places = {place: n for place, n in units.items() if n}
    StockLevel.objects.bulk_create(
        (StockLevel(product_id=product, warehouse_id=warehouse) for product, warehouse in places), ignore_conflicts=True
    )
    moved = check_room(places)
    rows.update(
        StockLevel,
        ["id", "on_hand", "allocated"],
        [(level.pk, level.on_hand + n, min(level.allocated, level.on_hand + n)) for level, n in moved],
    )
    rows.insert(
        StockMovement,
        ["stock_level", "change_set", "kind", "quantity", "at", "note"],
        [(level.pk, change_set.pk, kind, n, at, "") for level, n in moved],
    )


def check_room(units: Mapping[tuple[int, int], int]) -> list[tuple[StockLevel, int]]:
    """Return the stock levels that are there with the units that come to each. Raises `TooMuchOnHand`."""
    levels = StockLevel.objects.filter(product__in={product for product, _ in units}).order_by("id")
    moved = [(level, units[place]) for level in levels if (place := (level.product_id, level.warehouse_id)) in units]
    for level, n in moved:
        if level.on_hand + n > MOST_ON_HAND:
            raise TooMuchOnHand(
                _("%(level)s would hold %(units)s units; at most %(most)s are kept on record."),
                level=level,
                units=level.on_hand + n,
                most=MOST_ON_HAND,
            )
    return moved
