"""What a person may ask of a job: to be queued, paused, gone on with, stopped, tried once more."""

import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backorders.jobs.models import Job
from backorders.jobs.nudging import nudge
from backorders.jobs.running import AGAIN
from backorders.refusal import Refused

State = Job.State
OTHERS = "jobs.change_job"  # in the table of records: who steers everybody's jobs


class WorkedOn(Refused):
    """Another job works on the same thing."""


class NotYourJob(Refused):
    """A job of somebody else, which only a manager steers."""


class NotSteerable(Refused):
    """The job is not in a state in which it could be paused, stopped, gone on with or tried once more."""


def queue(
    kind: str,
    *,
    subject: str,
    object_id: int,
    about: str,
    given: dict[str, Any] | None = None,
    by: AbstractBaseUser | None,
    at: datetime.datetime,
) -> Job:
    """Queue a job and let the workers know. Raises `WorkedOn` while another works on the same thing."""
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                subject=subject,
                object_id=object_id,
                about=about[:200],
                given=given or {},
                by=by,  # type: ignore[misc]  # the stubs know only the default user model
                created_at=at,
            )
    except IntegrityError:
        raise WorkedOn(_("This is being worked on already; wait for it, or stop it first.")) from None
    transaction.on_commit(nudge, robust=True)
    return job


def may_steer(job: Job, *, by: Any) -> bool:
    """Whether this person may ask something of the job: it is theirs, or their role steers everybody's."""
    return by is None or job.by_id == by.pk or bool(by.has_perm(OTHERS))


def _check(job: Job, by: Any) -> None:
    if not may_steer(job, by=by):
        raise NotYourJob(_("This job is somebody else's: they or a manager can stop it."))


def pause(job: Job, *, by: AbstractBaseUser | None = None, at: datetime.datetime) -> None:
    """Let the job rest after the batch it is at; at once if nobody works on it. Raises `NotYourJob`."""
    _check(job, by)
    _ask(job, Job.Wish.PAUSE, at=at)


def stop(job: Job, *, by: AbstractBaseUser | None = None, at: datetime.datetime) -> None:
    """End the job after the batch it is at; what was done stays done. Raises `NotYourJob`."""
    _check(job, by)
    _ask(job, Job.Wish.STOP, at=at)


def resume(job: Job, *, by: AbstractBaseUser | None = None, at: datetime.datetime) -> None:
    """Go on with a job that rests, or take back the wish to let it rest. Raises `NotYourJob`."""
    _check(job, by)
    jobs = Job.objects.filter(pk=job.pk)
    kept = jobs.filter(state=State.RUNNING, wish=Job.Wish.PAUSE).update(wish="")
    rested = jobs.filter(state=State.PAUSED).update(state=State.QUEUED, wish="", attempts=0)
    if not kept and not rested:
        raise NotSteerable(_("This job does not rest."))
    transaction.on_commit(nudge, robust=True)


def retry(job: Job, *, by: AbstractBaseUser | None = None, at: datetime.datetime) -> None:
    """Go on with a job that failed or was stopped where it ended, unless a later one worked on its thing.

    Raises `NotYourJob`, `NotSteerable`.
    """
    _check(job, by)
    ended = Job.objects.latest_ones().filter(pk=job.pk, state__in=[State.FAILED, State.STOPPED])
    anew = {"state": State.QUEUED, "wish": "", "why": {}, "attempts": 0, "ended_at": None, "moved_at": None}
    if job.kind not in AGAIN or not Job.objects.filter(pk__in=ended.values("pk")).update(**anew, started_at=None):
        raise NotSteerable(_("This job cannot be tried once more: begin anew."))
    transaction.on_commit(nudge, robust=True)


def _ask(job: Job, wish: Job.Wish, *, at: datetime.datetime) -> None:
    """Fulfil the wish at once where nobody holds the lease, else leave it for who does."""
    jobs = Job.objects.filter(pk=job.pk)
    free = jobs.free(at)
    if wish == Job.Wish.STOP:
        free = free | jobs.filter(state=State.PAUSED)
        ended = free.update(state=State.STOPPED, wish="", ended_at=at, lease="", lease_until=None)
    else:
        ended = free.update(state=State.PAUSED, wish="", lease="", lease_until=None)
    if not ended and not jobs.filter(state=State.RUNNING).update(wish=wish):
        raise NotSteerable(_("This job has ended."))
