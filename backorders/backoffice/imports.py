"""How imports are shown: their steps, their problems grouped by what repairs them, their rows."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import Count, Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders.allocation.models import Allocation
from backorders.backoffice.dates import short_window
from backorders.importing import columns
from backorders.importing.checking import BY_TEXT, REPAIRS, State
from backorders.importing.models import Import, ImportRow
from backorders.importing.opening import is_error
from backorders.importing.values import proves

GROUPS = 40
SAMPLES = 3
EVIDENCE = 500

ROLE_NAMES: dict[str, Any] = {
    columns.ORDER: gettext_lazy("Purchase order"),
    columns.LINE: gettext_lazy("Purchase line"),
    columns.SKU: gettext_lazy("SKU"),
    columns.QUANTITY: gettext_lazy("Quantity"),
    columns.ETA: gettext_lazy("New date"),
    columns.UNTIL: gettext_lazy("Last day of a window"),
}

# What is wrong, and how each decision about it reads on its button.
PROBLEMS: dict[str, tuple[Any, dict[str, Any]]] = {
    "order_similar": (
        gettext_lazy("The purchase order is written otherwise"),
        {"use": gettext_lazy("Use these")},
    ),
    "order_unknown": (gettext_lazy("There is no such purchase order"), {"to": gettext_lazy("Use for all")}),
    "order_closed": (gettext_lazy("Nothing is outstanding on the purchase order, or it is another supplier's"), {}),
    "line_unknown": (gettext_lazy("No outstanding purchase line has this number"), {}),
    "sku_similar": (gettext_lazy("The SKU is written otherwise"), {"use": gettext_lazy("Use these")}),
    "sku_unknown": (
        gettext_lazy("The SKU is not outstanding on that purchase order"),
        {"to": gettext_lazy("Use for all")},
    ),
    "several": (
        gettext_lazy("Several purchase lines fit"),
        {"all": gettext_lazy("The date holds for all of them"), "first": gettext_lazy("Only for the next to come")},
    ),
    "nothing_named": (gettext_lazy("The row names no purchase order, line or SKU"), {}),
    "date_order": (
        gettext_lazy("Day and month could be exchanged"),
        {"dmy": gettext_lazy("Day first"), "mdy": gettext_lazy("Month first")},
    ),
    "date_empty": (gettext_lazy("The row has no date"), {"none": gettext_lazy("They have no date any more")}),
    "date_unreadable": (gettext_lazy("This is no date that can be read"), {"to": gettext_lazy("Use for all")}),
    "date_past": (gettext_lazy("The date has passed"), {"none": gettext_lazy("They have no date any more")}),
    "date_early": (gettext_lazy("The date is before the purchase order's own date"), {}),
    "date_far": (gettext_lazy("The date is more than 180 days away"), {"keep": gettext_lazy("The dates are right")}),
    "date_impossible": (gettext_lazy("The date is years away, or the window ends before it begins"), {}),
    "quantity_unreadable": (
        gettext_lazy("This is no number of whole units"),
        {"all": gettext_lazy("All outstanding units")},
    ),
    "quantity_over": (
        gettext_lazy("More units than are outstanding"),
        {"cap": gettext_lazy("All outstanding units")},
    ),
    "quantity_under": (
        gettext_lazy("Fewer units than are outstanding"),
        {"part": gettext_lazy("The rest keeps its date"), "all": gettext_lazy("All outstanding units")},
    ),
    "twice": (
        gettext_lazy("Two rows contradict each other"),
        {"last": gettext_lazy("The last one counts"), "first": gettext_lazy("The first one counts")},
    ),
    "cut": (gettext_lazy("A cell is longer than 2,000 signs"), {}),
    "formula": (gettext_lazy("A cell holds a formula; paste what it comes to"), {}),
    "repeated": (gettext_lazy("A row before it says the same"), {}),
    "changed_since": (gettext_lazy("Somebody changed it after the import"), {}),
}


class Group(NamedTuple):
    """Rows with the same problem that one decision repairs."""

    problem: str
    about: str
    title: str
    samples: list[str]
    size: int
    first: int
    hint: str
    is_error: bool
    choices: list[tuple[str, Any]]
    is_typed: bool


def groups(mine: Import) -> list[Group]:
    """Return what has to be decided, the largest group first."""
    found = mine.rows.filter(state__in=[State.CHOOSE, State.ERROR]).order_by()
    counted = found.values_list("problem", "value").annotate(count=Count("pk"), first=Min("number"))
    gathered: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
    for problem, value, count, first in counted.order_by("first")[:2_000]:
        about = value if problem in BY_TEXT else ""
        gathered.setdefault((problem, about), []).append((value, count, first))
    made = [_group(mine, problem, about, parts) for (problem, about), parts in gathered.items()]
    return sorted(made, key=lambda group: (-group.size, group.first))


def _group(mine: Import, problem: str, about: str, parts: Sequence[tuple[str, int, int]]) -> Group:
    title, labels = PROBLEMS[problem]
    choices = [(name, labels[name]) for name in REPAIRS[problem] if name in labels and name != "to"]
    return Group(
        problem=problem,
        about=about,
        title=str(title),
        samples=[value for value, *_ in parts[:SAMPLES] if value],
        size=sum(count for _, count, _ in parts),
        first=min(first for *_, first in parts),
        hint=_evidence(mine) if problem == "date_order" else "",
        is_error=is_error(problem),
        choices=choices,
        is_typed="to" in REPAIRS[problem],
    )


def _evidence(mine: Import) -> str:
    """Say what other dates of the list prove about the order of day and month."""
    index = mine.columns.index(columns.ETA)
    cells = mine.rows.order_by("number").values_list("cells", flat=True)[:EVIDENCE]
    proven = {proves(row[index]) for row in cells if index < len(row)} - {""}
    if proven == {"dmy"}:
        return _("Other rows say: day first.")
    if proven == {"mdy"}:
        return _("Other rows say: month first.")
    return _("Other rows say both.") if proven else _("No other row tells.")


class ShownRow(NamedTuple):
    """A row as the screens show it: `cells` are (role, its name, what it says, whether it can be typed over).

    `wrong` is the role of the cell that has the problem.
    """

    row: ImportRow
    cells: list[tuple[str, Any, str, bool]]
    now: str
    new: str
    slip: int | None
    customers: int
    words: str
    tone: str
    is_problem: bool
    wrong: str


# Which cell a problem is about, by how its name begins.
WRONG = {"order": columns.ORDER, "sku": columns.SKU, "quantity": columns.QUANTITY, "date": columns.ETA}
PROBLEM = (State.CHOOSE, State.ERROR)
WHEN_AND_HOW_MANY = (columns.QUANTITY, columns.ETA, columns.UNTIL)
TYPED: dict[str, Sequence[str]] = {
    **dict.fromkeys(PROBLEM, columns.ROLES),
    **dict.fromkeys((State.READY, State.SAME), WHEN_AND_HOW_MANY),  # which line is meant is known
}  # which cells of a row can be typed over, by its state
TONES = {"ready": "good", "error": "bad", "choose": "warn", "refused": "bad", "applied": "good"}


def shown_rows(mine: Import, rows: Sequence[ImportRow], *, is_editing: bool) -> list[ShownRow]:
    """Return these rows as the screens show them; those in `TYPED` can be typed over if so."""
    behind = dict(
        Allocation.objects.filter(purchase_line__in={row.line_id for row in rows if row.line_id})
        .order_by()
        .values_list("purchase_line")
        .annotate(Count("line__order__customer", distinct=True))
    )
    return [_shown_row(mine, row, behind, is_editing=is_editing) for row in rows]


def _shown_row(mine: Import, row: ImportRow, behind: dict[int, int], *, is_editing: bool) -> ShownRow:
    is_known, is_problem = bool(row.line_id), row.state in PROBLEM
    typed = TYPED.get(row.state, ()) if is_editing else ()
    has_new = row.state in (State.READY, State.SAME, State.APPLIED, State.UNDONE, State.REFUSED)
    slip = (row.eta_until - row.old_until).days if row.eta_until and row.old_until and has_new else None
    return ShownRow(
        row=row,
        cells=[(role, ROLE_NAMES[role], _cell(mine, row, role), role in typed) for role in shown_roles(mine)],
        now=short_window(row.old_on, row.old_until) if is_known else "–",
        new=short_window(row.eta_on, row.eta_until) if has_new else "–",
        slip=slip,
        customers=behind.get(row.line_id or 0, 0),
        words=problem_words(row),
        tone=TONES.get(row.state, ""),
        is_problem=is_problem,
        wrong=WRONG.get(row.problem.partition("_")[0], "") if is_problem else "",
    )


def shown_roles(mine: Import) -> list[str]:
    """Return the roles of which the list has a column, in our order."""
    return [role for role in columns.ROLES if role in mine.columns]


def _cell(mine: Import, row: ImportRow, role: str) -> str:
    if role in row.edits:
        return str(row.edits[role])
    index = mine.columns.index(role)
    return row.cells[index] if index < len(row.cells) else ""


def problem_words(row: ImportRow) -> str:
    """Say what is wrong with a row, and what it is about; nothing if nothing is."""
    if row.problem == "refused":
        return row.why or row.value  # rows refused long ago have it there
    if row.problem not in PROBLEMS:
        return ""
    title = str(PROBLEMS[row.problem][0])
    return f"{title}: {row.value}" if row.value else title


def problem_rows(mine: Import) -> Iterator[list[str]]:
    """Yield the rows that stay behind as they came or were typed over, with a column that says why."""
    names = [str(ROLE_NAMES[role]) if role else f"({index})" for index, role in enumerate(mine.columns, 1)]
    yield [*names, _("Problem")]
    behind = mine.rows.filter(state__in=[State.CHOOSE, State.ERROR, State.REFUSED]).order_by("number")
    for row in behind.iterator(chunk_size=2_000):
        cells = [*row.cells, *[""] * (len(names) - len(row.cells))]
        said = [str(row.edits.get(role, cell)) for role, cell in zip(mine.columns, cells, strict=False)]
        yield [*said, *cells[len(said) :], problem_words(row)]
