"""How an impact is shown: who moves, from where to where, and who will hear of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from statistics import median_high
from typing import Any, NamedTuple

from django.db.models import F, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backorders.allocation.impact import Impact, Move
from backorders.allocation.windows import Window
from backorders.amounts import signed
from backorders.backoffice.who_hears import Then, followings, manner
from backorders.compensation.leaving import Left, left_after
from backorders.compensation.measuring import Share
from backorders.notifications.policy import rules_in_force
from backorders.orders.models import OrderLine
from backorders.rows import batches

ROWS = 50
CHUNK = 10_000


class Row(NamedTuple):
    """One line of the preview's table."""

    order_id: int
    order: str
    customer: str
    is_vip: bool
    product: str
    told: Window | None
    old: Window | None
    new: Window | None
    kind: str
    slip_days: int | None
    then: Then
    line_id: int = 0


@dataclass(frozen=True)
class Shown:
    """An impact as the screens show it; the customers to be told are the number on the button.

    Of customers `answers` counts those who must answer by the law, `held` those who hear later because they heard of a
    date just now; `worth` is (amount, currency) of the lines that get later or lose their date, `left` what became of
    lines that slipped before as half of them do now; the first mail leaves `leaves_in` minutes after saving (0: none).
    `rows` begin after the `before` worst moves; `more` follow.
    """

    counts: dict[str, int]
    to_tell: int
    inside: int
    unreachable: int
    rows: Sequence[Row]
    more: int
    answers: int = 0
    held: int = 0
    worth: Sequence[tuple[str, str]] = ()
    left: Left | None = None
    before: int = 0
    leaves_in: int = 0

    @property
    def first(self) -> int:
        """The how-manieth of those who move stands first."""
        return self.before + 1

    @property
    def last(self) -> int:
        """The how-manieth stands last."""
        return self.before + len(self.rows)

    @property
    def moves(self) -> int:
        """How many move."""
        return self.last + self.more

    @property
    def next_first(self) -> int | None:
        """With which the next rows begin, if more follow."""
        return self.last + 1 if self.more else None

    @property
    def next_rows(self) -> int:
        """How many rows that would be."""
        return min(self.more, ROWS)

    @property
    def previous_first(self) -> int | None:
        """With which the rows before begin, if there are any."""
        return max(self.first - ROWS, 1) if self.before else None

    @property
    def cap_hours(self) -> int:
        """In how many hours a customer hears of dates once."""
        return rules_in_force().cap_hours

    @property
    def is_empty(self) -> bool:
        """Whether it touches nobody."""
        return not (self.rows or self.counts["served"] or self.counts["lost"])

    @property
    def is_inside(self) -> bool:
        """Whether all who move stay inside what was announced to them."""
        return self.inside == self.moves

    @property
    def words(self) -> list[tuple[int, str, str]]:
        """The lines that were checked, each counted once, in plain words: (number, words, whether good or bad)."""
        counts = self.counts
        pairs = {
            "later": (ngettext("line later", "lines later", counts["later"]), "bad"),
            "earlier": (ngettext("line earlier", "lines earlier", counts["earlier"]), "good"),
            "no_date": (ngettext("line loses its date", "lines lose their date", counts["no_date"]), "bad"),
            "dated": (ngettext("line gets a date", "lines get a date", counts["dated"]), "good"),
            "unchanged": (ngettext("line unchanged", "lines unchanged", counts["unchanged"]), "same"),
        }
        always = ("later", "earlier", "unchanged")
        return [(counts[key], *pair) for key, pair in pairs.items() if counts[key] or key in always]

    @property
    def besides(self) -> list[tuple[int, str]]:
        """What else is true of some of these lines, whatever their date does: (number, words)."""
        counts = self.counts
        pairs = {
            "served": ngettext("line gets stock", "lines get stock", counts["served"]),
            "lost": ngettext("line loses stock", "lines lose stock", counts["lost"]),
            "uncovered": ngettext("line uncovered", "lines uncovered", counts["uncovered"]),
        }
        return [(counts[key], words) for key, words in pairs.items() if counts[key]]


def shown(impact: Impact, *, first: int = 1, at: datetime) -> Shown:
    """Return the impact as the screens show it, the worst moves first; its rows begin with the `first` of them."""
    moves = sorted(impact.moves, key=_harm)
    before = first - 1 if 1 < first <= len(moves) else 0
    follows = followings(moves)
    thens = {line: following.then for line, following in follows.items()}
    how = manner(moves, follows, at=at)
    customers = {then: {move.customer_id for move in moves if thens[move.line_id] == then} for then in Then}
    return Shown(
        counts=impact.counts,
        to_tell=len(customers[Then.TELL]),
        inside=sum(then == Then.INSIDE for then in thens.values()),
        unreachable=len(customers[Then.CALL]),
        rows=_rows(moves[before : before + ROWS], thens),
        more=max(len(moves) - before - ROWS, 0),
        before=before,
        answers=len(how.answer),
        held=len(how.later),
        worth=_worth([move.line_id for move in moves if move.kind in ("later", "no_date")]),
        leaves_in=-(-(how.leaves_at - at) // timedelta(minutes=1)) if how.leaves_at else 0,
        left=_left([move.slip_days for move in moves if move.kind == "later" and move.slip_days]),
    )


def listed(impact: Impact) -> Iterator[list[Any]]:
    """Yield the heading and every move, the worst first, for a file; windows as their two days."""
    moves = sorted(impact.moves, key=_harm)
    thens = {line: following.then for line, following in followings(moves).items()}
    yield [
        *(_("Order"), _("Customer"), _("Item"), _("Told from"), _("Told until")),
        *(_("Expected before, from"), _("Expected before, until"), _("Expected from"), _("Expected until")),
        *(_("Slip, days"), _("Then")),
    ]
    for some in batches(moves, CHUNK):
        for row in _rows(some, thens):
            days = [day for window in (row.told, row.old, row.new) for day in window or (None, None)]
            yield [row.order, row.customer, row.product, *days, row.slip_days, str(row.then.label)]


def told_by(impact: Impact) -> list[int]:
    """Return the ids of the customers who get a mail by it, the worst moves first."""
    moves = sorted(impact.moves, key=_harm)
    follows = followings(moves)
    return list(dict.fromkeys(move.customer_id for move in moves if follows[move.line_id].then == Then.TELL))


def _left(slips: Sequence[int]) -> Left | None:
    return left_after(median_high(slips)) if slips else None


def _worth(lines: Sequence[int]) -> list[tuple[str, str]]:
    """Return what is open of these lines at their prices, as (amount, currency). One statement for ten thousand."""
    sums: Counter[str] = Counter()
    for some in batches(lines, CHUNK):
        found = OrderLine.objects.filter(pk__in=some).order_by().values_list("order__currency")
        worth = found.annotate(sum=Sum((F("allocated") + F("waiting")) * F("price")))
        sums.update(dict(worth))
    return [(f"{amount:.2f}", currency) for currency, amount in sums.most_common() if amount]


def _harm(move: Move) -> tuple[int, int, int]:
    order = ("no_date", "later", "dated", "earlier", "same")
    return order.index(move.kind), -(move.slip_days or 0), move.line_id


def _rows(moves: Sequence[Move], thens: dict[int, Then]) -> list[Row]:
    lines = OrderLine.objects.select_related("order__customer", "product").in_bulk([move.line_id for move in moves])
    return [_row(move, lines[move.line_id], thens[move.line_id]) for move in moves]


def _row(move: Move, line: OrderLine, then: Then) -> Row:
    customer = line.order.customer
    return Row(
        order_id=line.order_id,
        order=line.order.number,
        customer=customer.name,
        is_vip=customer.tier == customer.Tier.VIP,
        product=line.product.name,
        told=move.told,
        old=move.old,
        new=move.new,
        kind=move.kind,
        slip_days=move.slip_days,
        then=then,
        line_id=move.line_id,
    )


def as_kept(impact: Shown) -> dict[str, Any]:
    """Return an impact as JSON keeps it."""
    return {**asdict(impact), "rows": [[_kept(value) for value in row] for row in impact.rows]}


def kept_impact(kept: dict[str, Any]) -> Shown | None:
    """Return an impact that was kept, or None if none was."""
    if not kept:
        return None
    kept = {name: value for name, value in kept.items() if name != "is_partial"}
    first, last, cancelled = kept.get("left") or (0, None, None)
    left = Left(first, last, Share(*cancelled)) if cancelled else None
    return Shown(**{**kept, "rows": [_row_again(row) for row in kept["rows"]], "left": left})


def _kept(value: Any) -> Any:
    return [day.isoformat() for day in value] if isinstance(value, Window) else value


def _row_again(kept: list[Any]) -> Row:
    """Windows are kept as their two days, what follows as its word."""
    row = Row(*kept)
    told, old, new = (Window(*map(date.fromisoformat, days)) if days else None for days in (row.told, row.old, row.new))  # type: ignore[arg-type]
    return row._replace(told=told, old=old, new=new, then=Then(row.then))


def slip(days: int | None) -> str:
    """Return "+24 d", "−3 d" or a dash."""
    if days is None:
        return "–"
    return _("%(days)s d") % {"days": signed(days, "+d")} if days else "0"
