"""What needs action: the harmful lists behind one another, each line once, read only as far as somebody looks."""

import datetime
import functools
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q
from django.utils.functional import cached_property

from backorders.allocation.models import Promise
from backorders.backoffice.workbench import answering
from backorders.backoffice.workbench.lists import BY_HARM_IN_SQL, HARMS, Seen, View, asleep, lines

Statement = tuple[str, Sequence[Any]]


class Merged:
    """The line ids of the harmful lists; a slice of it reads no more of each list than the slice needs."""

    def __init__(self, seen: Seen, *, filters: Q | None = None) -> None:
        self.seen = seen
        self.filters = filters

    @cached_property
    def due(self) -> dict[int, datetime.date]:
        """The lines to whose customers an answer is due, and since when."""
        return answering.due(self.seen.today)

    @cached_property
    def answers(self) -> list[int]:
        """Those of them that are in the list, the earliest first."""
        if not self.due:
            return []
        named = Promise.objects.filter(~asleep(self.seen.today), is_open=True, pk__in=list(self.due))
        standing = set((named.filter(self.filters) if self.filters else named).values_list("pk", flat=True))
        return [line for line in self.due if line in standing]

    def __getitem__(self, cut: slice) -> list[int]:
        """Return the ids from `cut.start` to `cut.stop`: two or three statements, however long the lists are."""
        start, stop = cut.start or 0, cut.stop
        answers = self.answers
        head = answers[start:stop]
        rest = self._rest(max(start - len(answers), 0), stop - start - len(head), without=answers)
        return head + rest

    def _rest(self, start: int, count: int, *, without: Sequence[int]) -> list[int]:
        if count <= 0:
            return []
        # A list may begin with lines that stand before it as answers that are due: so many more of it are read.
        sql, params = _merging(self.seen, self.filters, start + count + len(without))
        if not sql:
            return []
        places = ", ".join(["%s"] * len(without))
        others = f"WHERE line_id NOT IN ({places})" if without else ""
        with connection.cursor() as cursor:
            cursor.execute(sql.format(others=others), [*params, *without, count, start])
            return [line for (line,) in cursor.fetchall()]


def _merging(seen: Seen, filters: Q | None, depth: int) -> Statement:
    """Return the statement of the lists behind one another; it is put together anew only where there are filters."""
    return _merged(seen, depth) if filters is None else _put_together(seen, filters, depth)


@functools.lru_cache(maxsize=256)
def _merged(seen: Seen, depth: int) -> Statement:
    return _put_together(seen, None, depth)


def _put_together(seen: Seen, filters: Q | None, depth: int) -> Statement:
    parts = statements(HARMS[1:], seen, filters, depth=depth)
    if not parts:
        return "", []
    listed = " UNION ALL ".join(
        f"SELECT line_id, {harm} AS harm, told_until, score FROM ({sql}) v{harm}"  # noqa: S608 our own statements
        for harm, (sql, _) in enumerate(parts)
    )
    listed = listed.replace("{", "{{").replace("}", "}}")
    sql = (
        f"SELECT line_id FROM ({listed}) m {{others}} GROUP BY line_id, told_until, score "  # noqa: S608
        f"ORDER BY MIN(harm), {BY_HARM_IN_SQL} LIMIT %s OFFSET %s"
    )
    return sql, [param for _, params in parts for param in params]


def statements(views: Sequence[View], seen: Seen, filters: Q | None, *, depth: int) -> list[Statement]:
    """Return the statement of each of the lists down to `depth` lines, without those that can hold nothing."""
    made: list[Statement] = []
    for view in views:
        held = lines(view, seen, filters=filters)
        try:
            made.append(held.values("line_id", "told_until", "score")[:depth].query.sql_with_params())
        except EmptyResultSet:
            continue
    return made
