"""Whether the machine runs: database, broker, workers, clock, outbox, mail, jobs, disk. No business data is read."""

import datetime
import shutil
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import Length
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders.importing.models import ImportFile
from backorders.importing.purging import KEPT
from backorders.jobs.beating import ALIVE
from backorders.jobs.models import Heartbeat, Job
from backorders.notifications import switch
from backorders.notifications.models import IN_THE_OUTBOX, Message, ProviderEvent

LATELY = datetime.timedelta(days=7)
LITTLE_DISK = 0.1  # of all of it
AGES = (
    (gettext_lazy("due later"), datetime.timedelta(days=-36_500), datetime.timedelta(0), ""),
    (gettext_lazy("due for less than 5 minutes"), datetime.timedelta(0), datetime.timedelta(minutes=5), ""),
    (gettext_lazy("due for less than an hour"), datetime.timedelta(minutes=5), datetime.timedelta(hours=1), "warn"),
    (gettext_lazy("due for less than a day"), datetime.timedelta(hours=1), datetime.timedelta(days=1), "bad"),
    (gettext_lazy("due for longer"), datetime.timedelta(days=1), datetime.timedelta(days=36_500), "bad"),
)


# What the clock does, in the reader's language; the keys are the names of its schedule.
PERIODIC: dict[str, Any] = {
    "let approvals expire": gettext_lazy("let approvals expire"),
    "start the day": gettext_lazy("start the day"),
    "ask suppliers for dates": gettext_lazy("ask suppliers for dates"),
    "believe silent suppliers no longer": gettext_lazy("believe silent suppliers no longer"),
    "find changes made past the verbs": gettext_lazy("find changes made past the verbs"),
    "compensate by policy": gettext_lazy("compensate by policy"),
    "keep the law's deadlines": gettext_lazy("keep the law's deadlines"),
    "purge old mails": gettext_lazy("purge old mails"),
    "purge files of old imports": gettext_lazy("purge files of old imports"),
    "purge old pictures of damage": gettext_lazy("purge old pictures of damage"),
    "hear what the provider says": gettext_lazy("hear what the provider says"),
    "take in what customers reply": gettext_lazy("take in what customers reply"),
    "promise the next updates": gettext_lazy("promise the next updates"),
    "say what changed": gettext_lazy("say what changed"),
    "mail the digests of inboxes": gettext_lazy("mail the digests of inboxes"),
    "send what is due": gettext_lazy("send what is due"),
    "go on with jobs": gettext_lazy("go on with jobs"),
}


class Sign(NamedTuple):
    """One sign of health: what, how it is in words, and whether that is good, worth a look (warn) or bad."""

    name: str
    words: str
    tone: str


class Task(NamedTuple):
    """A periodic job: how often it is to run, when it last did, how long it took, what went wrong."""

    name: str
    every: int
    at: datetime.datetime | None
    took: int
    error: str
    tone: str


def signs(*, at: datetime.datetime) -> list[Sign]:
    """Return the signs, the machine's first."""
    return [_database(), _broker(), _workers(at), _mail(at), _reports(at), _jobs(at), *_disk()]


def tasks(*, at: datetime.datetime) -> list[Task]:
    """Return every periodic job with its last run; one that is late by three times its time stands out."""
    known = {beat.name: beat for beat in Heartbeat.objects.filter(kind=Heartbeat.Kind.TASK)}
    schedule: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE
    return [_task(name, entry, known.get(entry["task"]), at) for name, entry in schedule.items()]


def outbox(*, at: datetime.datetime) -> list[tuple[str, int, str]]:
    """Return (how long due, how many, tone) of what waits to leave; held messages wait for a person and stand apart."""
    waiting = Message.objects.filter(state__in=IN_THE_OUTBOX).exclude(state=Message.State.HELD)
    ages = {
        f"age{number}": Count("pk", filter=Q(not_before__lte=at - youngest, not_before__gt=at - oldest))
        for number, (_label, youngest, oldest, _tone) in enumerate(AGES)
    }
    found = waiting.order_by().aggregate(**ages)
    shown = [
        (str(label), found[f"age{n}"], tone if found[f"age{n}"] else "") for n, (label, *_x, tone) in enumerate(AGES)
    ]
    held = Message.objects.filter(state=Message.State.HELD).order_by().count()
    return [*shown, (_("held by staff"), held, "")]


def _task(name: str, entry: dict[str, Any], beat: Heartbeat | None, at: datetime.datetime) -> Task:
    every, name = int(entry["schedule"]), str(PERIODIC.get(name, name))
    if beat is None:
        return Task(name, every, None, 0, "", "warn")
    is_late = at - beat.at > datetime.timedelta(seconds=max(3 * every, 60))
    return Task(name, every, beat.at, beat.took, beat.error, "bad" if beat.error or is_late else "good")


def _database() -> Sign:
    start = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    took = round((time.perf_counter() - start) * 1000, 1)
    words = _("%(name)s answers in %(took)s ms") % {"name": connection.display_name, "took": took}
    return Sign(_("Database"), words, "good" if took < 100 else "warn")


def _broker() -> Sign:
    try:
        with current_app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=1)
    except Exception as error:  # its client has many; each means that it is not there
        said = {"error": type(error).__name__}
        return Sign(_("Broker"), _("does not answer (%(error)s): work waits for the clock") % said, "bad")
    return Sign(_("Broker"), _("answers"), "good")


def _workers(at: datetime.datetime) -> Sign:
    workers = Heartbeat.objects.filter(kind=Heartbeat.Kind.WORKER)
    alive = workers.filter(at__gt=at - ALIVE).count()
    if alive:
        words = ngettext("%(count)s worked within a minute", "%(count)s worked within a minute", alive)
        return Sign(_("Workers"), words % {"count": alive}, "good")
    last = workers.order_by("-at").values_list("at", flat=True).first()
    if last is None:
        return Sign(_("Workers"), _("none was ever seen"), "bad")
    minutes = int((at - last).total_seconds() // 60)
    return Sign(_("Workers"), _("none is there; the last worked %(count)s minutes ago") % {"count": minutes}, "bad")


def _mail(at: datetime.datetime) -> Sign:
    mail = switch.mail_switch(at=at)
    if not mail.is_on:
        return Sign(_("Mail"), _("is held: nothing leaves until somebody releases it"), "bad")
    if mail.is_paused(at):
        return Sign(_("Mail"), _("is paused: the provider asked to wait"), "warn")
    return Sign(_("Mail"), _("leaves"), "good")


def _reports(at: datetime.datetime) -> Sign:
    """Events of the provider that could not be worked on: of each a bounce may be that nobody was called about."""
    failed = ProviderEvent.objects.exclude(problem="").filter(received_at__gt=at - LATELY).order_by("-received_at")
    problems = list(failed.values_list("problem", flat=True))
    if not problems:
        return Sign(_("Reports of the mail provider"), _("all were worked on"), "good")
    words = ngettext(
        "%(count)s of this week could not be worked on (%(problem)s); the list of provider events says why",
        "%(count)s of this week could not be worked on (the last: %(problem)s); the list of provider events says why",
        len(problems),
    )
    said = {"count": len(problems), "problem": problems[0].partition(":")[0]}
    return Sign(_("Reports of the mail provider"), words % said, "bad")


def _jobs(at: datetime.datetime) -> Sign:
    failed = Job.objects.filter(state=Job.State.FAILED, ended_at__gt=at - LATELY).count()
    words = ngettext("%(count)s failed within a week", "%(count)s failed within a week", failed) % {"count": failed}
    return Sign(_("Jobs"), words, "warn" if failed else "good")


def _disk() -> Iterator[Sign]:
    disk = shutil.disk_usage(settings.VAR)
    said = {"free": filesizeformat(disk.free), "total": filesizeformat(disk.total)}
    yield Sign(
        _("Disk"), _("%(free)s of %(total)s free") % said, "good" if disk.free > LITTLE_DISK * disk.total else "bad"
    )
    files = ImportFile.objects.order_by().aggregate(number=Count("pk"), size=Sum(Length("content")))
    held = {"count": files["number"], "size": filesizeformat(files["size"] or 0), "days": KEPT.days}
    yield Sign(_("Files of imports"), _("%(count)s files, %(size)s; kept for %(days)s days") % held, "good")
