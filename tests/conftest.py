"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test.testcases import LiveServerThread

# Playwright's own event loop runs in the thread of the test; the ORM is not async there all the same.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

from tests.harness.browser import Browser, Visit, chromium
from tests.harness.smtp import Sink
from tests.harness.valkey import ValkeyServer, valkey
from tests.harness.web import Web

# Nobody listens at the broker's address: what processes count together is counted by the tests alone.
settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

LiveServerThread.server_class = Web

# A password is checked as ever, but guessing one is cheap here: it cost a third of a second for every person.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def nobody_was_here_before() -> Iterator[None]:
    """What another test left in the cache, its tries and who was where, counts for nobody."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def ledgers_can_be_flushed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let transactional tests empty append-only tables on SQLite, where emptying is DELETE (PostgreSQL truncates)."""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_delete'")
                for (name,) in cursor.fetchall():
                    cursor.execute(f"DROP TRIGGER {name}")
    return


@pytest.fixture(autouse=True)
def nobody_is_talking(request: pytest.FixtureRequest) -> Iterator[None]:
    """Between the windows of a test, which close first, and the emptying of its database every request ends."""
    if "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    live_server = request.getfixturevalue("live_server")
    yield
    live_server.thread.httpd.fall_silent()


@pytest.fixture
def smtp_sink() -> Iterator[Sink]:
    """A real SMTP server that keeps every mail."""
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="session")
def broker() -> Iterator[ValkeyServer]:
    """A real Redis-protocol server."""
    server = valkey()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """A fresh page in a fresh context, 1366 × 768."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    yield Visit(context.new_page())
    context.close()
