"""Many rows in one statement: the set-based writes under the plan, the ledger and the outbox.

PostgreSQL takes one array per column (`unnest`), SQLite one JSON document (`json_each`), so the number of
statements does not grow with the number of rows on either.
"""

import datetime
import decimal
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def insert(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert `rows` (tuples in the order of `fields`, values as Python objects); return how many there were.

    Primary keys are the database's. Fields not named must have a database default or be nullable.
    """
    table, columns = _quoted(model), _columns(model, fields)
    names = ", ".join(column.quoted for column in columns)
    return _run(f"INSERT INTO {table} ({names}) SELECT {{values}} FROM {{source}}", columns, rows)


def update(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Set `fields[1:]` on the rows whose `fields[0]` (a unique field) matches; return how many rows were given."""
    table, columns = _quoted(model), _columns(model, fields)
    if connection.vendor == "postgresql":
        changes = ", ".join(f"{c.quoted} = n.c{i}" for i, c in enumerate(columns) if i)
        sql = f"UPDATE {table} AS t SET {changes} FROM {{source}} WHERE t.{columns[0].quoted} = n.c0"
    else:
        changes = ", ".join(f"{c.quoted} = {c.from_json(i)}" for i, c in enumerate(columns) if i)
        sql = f"UPDATE {table} SET {changes} FROM {{source}} WHERE {table}.{columns[0].quoted} = {columns[0].from_json(0)}"
    return _run(sql, columns, rows)


def delete(model: type[models.Model], ids: Iterable[int]) -> int:
    """Delete the rows with these primary keys; return how many ids were given."""
    column = _columns(model, [model._meta.pk.attname])
    source = (
        "SELECT c0 FROM {source}"
        if connection.vendor == "postgresql"
        else f"SELECT {column[0].from_json(0)} FROM {{source}}"
    )
    return _run(f"DELETE FROM {_quoted(model)} WHERE {column[0].quoted} IN ({source})", column, [(pk,) for pk in ids])


class _Column:
    """One column of the statement: its quoted name, its type, and how it travels in an array or in JSON."""

    def __init__(self, field: "models.Field[Any, Any]") -> None:
        self.quoted = connection.ops.quote_name(field.column or field.name)
        self.type = (field.cast_db_type(connection) or "").split(" GENERATED")[0]
        self.is_json = isinstance(field, models.JSONField)
        self.is_uuid = isinstance(field, models.UUIDField)

    def from_json(self, index: int) -> str:
        value = f"n.value ->> {index}"
        return f"CAST({value} AS {self.type})" if self.type.startswith("decimal") else value

    def array(self, values: Sequence[Any]) -> list[Any]:
        return [json.dumps(v) for v in values] if self.is_json else list(values)

    def plain(self, value: Any) -> Any:
        if self.is_json:
            return json.dumps(value)
        if self.is_uuid and value is not None:
            return value.hex
        if isinstance(value, datetime.datetime):
            return connection.ops.adapt_datetimefield_value(value)
        if isinstance(value, datetime.date | decimal.Decimal):
            return str(value)
        return value


def _quoted(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _columns(model: type[models.Model], fields: Sequence[str]) -> list[_Column]:
    return [_Column(model._meta.get_field(name)) for name in fields]  # type: ignore[arg-type]


def _run(sql: str, columns: list[_Column], rows: Iterable[Sequence[Any]]) -> int:
    rows = list(rows)
    if not rows:
        return 0
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{column.type}[]" for column in columns)
        names = ", ".join(f"c{i}" for i in range(len(columns)))
        source = f"unnest({arrays}) AS n({names})"
        params: list[Any] = [column.array([row[i] for row in rows]) for i, column in enumerate(columns)]
        values = ", ".join(f"n.c{i}" for i in range(len(columns)))
    else:
        source = "json_each(%s) AS n"
        params = [json.dumps([[c.plain(v) for c, v in zip(columns, row, strict=True)] for row in rows])]
        values = ", ".join(column.from_json(i) for i, column in enumerate(columns))
    with connection.cursor() as cursor:
        cursor.execute(sql.format(source=source, values=values), params)
    return len(rows)
