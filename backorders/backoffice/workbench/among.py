"""A condition for lists that are short beside the million they are picked from: their ids are read first.

A database that plans `IN (SELECT …) ORDER BY … LIMIT` may walk all promises in order and look each one up in the list,
hoping to meet enough of them soon; if the list is empty it meets none and looks at every promise there is.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet, Subquery, TextField, Value

# No list of lines and no selection holds more: nobody works through them.
AT_MOST = 10_000


class Among(Func):
    """Whether a promise's line is among these (a queryset of line ids; the first ten thousand count)."""

    output_field = BooleanField()

    def __init__(self, lines: "QuerySet[Any, Any]") -> None:
        super().__init__(F("pk"), Subquery(lines[:AT_MOST]))

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, Any]:
        """Write the ids as an array on PostgreSQL, which is made before anything else is read."""
        key, subquery = self.source_expressions
        (key_sql, key_params), (sql, params) = compiler.compile(key), compiler.compile(subquery)
        condition = f"= ANY(ARRAY{sql})" if connection.vendor == "postgresql" else f"IN {sql}"
        return f"{key_sql} {condition}", (*key_params, *params)


class OneOf(Func):
    """Whether a promise or a line is one of these (ids of lines); hundreds of them travel as one value."""

    output_field = BooleanField()

    def __init__(self, line_ids: Iterable[int]) -> None:
        super().__init__(F("pk"), Value(json.dumps(list(line_ids)), output_field=TextField()))

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, Any]:
        """Write the ids as an array on PostgreSQL, as a JSON document on SQLite."""
        key, ids = self.source_expressions
        (key_sql, key_params), (sql, params) = compiler.compile(key), compiler.compile(ids)
        if connection.vendor == "postgresql":
            return f"{key_sql} = ANY(translate({sql}, '[]', '{{}}')::bigint[])", (*key_params, *params)
        return f"{key_sql} IN (SELECT value FROM json_each({sql}))", (*key_params, *params)  # noqa: S608 compiled above
