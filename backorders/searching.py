"""Search finds by what the database has an index for: parts of words on PostgreSQL, beginnings on SQLite."""

import functools
import operator
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from django.db.models import Q

# A trigram index finds nothing inside a word by less than three letters; their beginnings it does find.
SHORTEST_PART = 3
M = TypeVar("M", bound=models.Model)


def matching(queryset: "models.QuerySet[M]", fields: Sequence[str], term: str) -> "models.QuerySet[M]":
    """Return the rows of which one of `fields` holds `term`."""
    return queryset.filter(holds(fields, term))


def holds(fields: Sequence[str], term: str) -> Q:
    """Return the condition that one of `fields` (columns of the queryset's own table) holds `term`, in any case.

    On PostgreSQL anywhere in the column, on SQLite (and for one or two letters) only at its beginning.
    """
    is_part = connection.vendor == "postgresql" and len(term) >= SHORTEST_PART
    lookup = "icontains" if is_part else "istartswith"
    return functools.reduce(operator.or_, (Q(**{f"{name}__{lookup}": term}) for name in fields), Q())


def search_indexes(table: str, *columns: str) -> RunPython:
    """Return the migration step that gives the columns of `table` the indexes `matching` needs."""

    def create(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in _statements(table, columns, vendor=schema_editor.connection.vendor):
            schema_editor.execute(statement, params=None)

    def drop(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for column in columns:
            schema_editor.execute(f"DROP INDEX IF EXISTS {table}_{column}_search", params=None)

    return RunPython(create, drop)


def _statements(table: str, columns: Sequence[str], *, vendor: str) -> list[str]:
    if vendor == "postgresql":
        # The expression is the one Django compares in a case-insensitive lookup; any other would not be used.
        made = [
            f"CREATE INDEX {table}_{name}_search ON {table} USING gin (UPPER({name}::text) gin_trgm_ops)"
            for name in columns
        ]
        return ["CREATE EXTENSION IF NOT EXISTS pg_trgm", *made]
    return [f"CREATE INDEX {table}_{name}_search ON {table} ({name} COLLATE NOCASE)" for name in columns]
