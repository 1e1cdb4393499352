"""Two acts at the same instant: the first is stopped at a named point until the second has come as far as it can."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, connections

LONGEST = 20.0  # seconds until a test gives up


@dataclass(frozen=True)
class Ending:
    """How two acts ended (what each returned or raised), and whether the second had to wait for the first."""

    first: Any
    second: Any
    waited: bool


class Point:
    """A place in the code where whoever comes first stops until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: Any, name: str) -> None:
        self.reached, self.go = threading.Event(), threading.Event()
        self._first = threading.Lock()
        passed = getattr(room, name)

        def stopping(*args: Any, **kwargs: Any) -> Any:
            if self._first.acquire(blocking=False):
                self.reached.set()
                assert self.go.wait(LONGEST)
            return passed(*args, **kwargs)

        monkeypatch.setattr(room, name, stopping)


def meet_at(point: Point, first: Callable[[], Any], second: Callable[[], Any]) -> Ending:
    """Let the first act run to the point, then the second to its end or until the database makes it wait."""
    ends: dict[str, Any] = {}

    def run(name: str, act: Callable[[], Any]) -> threading.Thread:
        def work() -> None:
            try:
                ends[name] = act()
            except Exception as error:
                ends[name] = error
            connections.close_all()

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    one = run("first", first)
    assert point.reached.wait(LONGEST), ends
    two = run("second", second)
    waited = _ended_or_waits(two)
    point.go.set()
    for thread in (one, two):
        thread.join(LONGEST)
        assert not thread.is_alive()
    return Ending(ends["first"], ends["second"], waited)


def _ended_or_waits(thread: threading.Thread) -> bool:
    """Return whether the thread's act waits for a lock; only when it does, or has ended."""
    deadline = time.monotonic() + LONGEST
    while thread.is_alive():
        assert time.monotonic() < deadline, "it neither ends nor waits"
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return True
        thread.join(0.01)
    return False
