"""Who gets what arrived, as the screens show it: queue by queue, each line with those it can change places with."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from backorders.allocation.serving import ByHand, Turn
from backorders.orders.models import OrderLine


class Row(NamedTuple):
    """A line in its queue; `up` and `down` say which line would go before which, or nothing where that cannot be."""

    turn: Turn
    line: OrderLine
    up: str
    down: str

    @property
    def key(self) -> str:
        """The line as a menu names it."""
        return str(self.line.pk)

    @property
    def choice(self) -> str:
        """The line as the menu of those who get it names it: with the version of its order as shown."""
        return f"{self.line.pk}:{self.line.order.version}"


class Queue(NamedTuple):
    """The queue behind one product, and what its two menus say: who gives, who gets."""

    product_id: int
    sku: str
    rows: list[Row]
    take: str
    give: str

    @property
    def gets(self) -> int:
        """Units that go to orders."""
        return sum(max(row.turn.gets, 0) for row in self.rows)


def queues(found: Sequence[Sequence[Turn]], sent: Mapping[str, str]) -> list[Queue]:
    """Return the queues with their lines by name; what was chosen in a menu (`sent`) stays chosen."""
    known = _lines([turn.line_id for queue in found for turn in queue])
    return [_queue(queue, known, sent) for queue in found]


def lines_by_hand(found: Sequence[ByHand]) -> list[tuple[OrderLine, ByHand]]:
    """Return by name whom a changed queue gives other units or dates."""
    known = _lines([each.line_id for each in found])
    return [(known[each.line_id], each) for each in found]


def _queue(queue: Sequence[Turn], known: Mapping[int, OrderLine], sent: Mapping[str, str]) -> Queue:
    rows = []
    for place, turn in enumerate(queue):
        above = queue[place - 1] if place else None
        below = queue[place + 1] if place + 1 < len(queue) else None
        up = _before(turn, above, known) if above else ""
        down = _before(below, turn, known) if below else ""
        rows.append(Row(turn, known[turn.line_id], up, down))
    product = rows[0].line.product
    names = (f"take_{product.pk}", f"give_{product.pk}")
    return Queue(product.pk, product.sku, rows, *(sent.get(name, "") for name in names))


def _before(line: Turn, other: Turn, known: Mapping[int, OrderLine]) -> str:
    if not other.is_promised:
        return ""
    return f"{line.line_id}:{other.line_id}:{known[line.line_id].order.version}"


def _lines(ids: Sequence[int]) -> dict[int, OrderLine]:
    return OrderLine.objects.select_related("order__customer", "product").in_bulk(ids)
