"""A line of an order under an act: locked, looked ahead at, asked for."""

import datetime
from collections.abc import Callable, Iterable, Sequence

from django.db.models import F

from backorders.actions.seconding import Ask
from backorders.allocation.gaps import close_promises
from backorders.allocation.impact import Impact
from backorders.allocation.locking import lock_products, lock_whole_orders
from backorders.allocation.replanning import preview
from backorders.allocation.situation import OpenLine, Situation, youngest
from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet
from backorders.orders.models import Cancellation, OrderLine

UNWRITTEN = youngest(0)  # ids of lines that are not there yet, in a preview


def ask_of_line(capability: str, line: OrderLine, reason: str, **given: object) -> Ask:
    """Return the act on a line as it can be asked for: on the order as it is now, before the act."""
    given |= {"line": line.pk, "reason": reason, "seen_version": line.order.version}
    return Ask(capability, given, f"{line.order}: {line.product}")


def lock_line(line: OrderLine, products: Iterable[int]) -> Product:
    """Lock the products to plan (the line's among them), read the line again, return its product."""
    lock_whole_orders(lock_products(products))  # its order may be one of them, and must not be locked before the others
    line.refresh_from_db()
    return line.product


def preview_line(
    line: OrderLine, change: Callable[[OpenLine], OpenLine], products: Sequence[int], *, at: datetime.datetime
) -> Impact:
    """Return whom it moves if the line becomes what `change` makes of it (nothing, without units); `products` are
    planned."""

    def changed(situation: Situation) -> None:
        if line.pk in situation.lines:
            known = change(situation.lines.pop(line.pk))
            if known.quantity > 0:
                situation.lines[line.pk] = known

    return preview(products, changed, at=at)


def less(line: OpenLine, units: int) -> OpenLine:
    """Return the line with `units` fewer open, the waiting ones first (more of them, if negative)."""
    waiting = min(units, line.waiting)
    return line._replace(waiting=line.waiting - waiting, allocated=line.allocated - max(units - waiting, 0))


def take_units(situation: Situation, line_id: int, units: int) -> OpenLine:
    """Take units from an open line of the situation; return the line as it was."""
    known = situation.open_line(line_id)
    del situation.lines[line_id]
    if (left := less(known, units)).quantity > 0:
        situation.lines[line_id] = left
    return known


def of_written(impact: Impact) -> Impact:
    """An impact without the lines that are not there yet."""
    known = [move for move in impact.moves if move.line_id < UNWRITTEN]
    served = [one for one in impact.served if one.line_id < UNWRITTEN]
    return Impact(known, served, impact.checked, impact.uncovered, [o for o in impact.lost if o.line_id < UNWRITTEN])


def end_unheard(line_id: int, undoing: ChangeSet) -> None:
    """Close a line that should not have been; of this no customer hears."""
    line = OrderLine.objects.get(pk=line_id)
    OrderLine.objects.filter(pk=line_id).update(
        cancelled=F("cancelled") + line.open_quantity, waiting=0, allocated=0, unpaid=0
    )
    close_promises([line_id])
    said = {"quantity": line.open_quantity, "at": undoing.at, "reason": undoing.reason, "is_announced": True}
    Cancellation.objects.create(line=line, change_set=undoing, **said)
