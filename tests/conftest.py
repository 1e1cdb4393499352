"""Fixtures that every test may use."""

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture(scope="session", autouse=True)
def ledgers_can_be_flushed(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Let transactional tests empty append-only tables on SQLite, where emptying is DELETE (PostgreSQL truncates)."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_delete'")
                for (name,) in cursor.fetchall():
                    cursor.execute(f"DROP TRIGGER {name}")
    yield
