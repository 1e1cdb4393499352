"""Append-only tables: the database itself refuses to change or delete a row of a ledger."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython


def append_only(table: str) -> RunPython:
    """Return the migration step that makes `table` refuse UPDATE and DELETE, on PostgreSQL and SQLite."""

    def forbid(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in refusals(table, vendor=schema_editor.connection.vendor):
            schema_editor.execute(statement, params=None)

    def allow(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for name in (f"{table}_no_update", f"{table}_no_delete"):
            where = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{where}", params=None)

    return RunPython(forbid, allow)


def refusals(table: str, *, vendor: str) -> list[str]:
    """Return the SQL that makes `table` append-only: a trigger each for UPDATE and DELETE."""
    if vendor == "postgresql":
        return [
            "CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
            *(
                f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
                for event in ("update", "delete")
            ),
        ]
    return [
        f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for event in ("update", "delete")
    ]


def unguarded(triggers: Iterable[str]) -> list[str]:
    """Return which of these triggers the database does not have (any more), or has switched off."""
    if connection.vendor == "postgresql":
        sql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    else:
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        known = {name for (name,) in cursor.fetchall()}
    return sorted(set(triggers) - known)
