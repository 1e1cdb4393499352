"""Jobs are seen from every page, asked to pause or stop by their person, and followed until they end."""

from django.contrib.auth import get_user_model
from django.test import Client

from backorders.jobs import steering
from backorders.jobs.models import Job
from tests.backoffice.desk import a_clerk, address, text
from tests.factories import AT, later
from tests.importing.desk import opened


def a_job(**fields: object) -> Job:
    by = get_user_model().objects.get(username="chief")
    job = steering.queue("apply_import", subject="nothing", object_id=7, about="weekly list", by=by, at=AT)
    Job.objects.filter(pk=job.pk).update(**fields)
    job.refresh_from_db()
    return job


def test_the_header_of_every_page_shows_what_goes_on(desk: Client) -> None:
    assert "Nothing goes on." in text(desk.get(address("index")))
    a_job(state="running", phase="apply", done=24, total=36, started_at=AT, moved_at=AT)
    page = desk.get(address("index"))
    assert "Jobs 1 Import of ETAs weekly list Applying: 24 of 36 rows" in text(page)
    assert '<progress aria-label="Import of ETAs weekly list" value="24" max="36">' in page.content.decode()
    assert 'hx-trigger="every 2s"' in page.content.decode()


def test_the_tray_stops_asking_when_nothing_goes_on(desk: Client) -> None:
    job = a_job()
    assert desk.get(address("jobs_tray")).status_code == 200
    steering.stop(job, at=AT)
    answer = desk.get(address("jobs_tray"))
    assert answer.status_code == 286
    assert "Stopped" in text(answer)


def test_states_are_honest(desk: Client) -> None:
    job = a_job()
    for fields, words in (
        ({"state": "queued"}, "Queued"),
        ({"state": "queued", "done": 5, "total": 9}, "Goes on when a worker is free: 5 of 9 rows"),
        ({"state": "running", "wish": "pause", "moved_at": AT}, "Pausing after the batch it is at"),
        ({"state": "running", "wish": "stop"}, "Stopping after the batch it is at"),
        ({"state": "paused", "wish": ""}, "Paused: 5 of 9 rows"),
        ({"state": "running", "total": None}, "5 rows"),
        ({"state": "running", "moved_at": later(minutes=-2)}, "The worker does not answer. Your data is safe"),
        ({"state": "failed", "ended_at": AT, "why": {"en": "The disk is full."}}, "The disk is full."),
        ({"state": "done", "why": {}, "done": 9, "total": 9}, "Done: 9 of 9 rows"),
    ):
        Job.objects.filter(pk=job.pk).update(**fields)
        assert words in text(desk.get(address("jobs"))), fields


def test_a_queued_job_says_how_many_workers_take_before_it(desk: Client) -> None:
    def waits(object_id: int, **fields: object) -> Job:
        job = steering.queue("apply_import", subject="nothing", object_id=object_id, about="", by=None, at=AT)
        Job.objects.filter(pk=job.pk).update(**fields)
        return job

    waits(1)
    waits(2, state="paused")
    waits(3, state="done", ended_at=AT)
    mine = waits(4)
    younger = waits(5, state="running", started_at=AT)
    waits(6)
    assert "Queued: 2 jobs before it" in text(desk.get(address("job", mine.pk)))
    Job.objects.filter(pk=younger.pk).update(state="done", ended_at=AT)
    assert "Queued: 1 job before it" in text(desk.get(address("job", mine.pk)))


def test_a_job_is_paused_resumed_and_stopped_where_it_is_seen(desk: Client) -> None:
    job = a_job()
    for verb, state in (("pause", "paused"), ("resume", "queued"), ("stop", "stopped")):
        answer = desk.post(address("steer_job", job.pk, verb), {"next": address("outbox")})
        assert answer["Location"] == address("outbox")
        job.refresh_from_db()
        assert job.state == state
    page = desk.post(address("steer_job", job.pk, "pause"), {"next": "https://elsewhere.example/"}, follow=True)
    assert "This job has ended." in text(page)
    assert desk.post(address("steer_job", job.pk, "explode")).status_code == 404


def test_somebody_elses_job_is_not_steered(desk: Client) -> None:
    job = a_job()
    clerk = a_clerk()
    assert clerk.post(address("steer_job", job.pk, "stop")).status_code == 403
    assert "weekly list" not in text(clerk.get(address("jobs"))).split("All jobs")[-1]
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_job_that_failed_is_tried_once_more_until_a_later_one_worked_on_its_thing(desk: Client) -> None:
    job = a_job(state="failed", ended_at=AT, why={"en": "The disk is full."}, done=3, total=9)
    page = desk.get(address("jobs"))
    assert f'id="list-retry-{job.pk}"' in page.content.decode()
    desk.post(address("steer_job", job.pk, "retry"))
    job.refresh_from_db()
    assert (job.state, job.ended_at, job.why, job.done) == ("queued", None, {}, 3)
    steering.stop(job, at=AT)
    later_one = steering.queue("apply_import", subject="nothing", object_id=7, about="", by=None, at=later(minutes=1))
    assert f'id="list-retry-{job.pk}"' not in desk.get(address("jobs")).content.decode()
    answer = desk.post(address("steer_job", job.pk, "retry"), follow=True)
    assert "cannot be tried once more" in text(answer)
    steering.stop(later_one, at=AT)
    assert f'id="list-retry-{later_one.pk}"' in desk.get(address("jobs")).content.decode()


def test_an_ended_job_says_how_long_it_took_leads_to_its_report_and_is_undone(desk: Client) -> None:
    mine = opened("PO\tETA\nPO-1\t2026-07-01\n")
    job = a_job(
        state="done", subject="import", object_id=mine.pk, done=9, total=9, started_at=AT, ended_at=later(minutes=3)
    )
    page = desk.get(address("jobs"))
    assert "took 3 min" in text(page)
    assert f'<a class="button small" href="{address("import", mine.pk)}"' in page.content.decode()
    assert f'action="{address("undo_import", mine.pk)}"' in page.content.decode()
    Job.objects.filter(pk=job.pk).update(ended_at=later(seconds=4))
    assert "took 4 s" in text(desk.get(address("jobs")))


def test_nobody_tries_a_job_of_somebody_else_once_more(desk: Client) -> None:
    job = a_job(state="failed", ended_at=AT, why={"en": "x"})
    assert a_clerk("jobs.view_job").post(address("steer_job", job.pk, "retry")).status_code == 403
