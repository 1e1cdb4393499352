"""How many wait in every list, capped; and of one list how much that is worth, since when, and how old it is."""

import datetime
import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, Count, F, When
from django.utils.formats import number_format

from backorders.allocation.windows import business_day
from backorders.backoffice.workbench.among import OneOf
from backorders.backoffice.workbench.lists import HARMS, NEEDS, VIEWS, Seen, View
from backorders.backoffice.workbench.merging import Statement, statements
from backorders.orders.models import OrderLine

COUNTED = 300
# The cells of the ageing bar: days waited, up to and including.
AGES = (7, 14, 30, 60, 90, 180, None)


class Tab(NamedTuple):
    """A view with its count, which stops at a cap; its tone, if anybody stands in it."""

    name: str
    label: Any
    number: int
    tone: str
    hint: Any

    @property
    def shown(self) -> str:
        """The count as it is read."""
        return shown_count(self.number)


def shown_count(count: int) -> str:
    """Return a capped count as it is read: "12", or "300+"."""
    is_more = count > COUNTED
    return number_format(COUNTED if is_more else count, force_grouping=True) + ("+" if is_more else "")


def tabs(seen: Seen) -> list[Tab]:
    """Return every view with its capped count: one statement for all of them."""
    sql, params = _counting(seen)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        numbers = cursor.fetchone()
    return [
        Tab(view.name, view.label, number, view.tone if number else "", view.hint)
        for view, number in zip(VIEWS, numbers, strict=True)
    ]


@functools.lru_cache(maxsize=256)
def _counting(seen: Seen) -> Statement:
    """The statement that counts up to the cap in every view; the same for one person for the whole day.

    The views keep their order: it is what makes the database walk an index instead of joining everything first.
    """
    held = {view.name: statements([view], seen, None, depth=COUNTED + 1) for view in VIEWS if view is not NEEDS}
    named = {name: parts[0] for name, parts in held.items() if parts}
    lists = ", ".join(f"list_{name} AS (SELECT line_id FROM ({sql}) l)" for name, (sql, _) in named.items())  # noqa: S608 our own statements
    counts = ", ".join(_count(view, set(named)) for view in VIEWS)
    return f"WITH {lists} SELECT {counts}", tuple(param for _, params in named.values() for param in params)


def _count(view: View, named: set[str]) -> str:
    harms = [harm.name for harm in HARMS if harm.name in named] if view is NEEDS else [view.name]
    each = " UNION ".join(f"SELECT line_id FROM list_{name}" for name in harms if name in named)  # noqa: S608
    return f"(SELECT COUNT(*) FROM (SELECT * FROM ({each}) u LIMIT {COUNTED + 1}) c)" if each else "0"  # noqa: S608


class Age(NamedTuple):
    """One cell of the ageing bar: its days in words, how many lines, and its height of 0 to 10."""

    days: str
    number: int
    height: int


class Summary(NamedTuple):
    """What a list comes to: lines, their value by currency, days of the oldest wait, and how old they are."""

    lines: int
    values: list[tuple[Decimal, str]]
    oldest: int
    ages: list[Age]


# Of one line: when it was ordered, what its units are worth, in which currency.
Entry = tuple[datetime.datetime, Decimal, str]


def entries(line_ids: Sequence[int]) -> list[Entry]:
    """Return what `summary` adds up of these lines: one statement."""
    units = Case(When(waiting__gt=0, then=F("waiting")), default=F("allocated"))
    found = OrderLine.objects.filter(OneOf(line_ids)).order_by()
    return list(found.values_list("placed_at", units * F("price"), "order__currency"))


def customers(line_ids: Sequence[int]) -> int:
    """Return how many customers wait with these lines: one statement."""
    found = OrderLine.objects.filter(OneOf(line_ids)).order_by()
    return int(found.aggregate(customers=Count("order__customer", distinct=True))["customers"])


def summary(lines: Iterable[Entry], *, today: datetime.date) -> Summary:
    """Return what these lines come to."""
    values: Counter[str] = Counter()
    ages = [0] * len(AGES)
    oldest = 0
    for placed_at, worth, currency in lines:
        days = (today - business_day(placed_at)).days
        values[currency] += worth  # type: ignore[assignment]  # amounts, not counts
        ages[next(cell for cell, last in enumerate(AGES) if last is None or days <= last)] += 1
        oldest = max(oldest, days)
    return Summary(
        lines=sum(ages),
        values=[(Decimal(worth), currency) for currency, worth in values.most_common() if worth],
        oldest=oldest,
        ages=[Age(_days(cell), number, _height(number, max(ages))) for cell, number in enumerate(ages)],
    )


def _days(cell: int) -> str:
    first = (AGES[cell - 1] or 0) + 1 if cell else 0
    return f"{first}–{AGES[cell]}" if AGES[cell] is not None else f"{first - 1}+"


def _height(number: int, most: int) -> int:
    return max(1, round(10 * number / most)) if number else 0
