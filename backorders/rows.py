"""Many rows in one statement: the set-based writes under the plan, the ledger and the outbox.

PostgreSQL takes one array per column (`unnest`), SQLite one JSON document (`json_each`), so the number of
statements does not grow with the number of rows on either.
"""

import datetime
import decimal
import functools
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models


def insert(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert `rows` (tuples in the order of `fields`, values as Python objects); return how many there were.

    Primary keys are the database's. Fields not named must have a database default or be nullable.
    """
    columns = _columns(model, fields)
    names = ", ".join(column.quoted for column in columns)
    values = ", ".join(f"{{{index}}}" for index in range(len(columns)))
    return _run(f"INSERT INTO {_quoted(model)} ({names}) SELECT {values} FROM {{source}}", columns, rows)


def update(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Set `fields[1:]` on the rows whose `fields[0]` (a unique field) matches; return how many rows were given."""
    table, columns = _quoted(model), _columns(model, fields)
    changes = ", ".join(f"{column.quoted} = {{{index}}}" for index, column in enumerate(columns) if index)
    key = columns[0].quoted
    return _run(f"UPDATE {table} AS t SET {changes} FROM {{source}} WHERE t.{key} = {{0}}", columns, rows)


def delete(model: type[models.Model], ids: Iterable[int]) -> int:
    """Delete the rows with these primary keys; return how many ids were given."""
    columns = _columns(model, [model._meta.pk.attname])
    key = columns[0].quoted
    sql = f"DELETE FROM {_quoted(model)} WHERE {key} IN (SELECT {{0}} FROM {{source}})"
    return _run(sql, columns, [(pk,) for pk in ids])


def run(sql: str, model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]], *params: Any) -> int:
    """Run a statement over `rows`, whose values have the types of `fields`; return how many rows were given.

    In `sql`, `{source}` stands for the rows and `{0}`, `{1}` … for their values; `params` fill the `%s`
    that stand before `{source}`.
    """
    return _run(sql, _columns(model, fields), rows, params)


Build = Callable[[Sequence[int]], "models.QuerySet[Any, Any]"]


def select(build: Build, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return the rows of `build(ids)`, a `values_list` whose SQL depends on nothing but how many ids there are.

    For reads on the hottest path: putting the statement together takes longer than the database needs to answer it,
    so on PostgreSQL it is put together once for each number of ids. `build` must be a function of a module.
    """
    if connection.vendor != "postgresql":
        return list(build(ids))
    try:
        sql, params = _statement(build, len(ids))
    except EmptyResultSet:  # it asks for the rows of no ids
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, [ids[-1 - param] if isinstance(param, int) and param < 0 else param for param in params])
        return list(cursor.fetchall())


@functools.lru_cache(maxsize=512)
def _statement(build: Build, size: int) -> tuple[str, tuple[Any, ...]]:
    """Put the statement together for ids −1, −2, …, which mark the places of the real ones."""
    return build([-1 - place for place in range(size)]).query.sql_with_params()


class _Column:
    """One column of the statement: its quoted name, its type, and how it travels in an array or in JSON."""

    def __init__(self, field: "models.Field[Any, Any]") -> None:
        self.quoted = connection.ops.quote_name(field.column or field.name)
        self.type = (field.cast_db_type(connection) or "").split(" GENERATED")[0]
        self.is_json = isinstance(field, models.JSONField)
        self.is_uuid = isinstance(field, models.UUIDField)
        self.is_text = isinstance(field, models.CharField | models.TextField)

    def from_json(self, index: int) -> str:
        value = f"n.value ->> {index}"
        return f"CAST({value} AS {self.type})" if self.type.startswith("decimal") else value

    def array(self, values: Sequence[Any]) -> str:
        """Return the values as PostgreSQL writes an array: much faster than adapting them one by one."""
        write = self.literal if self.is_json or self.is_text else str
        return "{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}"

    def literal(self, value: Any) -> str:
        """Return a text or a document, quoted."""
        text = json.dumps(value) if self.is_json else str(value)
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def plain(self, value: Any) -> Any:
        """Return the value as JSON carries it and SQLite keeps it."""
        if value is None:
            return None
        if self.is_json:
            return json.dumps(value)
        if self.is_uuid:
            return value.hex
        if isinstance(value, datetime.datetime):
            return connection.ops.adapt_datetimefield_value(value)
        if isinstance(value, datetime.date | decimal.Decimal):
            return str(value)
        return value


def _quoted(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _columns(model: type[models.Model], fields: Sequence[str]) -> list[_Column]:
    return _known_columns(model, tuple(fields))


@functools.cache
def _known_columns(model: type[models.Model], fields: tuple[str, ...]) -> list[_Column]:
    return [_Column(model._meta.get_field(name)) for name in fields]  # type: ignore[arg-type]


def _param(value: Any) -> Any:
    """Return a parameter as Django's own queries pass it: SQLite keeps moments as text and compares them as such."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime.datetime) else value


def _run(sql: str, columns: list[_Column], rows: Iterable[Sequence[Any]], params: Sequence[Any] = ()) -> int:
    rows = list(rows)
    if not rows:
        return 0
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{column.type}[]" for column in columns)
        names = ", ".join(f"c{index}" for index in range(len(columns)))
        source = f"unnest({arrays}) AS n({names})"
        values = [f"n.c{index}" for index in range(len(columns))]
        carried = [column.array(of_one) for column, of_one in zip(columns, zip(*rows, strict=True), strict=True)]
    else:
        source = "json_each(%s) AS n"
        values = [column.from_json(index) for index, column in enumerate(columns)]
        carried = [json.dumps([[c.plain(v) for c, v in zip(columns, row, strict=True)] for row in rows])]
    with connection.cursor() as cursor:
        cursor.execute(sql.format(*values, source=source), [*map(_param, params), *carried])
    return len(rows)
