"""`pytest --db postgres` runs the same tests on a real PostgreSQL, started before Django reads its settings."""

import contextlib
import os
from collections.abc import Sequence

import pytest

from tests.harness.postgres import postgres


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=["sqlite", "postgres"], default="sqlite")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: Sequence[str]) -> None:
    """Workers of xdist inherit the DATABASE_URL; only the first process starts (and stops) the server."""
    if early_config.known_args_namespace.db == "postgres" and "DATABASE_URL" not in os.environ:
        server = contextlib.ExitStack()
        os.environ["DATABASE_URL"] = server.enter_context(postgres())
        early_config.add_cleanup(server.close)
