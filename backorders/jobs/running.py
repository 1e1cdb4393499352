"""Jobs are run batch by batch: each batch and the count of it is one transaction, fenced by the lease."""

import datetime
import logging
import secrets
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from billiard.exceptions import SoftTimeLimitExceeded
from django.utils.translation import gettext_lazy as _

from backorders.changes.acting import act
from backorders.inbox.models import Notice
from backorders.inbox.posting import post
from backorders.jobs.models import Job
from backorders.refusal import Busy, Refused, in_every_language, said

LOG = logging.getLogger(__name__)
LEASE = datetime.timedelta(seconds=60)
# Starts without getting any further: then it is the job that ends its workers.
TRIES = 5
# What is done sooner its person has seen for themselves; that it failed or was stopped they always hear.
WORTH_A_NOTICE = datetime.timedelta(seconds=5)
State = Job.State
Clock = Callable[[], datetime.datetime]


class Batch(NamedTuple):
    """One batch: `run` does it at a moment and returns how many rows it did; `phase` and `total` are for people."""

    run: Callable[[datetime.datetime], int]
    phase: str = ""
    total: int | None = None


Work = Callable[[Job], Iterator[Batch]]
WORKS: dict[str, Work] = {}
AGAIN: set[str] = set()


class LeaseLost(Exception):
    """Somebody else works on the job now."""


def can_do(kind: str, work: Work, *, again: bool = False) -> None:
    """Say how jobs of a kind are done; called once by the app whose work it is.

    `again`: what such a job did not get to before it ended is still there to be done.
    """
    WORKS[kind] = work
    if again:
        AGAIN.add(kind)


def run_due(*, clock: Clock, until: datetime.datetime) -> int:
    """Run jobs that nobody works on, the oldest first, until none is left or it is `until`; return how many."""
    ran = 0
    while clock() < until:
        due = Job.objects.free(clock())
        pk = due.order_by("id").values_list("pk", flat=True).first()
        if pk is None:
            break
        ran += run(pk, clock=clock, until=until)
    return ran


def run(pk: int, *, clock: Clock, until: datetime.datetime) -> bool:
    """Work on a job until it ends, rests, or it is `until` (then it is queued again); whether it was ours to do."""
    lease = secrets.token_hex(8)
    if not _claim(pk, lease, at=clock()):
        return False
    job = Job.objects.get(pk=pk)
    try:
        if job.attempts > TRIES:
            raise Refused(
                _("It was started %(times)s times and got no further. Nothing was left half-done."), times=TRIES
            )
        _work(job, lease, clock=clock, until=until)
    except LeaseLost:
        LOG.warning("job %s: somebody else has it", pk)
    except (Busy, SoftTimeLimitExceeded):
        _leave(job, lease, state=State.QUEUED)
    except Refused as refusal:
        _end(job, lease, state=State.FAILED, why=refusal, at=clock())
    except Exception:
        name = secrets.token_hex(4)
        LOG.exception("job %s failed (%s)", pk, name)
        why = said(_("It failed, and nothing was left half-done. Tell an administrator: error %(name)s."), name=name)
        _end(job, lease, state=State.FAILED, why=why, at=clock())
    return True


def _claim(pk: int, lease: str, *, at: datetime.datetime) -> bool:
    jobs = Job.objects.free(at).filter(pk=pk)
    attempts = jobs.values_list("attempts", flat=True).first()
    if attempts is None:
        return False
    claimed = jobs.update(state=State.RUNNING, lease=lease, lease_until=at + LEASE, attempts=attempts + 1)
    if claimed:
        Job.objects.filter(pk=pk, started_at=None).update(started_at=at)
    return bool(claimed)


def _work(job: Job, lease: str, *, clock: Clock, until: datetime.datetime) -> None:
    batches = WORKS[job.kind](job)
    batch = next(batches, None)
    while batch is not None:
        _advance(job, batch, lease, at=clock())
        batch = next(batches, None)
        if batch is None:  # nothing is left to be stopped
            break
        wish = Job.objects.values_list("wish", flat=True).get(pk=job.pk)
        if wish == Job.Wish.STOP:
            return _end(job, lease, state=State.STOPPED, at=clock())
        if wish == Job.Wish.PAUSE:
            return _leave(job, lease, state=State.PAUSED)
        if clock() >= until:
            return _leave(job, lease, state=State.QUEUED)
    return _end(job, lease, state=State.DONE, at=clock())


@act
def _advance(job: Job, batch: Batch, lease: str, *, at: datetime.datetime) -> None:
    """Do a batch and count it, or neither."""
    before = job.done if batch.phase == job.phase else 0
    done = before + batch.run(at)
    total = max(batch.total, done) if batch.total is not None else None
    values = {"phase": batch.phase, "done": done, "total": total}
    ours = Job.objects.filter(pk=job.pk, lease=lease, state=State.RUNNING)
    if not ours.update(**values, moved_at=at, attempts=0, lease_until=at + LEASE):
        raise LeaseLost
    job.phase, job.done, job.total = batch.phase, done, total


def _leave(job: Job, lease: str, *, state: str) -> None:
    Job.objects.filter(pk=job.pk, lease=lease).update(state=state, wish="", lease="", lease_until=None)


def _end(job: Job, lease: str, *, state: str, at: datetime.datetime, why: Any = None) -> None:
    said_why = in_every_language(why) if why else {}
    ended = {"state": state, "why": said_why, "wish": "", "ended_at": at, "lease": "", "lease_until": None}
    is_ours = Job.objects.filter(pk=job.pk, lease=lease).update(**ended)
    took = at - job.created_at
    if is_ours and job.by_id and (state != State.DONE or took >= WORTH_A_NOTICE):
        words = {"about": job.about, "state": str(state), "kind": job.kind}
        post(Notice.Kind.JOB, to=[job.by_id], key=f"job:{job.pk}", object_id=job.pk, words=words, at=at)
