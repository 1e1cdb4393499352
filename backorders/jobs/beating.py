"""Heartbeats: when each periodic job last ran and each worker last worked, so that a person sees what stands still."""

import datetime
from typing import NamedTuple

from backorders.jobs.models import Heartbeat

Kind = Heartbeat.Kind
# A worker ends a periodic job every few seconds; one that did not for so long is not there.
ALIVE = datetime.timedelta(seconds=60)
KEPT = datetime.timedelta(days=7)


class Ran(NamedTuple):
    """How a periodic job ran: how long it took, and the name of the error it ended with, or nothing."""

    task: str
    took: datetime.timedelta
    error: str = ""


def beat(ran: Ran, *, worker: str, at: datetime.datetime) -> None:
    """Write down that a worker ran a periodic job until now: one statement, whoever else does so."""
    took = max(int(ran.took.total_seconds() * 1000), 0)
    job = Heartbeat(kind=Kind.TASK, name=ran.task[:120], at=at, took=took, error=ran.error[:120])
    mine = Heartbeat(kind=Kind.WORKER, name=worker[:120], at=at)
    Heartbeat.objects.bulk_create(
        [job, mine], update_conflicts=True, unique_fields=["kind", "name"], update_fields=["at", "took", "error"]
    )


def forget_old(*, at: datetime.datetime) -> int:
    """Forget workers that were not there for a week: each start of one has a name of its own."""
    return Heartbeat.objects.filter(at__lt=at - KEPT).delete()[0]
