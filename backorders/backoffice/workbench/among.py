"""A condition for lists that are short beside the million they are picked from: their ids are read first.

A database that plans `IN (SELECT …) ORDER BY … LIMIT` may walk all promises in order and look each one up in the list,
hoping to meet enough of them soon; if the list is empty it meets none and looks at every promise there is.
"""

from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet, Subquery

# No list of lines holds more: nobody works through them.
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
