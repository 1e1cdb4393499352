"""What has to be decided before Django reads its settings: the tests' own surroundings, and their database.

`pytest --db postgres` runs the same tests on a real PostgreSQL, started here unless DATABASE_URL names one.
"""

import contextlib
import os
from collections.abc import Sequence

import pytest

from tests.harness.postgres import postgres

OURS = ("PRODUCTION", "DEBUG", "SECRET_KEY", "SITE_URL", "ALLOWED_HOSTS", "EMAIL_", "ANYMAIL_", "MAIL_", "INSTANCE_ID")
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=["sqlite", "postgres"], default="sqlite")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: Sequence[str]) -> None:
    """Forget how this machine runs the product, then start the database that was asked for.

    Workers of xdist inherit the DATABASE_URL; only the first process starts (and stops) the server.
    """
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    os.environ["REDIS_URL"] = NOBODY_LISTENS  # a test that wants a broker starts one
    os.environ.setdefault("STATEMENT_TIMEOUT", "1min")  # a machine with much to do is slow, not wrong
    if early_config.known_args_namespace.db == "postgres" and "DATABASE_URL" not in os.environ:
        server = contextlib.ExitStack()
        os.environ["DATABASE_URL"] = server.enter_context(postgres())
        early_config.add_cleanup(server.close)
