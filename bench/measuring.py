"""Measuring: the median of several runs, the number of SQL statements, and ratios that a noisy machine cannot bend."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

RUNS = 5
ASKED = 100


@dataclass(frozen=True)
class Figure:
    """One line of the table. `ratio` is ours ÷ floor in time, so 1 is the floor itself and less is better.

    `p95_s` is the time that 95 of 100 stay within, where so many were measured.
    """

    job: str
    variant: str
    n: int
    ours_s: float
    floor_s: float
    statements: int
    p95_s: float = float("nan")

    @property
    def ratio(self) -> float:
        """Ours ÷ floor."""
        return self.ours_s / self.floor_s if self.floor_s else float("nan")

    def as_json(self) -> dict[str, Any]:
        """The figure as a line of var/bench.json."""
        known = {**asdict(self), "ratio": round(self.ratio, 3)}
        return {name: value for name, value in known.items() if value == value}  # not what was not measured


def asked(job: str, variant: str, n: int, *, ours: Callable[[], object], floor: Callable[[], object]) -> Figure:
    """Measure what writes nothing, `ASKED` times in turn with its floor, after once to warm up."""
    ours()
    with CaptureQueriesContext(connection) as captured:
        ours()
    statements = len(captured)  # counted now: the next request starts a new log
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ASKED):
        for work, times in zip((ours, floor), taken, strict=True):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    ours_s, floor_s = map(statistics.median, taken)
    return Figure(job, variant, n, ours_s, floor_s, statements, statistics.quantiles(taken[0], n=20)[-1])


class RolledBack(Exception):
    """Raised to undo what was measured, so that every run finds the same world."""


def seconds(work: Callable[[], object], *, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how long `work` takes by this clock, in a transaction that is undone afterwards."""
    try:
        with transaction.atomic():
            start = clock()
            work()
            taken = clock() - start
            raise RolledBack
    except RolledBack:
        return taken


def beside(job: str, variant: str, n: int, *, ours: Callable[[], object], floor: Callable[[], object]) -> Figure:
    """Measure ours and the floor in turn, so that both see the same machine; return the medians."""
    statements = _statements(ours)
    pairs = []
    for _ in range(RUNS):
        pairs.append((seconds(ours), seconds(floor)))
        vacuum()
    ours_s = statistics.median(pair[0] for pair in pairs)
    floor_s = statistics.median(pair[1] for pair in pairs)
    return Figure(job, variant, n, ours_s, floor_s, statements)


def vacuum() -> None:
    """Clear what undone runs left behind; without it every run would meet more dead rows than the one before."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")


def analyze() -> None:
    """Let the database know how many rows there are now."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _statements(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        seconds(work)
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")) for query in captured)
