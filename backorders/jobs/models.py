"""Long work is a row with an honest state: the broker only says that there may be some."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from backorders.sentences import in_the_readers_language

WAITING = ("queued", "running", "paused")


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs as those who work on them see them."""

    def free(self, at: datetime.datetime) -> "JobQuerySet":
        """Jobs that are to be worked on and whose lease nobody holds."""
        unheld = Q(lease_until=None) | Q(lease_until__lt=at)
        return self.filter(unheld, state__in=[Job.State.QUEUED, Job.State.RUNNING])

    def with_latest(self) -> "JobQuerySet":
        """The same jobs, each with whether no later one worked on its thing: `is_latest`."""
        return self.annotate(is_latest=LATEST)

    def latest_ones(self) -> "JobQuerySet":
        """Jobs on whose thing no later one worked."""
        return self.filter(LATEST)

    def before(self, job: "Job") -> "JobQuerySet":
        """Jobs that workers are at, or take before this one: the oldest first."""
        older = Q(state=Job.State.QUEUED, pk__lt=job.pk)
        return self.filter(older | Q(state=Job.State.RUNNING)).exclude(pk=job.pk)


class Job(models.Model):
    """A job is work for a person that goes on without them: what it is, how far it is, and what became of it.

    It is done in batches, each all or nothing together with the count of it, so that a killed worker costs at most the
    batch it was at. Whoever works on it holds its lease; `wish` is what its person asked for since.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        PAUSED = "paused", "paused"
        STOPPED = "stopped", "stopped"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    class Wish(models.TextChoices):
        PAUSE = "pause", "pause"
        STOP = "stop", "stop"

    kind = models.CharField(max_length=40, help_text="which work it is, as it is named in the code")
    subject = models.CharField(max_length=20, help_text="the kind of record it works on")
    object_id = models.BigIntegerField()
    about = models.CharField(max_length=200, help_text="what it works on, in its person's words")
    given = models.JSONField(default=dict, blank=True, help_text="what is to be done, where no record says it")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    wish = models.CharField(max_length=10, choices=Wish, blank=True)
    phase = models.CharField(max_length=20, blank=True)
    done = models.PositiveIntegerField(default=0, help_text="rows done in this phase")
    total = models.PositiveIntegerField(null=True, blank=True, help_text="rows of this phase; empty while unknown")
    why = models.JSONField(default=dict, blank=True, help_text="why it failed, a sentence by language")
    created_at = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True, help_text="when it last got further")
    ended_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="starts since it last got further")
    lease = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="one_job_at_a_time_for_a_thing", fields=["subject", "object_id"], condition=Q(state__in=WAITING)
            ),
            models.CheckConstraint(
                name="a_job_that_ended_says_when",
                condition=Q(state__in=WAITING, ended_at=None) | (~Q(state__in=WAITING) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(name="no_job_does_more_than_all", condition=Q(total=None) | Q(done__lte=F("total"))),
            models.CheckConstraint(name="a_job_that_failed_says_why", condition=~Q(state="failed") | ~Q(why={})),
        ]
        indexes = [
            models.Index(name="jobs_to_do", fields=["id"], condition=Q(state__in=("queued", "running"))),
            models.Index(name="jobs_not_ended", fields=["created_at"], condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.about}"

    @property
    def failure(self) -> str:
        """Why it failed, in the reader's language; nothing if it did not."""
        return in_the_readers_language(self.why)

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in WAITING


LATEST = ~Exists(
    Job.objects.filter(subject=OuterRef("subject"), object_id=OuterRef("object_id"), pk__gt=OuterRef("pk"))
)


class Heartbeat(models.Model):
    """A heartbeat is when a periodic job last ran, or a worker last worked: told by themselves, kept once for each."""

    class Kind(models.TextChoices):
        TASK = "task", "periodic job"
        WORKER = "worker", "worker"

    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=120)
    at = models.DateTimeField()
    took = models.PositiveIntegerField(default=0, help_text="milliseconds")
    error = models.CharField(max_length=120, blank=True, help_text="the name of the error it ended with")

    class Meta:
        ordering = ["kind", "name", "id"]
        constraints = [models.UniqueConstraint(name="one_heartbeat_of_a_name", fields=["kind", "name"])]

    def __str__(self) -> str:
        return self.name
