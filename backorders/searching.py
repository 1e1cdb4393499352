"""Search finds parts of words, in any case, and takes Turkish letters for the plain ones they are typed as.

The database folds a column exactly as `folded` folds what was typed: İ, I, ı and i are one letter, ş is s, ğ is g.
On PostgreSQL a trigram index over the folded column answers; SQLite looks at every row, which is quick in small shops.
"""

import functools
import operator
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from django.db.models import F, Func, Q, TextField
from django.db.models.lookups import Contains, StartsWith

# A trigram index finds nothing inside a word by less than three letters; their beginnings it does find.
SHORTEST_PART = 3
M = TypeVar("M", bound=models.Model)

# What stays of a letter, after it was made a capital: both letters of the two Turkish i are one, accents fall.
LETTERS = dict(zip("İıŞşĞğÜüÖöÇçÂâÎîÛûÉé", "IISSGGUUOOCCAAIIUUEE", strict=True))
_TABLE = str.maketrans(LETTERS)


def folded(text: str) -> str:
    """Return the text as the database folds a column: "Işık İğdır" and "isik igdir" are the same.

    SQLite makes capitals of plain letters only, so that in other scripts case matters there.
    """
    is_plain = connection.vendor == "sqlite"
    return "".join(map(functools.partial(_capital, is_plain=is_plain), text.translate(_TABLE)))


def _capital(letter: str, *, is_plain: bool) -> str:
    capital = letter.upper()
    return letter if len(capital) > 1 or (is_plain and not letter.isascii()) else capital


class Folded(Func):
    """A column as search compares it, in SQL: `folded` for the letters that both databases know."""

    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, Any]:
        """Write the expression that the search indexes are made of."""
        sql, params = compiler.compile(self.source_expressions[0])
        return folding(sql, vendor=connection.vendor), params


def folding(column: str, *, vendor: str) -> str:
    """Return the SQL that folds a column; only this very expression meets the index."""
    if vendor == "postgresql":
        return f"folded_for_search({column}::text)"
    for letter, plain in LETTERS.items():
        column = f"replace({column}, '{letter}', '{plain}')"
    return f"upper({column})"


def matching(queryset: "models.QuerySet[M]", fields: Sequence[str], term: str) -> "models.QuerySet[M]":
    """Return the rows of which one of `fields` holds `term`."""
    return queryset.filter(holds(fields, term))


def holds(fields: Sequence[str], term: str) -> Q:
    """Return the condition that one of `fields` (columns of the queryset's own table) holds `term`, in any case.

    One or two letters are looked for at the beginning only.
    """
    lookup = Contains if len(term) >= SHORTEST_PART else StartsWith
    return functools.reduce(operator.or_, (Q(lookup(Folded(F(name)), folded(term))) for name in fields), Q())


def search_indexes(table: str, *columns: str) -> RunPython:
    """Return the migration step that gives the columns of `table` the indexes `matching` needs."""

    def create(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in _statements(table, columns, vendor=schema_editor.connection.vendor):
            schema_editor.execute(statement, params=None)

    def drop(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for column in columns:
            schema_editor.execute(f"DROP INDEX IF EXISTS {table}_{column}_search", params=None)

    return RunPython(create, drop)


# PostgreSQL takes folding for as cheap as adding two numbers and would rather fold a million rows than look into the
# index, hoping to find the few it needs soon. What it really costs stands here.
_FOLDING = f"""
    CREATE OR REPLACE FUNCTION folded_for_search(text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100 AS
    $$ BEGIN RETURN translate(upper($1), '{"".join(LETTERS)}', '{"".join(LETTERS.values())}'); END $$
"""


def _statements(table: str, columns: Sequence[str], *, vendor: str) -> list[str]:
    made = [f"DROP INDEX IF EXISTS {table}_{name}_search" for name in columns]
    if vendor != "postgresql":
        return made
    for name in columns:
        expression = f"({folding(name, vendor=vendor)}) gin_trgm_ops"
        made.append(f"CREATE INDEX {table}_{name}_search ON {table} USING gin ({expression})")
    return ["CREATE EXTENSION IF NOT EXISTS pg_trgm", _FOLDING, *made]


def plain(text: str) -> str:
    """Return a word as it is compared with the ones we know: small letters without Turkish marks."""
    return text.translate(_TABLE).lower()
