"""Who gets what arrived, as the screens show it: queue by queue, each line with those it can change places with."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from django.utils.translation import ngettext

from backorders.actions.receiving import Arrival
from backorders.allocation.serving import ByHand, Finished, Turn
from backorders.backoffice.plots import Bar, stack
from backorders.orders.models import OrderLine
from backorders.supply.models import PurchaseLine


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
    """The queue behind one product, and what its menus say: who gives, who gets, how many units."""

    product_id: int
    sku: str
    rows: list[Row]
    take: str
    give: str
    units: str

    @property
    def whole(self) -> list[Row]:
        """The lines that can be named: parts of lines are not written yet."""
        return [row for row in self.rows if not row.turn.is_part]

    @property
    def gets(self) -> int:
        """Units that go to orders."""
        return sum(max(row.turn.gets, 0) for row in self.rows)


class Shared(NamedTuple):
    """Where the units of one product go that arrived: to orders, to free stock, or to nothing because of damage."""

    sku: str
    to_orders: int
    free: int
    damaged: int
    bars: Mapping[str, Bar]

    @property
    def received(self) -> int:
        """All that arrived of it."""
        return self.to_orders + self.free + self.damaged


def shared(
    arrivals: Iterable[Arrival], lines: Mapping[int, PurchaseLine], to_orders: Mapping[int, int], *, most: int
) -> list[Shared]:
    """Return where it goes, the products of which most arrived first, at most so many; drawn on one scale."""
    good: Counter[int] = Counter()
    damaged: Counter[int] = Counter()
    skus = {line.product_id: line.product.sku for line in lines.values()}
    for arrival in arrivals:
        product = lines[arrival.purchase_line_id].product_id
        good[product] += arrival.quantity + arrival.over
        damaged[product] += arrival.damaged
    whole = good + damaged
    longest = max(whole.values(), default=0)
    found = []
    for product, _units in whole.most_common(most):
        given = min(max(to_orders.get(product, 0), 0), good[product])
        free, broken = good[product] - given, damaged[product]
        bars = stack([given, free, broken], longest=longest)
        named = dict(zip(("to-orders", "free", "damaged"), bars, strict=True))
        found.append(Shared(skus[product], given, free, broken, named))
    return found


def queues(found: Sequence[Sequence[Turn]], sent: Mapping[str, str]) -> list[Queue]:
    """Return the queues with their lines by name; what was chosen in a menu (`sent`) stays chosen."""
    known = _lines([turn.line_id for queue in found for turn in queue])
    return [_queue(queue, known, sent) for queue in found]


def lines_by_hand(found: Sequence[ByHand]) -> list[tuple[OrderLine, ByHand]]:
    """Return by name whom a changed queue gives other units or dates."""
    known = _lines([each.line_id for each in found])
    return [(known[each.line_id], each) for each in found]


def finished_words(done: Finished) -> list[tuple[int, str, str]]:
    """Return what the goods finish, in words: (number, words, tone); late and untold only if any."""
    always = [
        (done.leaving, ngettext("order can leave", "orders can leave", done.leaving), "good"),
        (done.orders, ngettext("order complete", "orders complete", done.orders), "good"),
        (done.lines, ngettext("line complete", "lines complete", done.lines), "good"),
        (done.kept, ngettext("promise kept", "promises kept", done.kept), "good"),
    ]
    besides = [
        (done.broken, ngettext("promise comes late", "promises come late", done.broken), "bad"),
        (done.untold, ngettext("line was told no date", "lines were told no date", done.untold), "same"),
        (done.waiting, ngettext("unit still waited for", "units still waited for", done.waiting), "same"),
    ]
    return always + [each for each in besides if each[0]]


def _queue(queue: Sequence[Turn], known: Mapping[int, OrderLine], sent: Mapping[str, str]) -> Queue:
    rows = []
    whole = [turn for turn in queue if not turn.is_part]
    above_of = {turn.line_id: above for above, turn in pairwise(whole)}
    below_of = {turn.line_id: below for turn, below in pairwise(whole)}
    for turn in queue:
        above, below = (None if turn.is_part else near.get(turn.line_id) for near in (above_of, below_of))
        up = _before(turn, above, known) if above else ""
        down = _before(below, turn, known) if below else ""
        rows.append(Row(turn, known[turn.line_id], up, down))
    product = rows[0].line.product
    names = (f"take_{product.pk}", f"give_{product.pk}", f"units_{product.pk}")
    return Queue(product.pk, product.sku, rows, *(sent.get(name, "") for name in names))


def _before(line: Turn, other: Turn, known: Mapping[int, OrderLine]) -> str:
    if not other.is_promised:
        return ""
    return f"{line.line_id}:{other.line_id}:{known[line.line_id].order.version}"


def _lines(ids: Sequence[int]) -> dict[int, OrderLine]:
    return OrderLine.objects.select_related("order__customer", "product").in_bulk(ids)
