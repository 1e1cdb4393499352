"""`serve` runs everything in one terminal and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.harness.smtp import free_port

PATIENCE = 60
Serving = subprocess.Popen[str]


def serve(var: Path, port: int) -> Serving:
    """Start it as a stranger would: in an empty folder, with nothing in the environment."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "BACKORDERS_VAR": str(var)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


pytestmark = pytest.mark.long


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def serving(tmp_path: Path, port: int) -> Iterator[Serving]:
    """It runs, and has said so."""
    with serve(tmp_path, port) as process:
        assert process.stdout
        assert any(f"http://127.0.0.1:{port}/" in line for line in process.stdout)
        yield process
        process.kill()


def children(process: Serving) -> dict[str, int]:
    """The processes it started, by what they are."""
    pids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in pids}
    known = re.compile("valkey|gunicorn|worker|beat")
    return {found[0]: pid for pid, command in commands.items() if (found := known.search(command))}


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_answers_when_it_says_so_and_stops_without_leaving_a_process_behind(serving: Serving, port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/login/", timeout=PATIENCE) as answer:
        assert answer.status == 200
    started = children(serving)
    assert started.keys() == {"valkey", "gunicorn", "worker", "beat"}
    serving.send_signal(signal.SIGINT)
    assert serving.wait(PATIENCE) == 0
    assert [name for name, pid in started.items() if not is_gone(pid)] == []


def test_if_one_process_dies_all_stop_with_a_sentence(serving: Serving) -> None:
    started = children(serving)
    os.kill(started["beat"], signal.SIGKILL)
    assert serving.wait(PATIENCE) == 1
    assert serving.stderr
    assert "The clock ended by itself; everything was stopped." in serving.stderr.read()
    assert [name for name, pid in started.items() if not is_gone(pid)] == []


def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = serve(tmp_path, port)
        assert f"Port {port} is taken." in refused.communicate(timeout=PATIENCE)[1]
        assert refused.returncode == 1
