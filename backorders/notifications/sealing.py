"""What was written stays: the database refuses to change or delete a message once it has its content hash.

Only emptying is allowed, of a message whose time to be purged was set, and it leaves the hash as the proof. On SQLite a
migration that alters the table makes it anew, without its triggers: end such a migration with `sealed()` again.
"""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython

TABLE = "notifications_message"
WRITTEN = ("subject", "text", "html", "recipient", "headers", "language")
REFUSAL = "a message is not rewritten"


def sealed() -> RunPython:
    """Return the migration step that seals written messages, on PostgreSQL and SQLite."""

    def seal(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in seals(vendor=schema_editor.connection.vendor):
            schema_editor.execute(statement, params=None)

    def unseal(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
        where = f" ON {TABLE}" if schema_editor.connection.vendor == "postgresql" else ""
        for name in (f"{TABLE}_no_rewriting", f"{TABLE}_no_delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{where}", params=None)

    return RunPython(seal, unseal)


def unsealed() -> RunPython:
    """Return the opposite step, for the time in which a migration alters the table."""
    step = sealed()
    return RunPython(step.reverse_code or RunPython.noop, step.code)


def seals(*, vendor: str) -> list[str]:
    """Return the SQL of both triggers."""
    differ = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    json = "::text" if vendor == "postgresql" else ""
    changed = " OR ".join(
        f"NEW.{name}{json if name == 'headers' else ''} {differ} OLD.{name}{json if name == 'headers' else ''}"
        for name in WRITTEN
    )
    emptied = "OLD.purge_after IS NOT NULL AND NEW.text = '' AND NEW.html = '' AND NEW.content_hash = OLD.content_hash"
    rewritten = f"OLD.content_hash <> '' AND ({changed} OR NEW.content_hash <> OLD.content_hash) AND NOT ({emptied})"
    on_update = f"BEFORE UPDATE OF {', '.join((*WRITTEN, 'content_hash'))} ON {TABLE}"
    if vendor == "postgresql":
        return [
            "CREATE OR REPLACE FUNCTION refuse_rewriting_a_message() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$",
            f"CREATE TRIGGER {TABLE}_no_rewriting {on_update} FOR EACH ROW WHEN ({rewritten}) "
            "EXECUTE FUNCTION refuse_rewriting_a_message()",
            f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} FOR EACH ROW WHEN (OLD.content_hash <> '') "
            "EXECUTE FUNCTION refuse_rewriting_a_message()",
        ]
    return [
        f"CREATE TRIGGER {TABLE}_no_rewriting {on_update} WHEN {rewritten} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
        f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} WHEN OLD.content_hash <> '' "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    ]
