"""How jobs are shown: what each is called, where it leads, how far it is, and what may be asked of it."""

import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.backoffice.demo import loading
from backorders.jobs import steering
from backorders.jobs.models import Job
from backorders.jobs.running import AGAIN, LEASE

SHOWN = 6
ENDED_STAY = datetime.timedelta(hours=1)
State = Job.State

KINDS: dict[str, Any] = {}
PLACES: dict[str, str] = {}
PHASES: dict[str, Any] = {}


# The address that takes back what a kind of job did, and the one that says what became of it.
UNDONE_BY = {"apply_import": "undo_import"}
REPORTS = {"apply_import": "import", "undo_import": "import", "check_import": "import", "tell_customers": "batch"}


class Ask(NamedTuple):
    """Something that a person may ask of a job at a press: the verb, its label, and the address that hears it."""

    verb: str
    label: str
    url: str


class ShownJob(NamedTuple):
    """A job as the screens show it; `tone` is good, bad, warn or nothing."""

    job: Job
    name: str
    url: str
    words: str
    tone: str
    is_stalled: bool
    is_ours: bool = True

    @property
    def asks(self) -> list[Ask]:
        """What its person may ask of it now."""
        rests = self.job.state == State.PAUSED or self.job.wish == Job.Wish.PAUSE
        if not self.is_ours or self.job.wish == Job.Wish.STOP:
            return []
        if self.job.is_ended:
            return self._afterwards() if getattr(self.job, "is_latest", False) else []
        return [
            self._ask("resume", _("Go on")) if rests else self._ask("pause", _("Pause")),
            self._ask("stop", _("Stop")),
        ]

    def _afterwards(self) -> list[Ask]:
        asks = []
        if self.job.kind in AGAIN and self.job.state in (State.FAILED, State.STOPPED):
            asks.append(self._ask("retry", _("Retry")))
        if self.job.kind in UNDONE_BY and self.job.done:
            asks.append(Ask("undo", _("Undo"), reverse(f"admin:{UNDONE_BY[self.job.kind]}", args=[self.job.object_id])))
        return asks

    def _ask(self, verb: str, label: str) -> Ask:
        return Ask(verb, label, reverse("admin:steer_job", args=[self.job.pk, verb]))

    @property
    def report(self) -> str:
        """Where it stands what became of it, once it has ended; nothing where its own page says it all."""
        name = REPORTS.get(self.job.kind) if self.job.is_ended else None
        return reverse(f"admin:{name}", args=[self.job.object_id]) if name else ""

    @property
    def took(self) -> str:
        """How long it was worked on, once it has ended."""
        if self.job.started_at is None or self.job.ended_at is None:
            return ""
        seconds = round((self.job.ended_at - self.job.started_at).total_seconds())
        if seconds < 120:
            return _("took %(seconds)s s") % {"seconds": seconds}
        return _("took %(minutes)s min") % {"minutes": round(seconds / 60)}


class Tray(NamedTuple):
    """The jobs in the header: those that go on, and what ended lately."""

    jobs: list[ShownJob]
    active: int


def tray(user: User | AnonymousUser, *, at: datetime.datetime) -> Tray:
    """Return what this person sees in the header: their own jobs, and whatever goes on now."""
    if not user.is_authenticated:
        return Tray([], 0)
    mine = Q(by=user, ended_at__gt=at - ENDED_STAY)
    jobs = (
        Job.objects.with_latest()
        .filter(Q(ended_at=None) | mine)
        .select_related("by")
        .order_by("-created_at", "-id")[:SHOWN]
    )
    made = [shown(job, at=at)._replace(is_ours=steering.may_steer(job, by=user)) for job in jobs]
    return Tray(made, sum(not each.job.is_ended for each in made))


def shown(job: Job, *, at: datetime.datetime) -> ShownJob:
    """Return one job as the screens show it."""
    name = PLACES.get(job.subject)
    tones = {State.DONE: "good", State.FAILED: "bad", State.STOPPED: "warn", State.PAUSED: "warn"}
    is_stalled = not job.is_ended and job.state != State.PAUSED and _since(job, at) > LEASE
    return ShownJob(
        job=job,
        name=str(KINDS.get(job.kind) or job.kind.replace("_", " ").capitalize()),
        url=reverse(f"admin:{name}", args=[job.object_id]) if name else reverse("admin:job", args=[job.pk]),
        words=_words(job, at=at),
        tone=tones.get(State(job.state), ""),
        is_stalled=is_stalled,
    )


def _since(job: Job, at: datetime.datetime) -> datetime.timedelta:
    return at - (job.moved_at or job.started_at or job.created_at)


def _words(job: Job, *, at: datetime.datetime) -> str:
    if job.wish == Job.Wish.PAUSE:
        return _("Pausing after the batch it is at")
    if job.wish == Job.Wish.STOP:
        return _("Stopping after the batch it is at")
    match job.state:
        case State.QUEUED:
            return _queued(job)
        case State.RUNNING if job.kind == loading.KIND:
            return _("Playing %(days)s days of a small importer: this takes up to a minute") % {"days": loading.DAYS}
        case State.RUNNING:
            return _progress(job, at=at)
        case State.PAUSED:
            return _("Paused: %(rows)s") % {"rows": _rows(job)}
        case State.STOPPED:
            return _("Stopped: %(rows)s") % {"rows": _rows(job)}
        case State.FAILED:
            return job.failure
    return _("Done: %(rows)s") % {"rows": _rows(job)}


def _queued(job: Job) -> str:
    if job.done:
        return _("Goes on when a worker is free: %(rows)s") % {"rows": _rows(job)}
    if before := Job.objects.before(job).count():
        return ngettext("Queued: %(count)s job before it", "Queued: %(count)s jobs before it", before) % {
            "count": before
        }
    return _("Queued")


def _progress(job: Job, *, at: datetime.datetime) -> str:
    phase = PHASES.get(job.phase)
    words = f"{phase}: {_rows(job)}" if phase else _rows(job)
    if job.total and job.done and job.started_at and (left := job.total - job.done):
        seconds = (at - job.started_at).total_seconds() / job.done * left
        if seconds >= 5:
            return _("%(words)s, about %(seconds)s s left") % {"words": words, "seconds": round(seconds)}
    return words


def _rows(job: Job) -> str:
    if job.total is not None:
        return _("%(done)s of %(total)s rows") % {"done": f"{job.done:,}", "total": f"{job.total:,}"}
    return ngettext("%(count)s row", "%(count)s rows", job.done) % {"count": f"{job.done:,}"}


PLACES |= {"import": "import"}
KINDS |= {
    "tell_customers": gettext_lazy("Telling customers"),
    "load_demo": gettext_lazy("Loading the demo shop"),
    "check_import": gettext_lazy("Check of an import"),
    "apply_import": gettext_lazy("Import of ETAs"),
    "undo_import": gettext_lazy("Undo of an import"),
    "revise_etas": gettext_lazy("Change of ETAs"),
}
PHASES |= {
    "tell": gettext_lazy("Writing"),
    "demo": gettext_lazy("Days played"),
    "settle": gettext_lazy("Comparing rows"),
    "read": gettext_lazy("Reading"),
    "check": gettext_lazy("Checking"),
    "impact": gettext_lazy("Looking whom it moves"),
    "apply": gettext_lazy("Applying"),
    "undo": gettext_lazy("Undoing"),
    "eta": gettext_lazy("Dating everyone anew"),
}
