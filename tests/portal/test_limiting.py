"""How often somebody may try is counted by all processes together, and by nobody while the broker is away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache

from backorders.portal.limiting import Limit, wait
from tests.harness.smtp import free_port
from tests.harness.valkey import valkey

THREE = Limit("three", 3, 600)
A_PROCESS = "from backorders.portal.limiting import *; print([wait(Limit('three', 3, 600), 'who') for _ in range(2)])"


def waits(var: Path, redis_url: str) -> str:
    """How long somebody waits who tries twice, asked of a process of its own."""
    environment = {"PATH": os.environ["PATH"], "BACKORDERS_VAR": str(var), "REDIS_URL": redis_url}
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", A_PROCESS]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_processes_count_together(tmp_path: Path) -> None:
    server = valkey()
    server.start()
    try:
        url = f"redis://127.0.0.1:{server.port}/0"
        assert [waits(tmp_path, url), waits(tmp_path, url)] == ["[0, 0]", "[0, 600]"]
    finally:
        server.stop()


def test_while_the_broker_is_away_nobody_waits(tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    assert [waits(tmp_path, url), waits(tmp_path, url)] == ["[0, 0]", "[0, 0]"]


@pytest.mark.parametrize("who", ["", "İ", "a" * 5000])
def test_whoever_tries_more_often_waits_and_others_do_not(who: str) -> None:
    cache.clear()
    assert [wait(THREE, who) for _ in range(5)] == [0, 0, 0, 600, 600]
    assert wait(THREE, who + "x") == 0
