"""What a row of a list would change: a pure function of its cells, the rules of the import, and what is outstanding."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from backorders.actions.etas import FAR, FARTHEST
from backorders.ids import typed_id
from backorders.importing import columns
from backorders.importing.models import ImportRow
from backorders.importing.reading import is_cut, is_formula
from backorders.importing.values import NOTHING, Days, read_days, read_units
from backorders.importing.words import bare, folded
from backorders.supply.models import PurchaseLine, Supplier

State = ImportRow.State

# What can be decided for a group of problems; a problem with nothing but "skip" is an error.
REPAIRS: dict[str, tuple[str, ...]] = {
    "order_similar": ("use", "skip"),
    "order_unknown": ("to", "skip"),
    "order_closed": ("skip",),
    "line_unknown": ("skip",),
    "sku_similar": ("use", "skip"),
    "sku_unknown": ("to", "skip"),
    "several": ("all", "first", "skip"),
    "nothing_named": ("skip",),
    "date_order": ("dmy", "mdy", "skip"),
    "date_empty": ("none", "skip"),
    "date_unreadable": ("to", "skip"),
    "date_past": ("none", "skip"),
    "date_early": ("skip",),
    "date_far": ("keep", "skip"),
    "date_impossible": ("skip",),
    "quantity_unreadable": ("all", "skip"),
    "quantity_over": ("cap", "skip"),
    "quantity_under": ("part", "all", "skip"),
    "twice": ("last", "first", "skip"),
    "cut": ("skip",),
    "formula": ("skip",),
}
ERRORS = {"order_unknown", "order_closed", "line_unknown", "sku_unknown", "nothing_named", "date_unreadable"} | {
    *("date_past", "date_early", "date_impossible", "quantity_unreadable", "cut", "formula")
}
# Groups of which each different text is a group of its own.
BY_TEXT = {"order_unknown", "sku_unknown", "date_unreadable", "quantity_unreadable"}


class Known(NamedTuple):
    """An outstanding purchase line, as far as a list can speak of it."""

    pk: int
    version: int
    order: str
    sku: str
    product_id: int
    outstanding: int
    eta_on: datetime.date | None
    eta_until: datetime.date | None
    confidence: str
    ordered_on: datetime.date


class Book:
    """What is outstanding, by every name a list can give it."""

    def __init__(self, lines: Iterable[Known]) -> None:
        self.by_id = {line.pk: line for line in lines}
        self.by_order: dict[str, list[Known]] = defaultdict(list)
        self.by_sku: dict[str, list[Known]] = defaultdict(list)
        self.alike: dict[str, set[str]] = defaultdict(set)
        for line in self.by_id.values():
            self.by_order[folded(line.order)].append(line)
            self.by_sku[folded(line.sku)].append(line)
            self.alike[bare(line.order)].add(folded(line.order))

    def like(self, order: str) -> str:
        """Return the folded number of the one purchase order whose digits are the same, or nothing."""
        found = self.alike.get(bare(order), set()) if bare(order) else set()
        return next(iter(found)) if len(found) == 1 else ""

    def number(self, order: str) -> str:
        """Return the number of a purchase order as it is written."""
        return self.by_order[order][0].order


def book_of(supplier: Supplier | None) -> Book:
    """Read what is outstanding, of one supplier or of all."""
    lines = PurchaseLine.objects.outstanding()
    if supplier:
        lines = lines.filter(purchase_order__supplier=supplier)
    fields = (
        "pk version purchase_order__number product__sku product_id quantity received cancelled eta_on eta_until "
        "confidence purchase_order__ordered_on"
    ).split()
    return Book(
        Known(pk, version, order, sku, product, quantity - received - cancelled, *rest)
        for pk, version, order, sku, product, quantity, received, cancelled, *rest in lines.order_by(
            "eta_on", "pk"
        ).values_list(*fields)
    )


@dataclass(frozen=True)
class Rules:
    """What was decided for the whole import: `repairs` maps a problem and what it is about to the decision."""

    roles: Sequence[str]
    today: datetime.date
    confidence: str
    date_order: str = ""
    repairs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def decided(self, problem: str, about: str = "") -> str:
        """Return the decision for a group, or nothing."""
        return self.repairs.get(problem, {}).get(about, "")


class Outcome(NamedTuple):
    """What a row comes to. `about` names its group among the rows with the same problem."""

    state: str
    problem: str = ""
    about: str = ""
    lines: tuple[Known, ...] = ()
    days: Days = NOTHING
    quantity: int | None = None


class Wrong(Exception):
    """A row has a problem that is not decided yet, or that was decided by leaving the row out."""

    def __init__(self, problem: str, about: str = "", *, decision: str = "") -> None:
        super().__init__(problem)
        self.outcome = Outcome(
            State.SKIPPED if decision == "skip" else State.ERROR if problem in ERRORS else State.CHOOSE,
            problem,
            about[:200],
        )


def check_row(cells: Sequence[str], edits: Mapping[str, str], rules: Rules, book: Book) -> Outcome:
    """Return what this row comes to; what other rows say of the same purchase line is `settling`'s affair."""
    said = {role: cells[index] for index, role in enumerate(rules.roles) if role and index < len(cells)} | dict(edits)
    lines: tuple[Known, ...] = ()
    days = NOTHING
    try:
        _check_cells(said, rules)
        lines = _lines(said, rules, book)
        days = _days(said, rules, lines)
        quantity = _quantity(said, rules, lines)
    except Wrong as wrong:
        return wrong.outcome._replace(lines=lines, days=days)
    return Outcome(State.READY, lines=lines, days=days, quantity=quantity)


def _check_cells(said: Mapping[str, str], rules: Rules) -> None:
    for problem, is_bad in (("cut", is_cut), ("formula", is_formula)):
        if any(map(is_bad, said.values())):
            raise Wrong(problem, decision=rules.decided(problem))


# -- which purchase line ----------------------------------------------------------------------------------------------


def _lines(said: Mapping[str, str], rules: Rules, book: Book) -> tuple[Known, ...]:
    order, sku, line = (said.get(role, "").strip() for role in (columns.ORDER, columns.SKU, columns.LINE))
    if line and (found := _by_line(line, order, rules, book, is_alone=not (order or sku))):
        return (found,)
    if not order and not sku:
        raise Wrong("nothing_named", decision=rules.decided("nothing_named"))
    candidates = _of_order(order, rules, book) if order else None
    if sku:
        candidates = _of_sku(sku, candidates, rules, book)
    return _one_of(candidates or [], said, rules)


def _by_line(text: str, order: str, rules: Rules, book: Book, *, is_alone: bool) -> Known | None:
    digits = text.replace("/", " ").replace(".", " ").split()[-1:] or [""]
    number = typed_id(digits[0])
    found = book.by_id.get(number) if number is not None else None
    if found and (not order or folded(order) == folded(found.order) or folded(found.order) in folded(text)):
        return found
    if is_alone:
        raise Wrong("line_unknown", decision=rules.decided("line_unknown"))
    return None  # a supplier's own numbering of its lines: the order and the SKU will tell


def _of_order(text: str, rules: Rules, book: Book) -> list[Known]:
    key = folded(text)
    if key in book.by_order:
        return book.by_order[key]
    if like := book.like(text):
        decision = rules.decided("order_similar")
        if decision != "use":
            raise Wrong("order_similar", f"{text} → {book.number(like)}", decision=decision)
        return book.by_order[like]
    decision = rules.decided("order_unknown", text)
    if decision.startswith("to:") and (other := folded(decision[3:])) in book.by_order:
        return book.by_order[other]
    raise Wrong("order_unknown", text, decision=decision)


def _of_sku(text: str, candidates: list[Known] | None, rules: Rules, book: Book) -> list[Known]:
    key = folded(text)
    among = book.by_sku.get(key, []) if candidates is None else [line for line in candidates if folded(line.sku) == key]
    if among:
        return among
    alike = [line for line in candidates or () if bare(line.sku) and bare(line.sku) == bare(text)]
    if alike and len({line.sku for line in alike}) == 1:
        decision = rules.decided("sku_similar")
        if decision != "use":
            raise Wrong("sku_similar", f"{text} → {alike[0].sku}", decision=decision)
        return alike
    decision = rules.decided("sku_unknown", text)
    if decision.startswith("to:"):
        other = folded(decision[3:])
        pool = book.by_sku.get(other, []) if candidates is None else candidates
        if chosen := [line for line in pool if folded(line.sku) == other]:
            return chosen
    raise Wrong("sku_unknown", text, decision=decision)


def _one_of(candidates: list[Known], said: Mapping[str, str], rules: Rules) -> tuple[Known, ...]:
    if len(candidates) == 1:
        return (candidates[0],)
    units = read_units(said.get(columns.QUANTITY, ""))
    if len(fitting := [line for line in candidates if line.outstanding in units]) == 1:
        return (fitting[0],)
    if sum(line.outstanding for line in candidates) in units:
        return tuple(candidates)
    match decision := rules.decided("several"):
        case "all":
            return tuple(candidates)
        case "first":
            return (candidates[0],)
    raise Wrong("several", f"{candidates[0].order} {said.get(columns.SKU, '')}".strip(), decision=decision)


# -- when -------------------------------------------------------------------------------------------------------------


def _days(said: Mapping[str, str], rules: Rules, lines: Sequence[Known]) -> Days:
    first = _read(said.get(columns.ETA, ""), rules)
    if until := said.get(columns.UNTIL, ""):
        first = Days(first.first, _read(until, rules).last)
    if first.first is None or first.last is None:
        return NOTHING
    days = Days(first.first, first.last)
    _check_days(first.first, first.last, rules, lines)
    return NOTHING if first.first < rules.today else days


def _read(text: str, rules: Rules) -> Days:
    if not text.strip():
        decision = rules.decided("date_empty")
        if decision == "none":
            return NOTHING
        raise Wrong("date_empty", decision=decision)
    readings = read_days(text, today=rules.today, order=rules.date_order)
    decision = rules.decided("date_unreadable", text)
    if not readings and decision.startswith("to:"):
        readings = read_days(decision[3:], today=rules.today, order="dmy")
    if not readings:
        raise Wrong("date_unreadable", text, decision=decision)
    if len(readings) > 1:
        raise Wrong("date_order", text, decision=rules.decided("date_order"))
    return readings[0]


def _check_days(first: datetime.date, last: datetime.date, rules: Rules, lines: Sequence[Known]) -> None:
    if last < first or last - rules.today > FARTHEST:
        raise Wrong("date_impossible", f"{first} – {last}", decision=rules.decided("date_impossible"))
    if any(first < line.ordered_on for line in lines):
        raise Wrong("date_early", str(first), decision=rules.decided("date_early"))
    if first < rules.today and (decision := rules.decided("date_past")) != "none":
        raise Wrong("date_past", str(first), decision=decision)
    if last - rules.today > FAR and (decision := rules.decided("date_far")) != "keep":
        raise Wrong("date_far", str(last), decision=decision)


# -- how many ---------------------------------------------------------------------------------------------------------


def _quantity(said: Mapping[str, str], rules: Rules, lines: Sequence[Known]) -> int | None:
    """Return the units of a part, or None for everything that is outstanding."""
    text = said.get(columns.QUANTITY, "").strip()
    if not text or len(lines) != 1:
        return None
    units, outstanding = read_units(text), lines[0].outstanding
    if not units:
        decision = rules.decided("quantity_unreadable", text)
        if decision == "all":
            return None
        raise Wrong("quantity_unreadable", text, decision=decision)
    if outstanding in units:
        return None
    if fewer := [number for number in units if number < outstanding]:
        return fewer[0]
    decision = rules.decided("quantity_over")
    if decision == "cap":
        return None
    raise Wrong("quantity_over", f"{min(units)} > {outstanding}", decision=decision)


def is_same(outcome: Outcome, confidence: str) -> bool:
    """Whether a row says what is known already."""
    return outcome.quantity is None and all(
        (line.eta_on, line.eta_until, line.confidence) == (*outcome.days, confidence)
        or (line.eta_on is None and outcome.days == NOTHING)
        for line in outcome.lines
    )
