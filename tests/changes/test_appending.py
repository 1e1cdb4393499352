"""Append-only: the database itself refuses to rewrite a ledger, and says which."""

import pytest
from django.db import Error, connection, transaction
from django.db.migrations.state import ProjectState

from backorders.changes.appending import append_only, refusals

pytestmark = pytest.mark.django_db(transaction=True)


def run(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def rows() -> list[tuple[int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM diary ORDER BY n")
        return cursor.fetchall()


@pytest.fixture
def diary() -> object:
    """A table with one row, made append-only by a migration step."""
    run("CREATE TABLE diary (n integer)", "INSERT INTO diary VALUES (1)")
    step = append_only("diary")
    apps = ProjectState()
    with connection.schema_editor() as editor:
        step.database_forwards("changes", editor, apps, apps)
    yield step
    run("DROP TABLE diary")


def test_rows_are_added_but_neither_changed_nor_deleted(diary: object) -> None:
    run("INSERT INTO diary VALUES (2)")
    for rewriting in ("UPDATE diary SET n = 3", "DELETE FROM diary", "UPDATE diary SET n = n WHERE n = 2"):
        with pytest.raises(Error, match="diary is append-only"):
            run(rewriting)
    assert rows() == [(1,), (2,)]


def test_the_step_can_be_taken_back(diary: object) -> None:
    apps = ProjectState()
    with connection.schema_editor() as editor:
        diary.database_backwards("changes", editor, apps, apps)  # type: ignore[attr-defined]
    run("UPDATE diary SET n = 3")
    assert rows() == [(3,)]


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite"])
def test_both_databases_refuse_both(vendor: str) -> None:
    sql = " ".join(refusals("diary", vendor=vendor))
    assert "BEFORE UPDATE ON diary" in sql
    assert "BEFORE DELETE ON diary" in sql
