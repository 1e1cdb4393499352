"""Many rows in one statement: the set-based writes under the plan, the ledger and the outbox.

PostgreSQL takes one array per column (`unnest`), SQLite one JSON document (`json_each`), so the number of
statements does not grow with the number of rows on either.
"""

import contextlib
import datetime
import decimal
import functools
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper

Record = TypeVar("Record", bound=models.Model)
Value = TypeVar("Value", int, str)
Row = tuple[Any, ...]
T = TypeVar("T")


def batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lists of at most `size`: what grows with N comes to the database in pieces."""
    remaining = iter(values)
    while batch := list(itertools.islice(remaining, size)):
        yield batch


def insert(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert `rows` (tuples in the order of `fields`, values as Python objects); return how many there were.

    Primary keys are the database's. Fields not named must have a database default or be nullable.
    """
    columns = _columns(model, fields)
    names = ", ".join(column.quoted for column in columns)
    values = ", ".join(f"{{{index}}}" for index in range(len(columns)))
    return _run(f"INSERT INTO {_quoted(model)} ({names}) SELECT {values} FROM {{source}}", columns, rows)


def count_anew(*tables: type[models.Model]) -> None:
    """Have PostgreSQL count these tables now, after many first rows were written to them at once.

    A table that it happened to count while those rows were not committed yet passes for empty until the next time
    around, and what joins three such tables reads each once for every row of the others.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(map(_quoted, tables))}")


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


def returning(
    sql: str, model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]], *params: Any
) -> list[tuple[Any, ...]]:
    """Run a statement with a RETURNING clause as `run` does; return what it returns, in the order of the rows."""
    columns, rows = _columns(model, fields), list(rows)
    if not rows:
        return []
    with _cursor(of=len(rows)) as cursor:
        cursor.execute(*_over(sql, columns, rows, params))
        return list(cursor.fetchall())


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Send the statements inside without waiting for each, where the database can (PostgreSQL's pipeline mode).

    They run in order, and each sees what those before it did. Who asks for an answer waits for all that was sent.
    """
    if connection.vendor == "postgresql":
        with connection.wrap_database_errors, connection.connection.pipeline():
            yield
    else:
        yield


def create(record: Record) -> Record:
    """Insert one new record as its `save` would, under its own id if it has one (`new_ids`); return it."""
    model = type(record)
    names = [field.attname for field in model._meta.concrete_fields if record.pk or not field.primary_key]
    values = [[getattr(record, name) for name in names]]
    if record.pk:
        insert(model, names, values)
    else:
        ((record.pk,),) = returning(_creation(model, tuple(names)), model, names, values)
    record._state.adding, record._state.db = False, connection.alias
    return record


@functools.cache
def _creation(model: type[models.Model], names: tuple[str, ...]) -> str:
    columns = _columns(model, names)
    values = ", ".join(f"{{{index}}}" for index in range(len(columns)))
    into = f"INSERT INTO {_quoted(model)} ({', '.join(column.quoted for column in columns)})"
    return f"{into} SELECT {values} FROM {{source}} RETURNING {model._meta.pk.column}"


def new_ids(*models: type[models.Model]) -> Callable[[], list[int]]:
    """Ask, as `ask` does, for an id of each model that no row has or will get.

    Whoever asks writes the rows in the same transaction.
    """
    if connection.vendor == "postgresql":
        ids = [f"nextval(pg_get_serial_sequence('{_quoted(model)}', '{model._meta.pk.column}'))" for model in models]
    else:
        last = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{}'), 0) + {}"
        ids = [last.format(model._meta.db_table, 1 + models[:place].count(model)) for place, model in enumerate(models)]
    answer = _ask(f"SELECT {', '.join(ids)}", [])
    return lambda: list(answer()[0])


Build = Callable[[Sequence[Value]], "models.QuerySet[Any, Any]"]


@contextlib.contextmanager
def one_moment() -> Iterator[None]:
    """Let the statements inside see the tables as they are at one moment; in a transaction they do what it does.

    Inside nothing may be written and no transaction begun.
    """
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        how = " ISOLATION LEVEL REPEATABLE READ READ ONLY" if connection.vendor == "postgresql" else ""
        cursor.execute(f"BEGIN{how}")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def select(build: Build[Value], values: Sequence[Value]) -> list[tuple[Any, ...]]:
    """Return the rows of `build(values)`, a `values_list` whose SQL depends on nothing but how many values there are.

    For reads on the hottest path: putting the statement together takes longer than the database needs to answer it,
    so on PostgreSQL it is put together once for each number of values. `build` must be a function of a module.
    """
    return ask(build, values)()


def ask(build: Build[Value], values: Sequence[Value]) -> Callable[[], list[Row]]:
    """Ask for what `select` returns; call what comes back, once, for the rows. Inside `together` only that waits."""
    if connection.vendor != "postgresql":
        rows = list(build(values))
        return lambda: rows
    marks = _MARKS[type(values[0]) if values else int]
    places = {marks(place): value for place, value in enumerate(values)}
    try:
        sql, params = _statement(build, tuple(places))
    except EmptyResultSet:  # it asks for the rows of no values
        return list
    return _ask(sql, [places.get(param, param) for param in params])


def _ask(sql: str, params: Sequence[Any]) -> Callable[[], list[Row]]:
    cursor = _cursor(of=len(params))
    cursor.execute(sql, params)

    def answer() -> list[Row]:
        with cursor:
            return list(cursor.fetchall())

    if connection.vendor == "postgresql":
        return answer
    found = answer()  # SQLite keeps a table locked until all is read
    return lambda: found


# What stands for the values while the statement is put together: no id and no text of ours looks like these.
_MARKS: dict[type, Callable[[int], Any]] = {int: lambda place: -1 - place, str: lambda place: chr(0x10FFFD - place)}


@functools.lru_cache(maxsize=512)
def _statement(build: Build[Any], marks: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    return build(marks).query.sql_with_params()


class _Column:
    """One column of the statement: its quoted name, its type, and how it travels in an array or in JSON."""

    def __init__(self, field: "models.Field[Any, Any]") -> None:
        self.quoted = connection.ops.quote_name(field.column or field.name)
        self.type = (field.cast_db_type(connection) or "").split(" GENERATED")[0]
        self.is_json = isinstance(field, models.JSONField)
        self.is_uuid = isinstance(field, models.UUIDField)
        self.is_text = isinstance(field, models.CharField | models.TextField)
        self.kept = getattr(field, "kept", None)  # a sentence, see sentences.py

    def from_json(self, index: int) -> str:
        value = f"n.value ->> {index}"
        return f"CAST({value} AS {self.type})" if self.type.startswith("decimal") else value

    def array(self, values: Sequence[Any]) -> str:
        """Return the values as PostgreSQL writes an array: much faster than adapting them one by one."""
        write = self.literal if self.is_json or self.is_text else str
        return "{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}"

    def literal(self, value: Any) -> str:
        """Return a text or a document, quoted."""
        text = json.dumps(value) if self.is_json else str(self.kept(value) if self.kept else value)
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def plain(self, value: Any) -> Any:
        """Return the value as JSON carries it and SQLite keeps it."""
        if value is None:
            return None
        if self.is_json:
            return json.dumps(value)
        if self.kept:
            return self.kept(value)
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
    if rows:
        with _cursor(of=len(rows)) as cursor:
            cursor.execute(*_over(sql, columns, rows, params))
    return len(rows)


FEW = 16


class _Prepared(ServerBindingCursor):
    """Prepares what it runs again and again, and yet lets the log of statements know what it ran."""

    def _convert_query(self, query: Any, params: Any = None) -> Any:
        self._query = super()._convert_query(query, params)  # type: ignore[misc]
        return self._query


def _cursor(*, of: int) -> CursorWrapper:
    """Return a cursor for a statement over so many rows or values.

    What comes again and again with few of them PostgreSQL plans once: the values travel beside the statement, and the
    driver prepares it at its sixth time. Many rows deserve a plan of their own.
    """
    if connection.vendor != "postgresql" or of > FEW:
        return connection.cursor()
    connection.ensure_connection()
    driver = connection.connection
    usual, driver.cursor_factory = driver.cursor_factory, _Prepared
    try:
        return connection.cursor()
    finally:
        driver.cursor_factory = usual


def _over(
    sql: str, columns: list[_Column], rows: Sequence[Sequence[Any]], params: Sequence[Any]
) -> tuple[str, list[Any]]:
    """Return the statement with its rows in it, and all its parameters."""
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
    return sql.format(*values, source=source), [*map(_param, params), *carried]
