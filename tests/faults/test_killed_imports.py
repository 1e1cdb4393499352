"""R29: an import whose worker is killed half-way ends in the state of one clean run, and applies no row twice."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from backorders.importing import opening
from backorders.importing.models import Import
from backorders.importing.working import counts
from backorders.jobs.models import Job
from backorders.supply.models import EtaRevision, PurchaseLine, PurchaseOrder
from config.celery import app
from tests.factories import TODAY
from tests.harness.workers import Workers, database_url
from tests.importing.desk import buyer
from tests.importing.test_size import purchase_lines

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes"), pytest.mark.long]

MOST_KILOBYTES = 300 * 1024


def wait_for(is_so: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def peak_of(process: subprocess.Popen[bytes]) -> int:
    """The most memory a running process has held, in kilobytes; its parent's does not count, unlike in getrusage."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]


def without_a_broker() -> subprocess.Popen[bytes]:
    """A process that does everything without a broker."""
    command = [sys.executable, "manage.py", "run_outbox", "--interval", "0.3"]
    environment = {**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": "redis://127.0.0.1:1/0"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, **quiet)  # type: ignore[call-overload,no-any-return]


def an_import(rows: int) -> Import:
    """An import of so many rows about dates that lie ahead of the real clock."""
    text = purchase_lines(rows, eta=(timezone.now().date() - TODAY).days + 40)
    return opening.open_import(text.encode(), name="x", supplier=None, by=buyer(), at=timezone.now())


def killed_half_way(mine: Import, job: Job, *, start: Callable[[], subprocess.Popen[bytes]], seconds: float) -> None:
    """Let a process do the job, kill it once in the middle, and let another one end it."""

    def now() -> Job:
        job.refresh_from_db()
        return job

    first = start()
    try:
        wait_for(lambda: now().done > 0 or now().is_ended, seconds=seconds)
        assert not job.is_ended, "it was through before it was killed"
    finally:
        first.kill()
        first.wait()
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())  # as if its minute had passed
    second = start()
    try:
        wait_for(lambda: now().is_ended, seconds=seconds)
        assert peak_of(second) < MOST_KILOBYTES
    finally:
        second.kill()
        second.wait()
    assert job.state == "done", job.failure


def check_and_apply(mine: Import, *, start: Callable[[], subprocess.Popen[bytes]], seconds: float) -> None:
    kind = {"reason_code": "production", "note": "", "by": buyer()}
    job = opening.match_columns(
        mine, roles=mine.columns, header=mine.header, confidence="confirmed", by=buyer(), at=timezone.now()
    )
    killed_half_way(mine, job, start=start, seconds=seconds)
    mine.refresh_from_db()
    job = opening.start_applying(mine, **kind, at=timezone.now())  # type: ignore[arg-type]
    killed_half_way(mine, job, start=start, seconds=seconds)


def as_one_clean_run(mine: Import, rows: int) -> None:
    """Every row was read once and applied once, and every purchase line has its new date."""
    found = counts(mine)
    assert (found["all"], found["applied"]) == (rows, rows)
    assert not mine.rows.exclude(line__eta_on=mine.rows.first().eta_on).exists()  # type: ignore[union-attr]
    said = EtaRevision.objects.filter(source="import")  # what the clock noticed by itself stands beside it
    twice = said.order_by().values("purchase_line").annotate(times=Count("pk")).filter(times__gt=1)
    assert not twice.exists()
    assert said.count() == PurchaseLine.objects.count() == rows
    assert PurchaseOrder.objects.count() == -(-rows // 100)


def test_an_import_killed_twice_without_a_broker_ends_as_one_clean_run() -> None:
    rows = 3_000
    mine = an_import(rows)
    check_and_apply(mine, start=without_a_broker, seconds=120)
    as_one_clean_run(mine, rows)


def test_a_nudged_worker_does_a_job_at_once(empty_broker: str) -> None:
    mine = an_import(20)
    with Workers(app="config", REDIS_URL=empty_broker) as crew:
        crew.start()
        job = opening.match_columns(
            mine, roles=mine.columns, header=mine.header, confidence="confirmed", by=buyer(), at=timezone.now()
        )

        def is_done() -> bool:
            app.send_task("backorders.jobs.tasks.run_jobs", expires=5)
            return Job.objects.filter(pk=job.pk, state="done").exists()

        wait_for(is_done, seconds=60)
    assert counts(mine)["ready"] == 20


@pytest.mark.faults
def test_a_hundred_thousand_rows_killed_half_way_end_as_one_clean_run() -> None:
    rows = 100_000
    mine = an_import(rows)
    check_and_apply(mine, start=without_a_broker, seconds=1_200)
    as_one_clean_run(mine, rows)
