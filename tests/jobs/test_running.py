"""A job is done batch by batch, honest about its state, and never does a batch twice whoever dies."""

import datetime
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.utils.translation import override

from backorders.access.table import MANAGER, PURCHASING, SERVICE
from backorders.backoffice.notices import shown
from backorders.catalog.models import Category
from backorders.inbox.models import Notice
from backorders.jobs import running, steering
from backorders.jobs.models import Job
from backorders.jobs.running import Batch
from backorders.refusal import Refused
from tests.factories import AT, a_user, later

pytestmark = pytest.mark.django_db

ROWS, SIZE = 10, 3
LATER = later(minutes=5)


def write(first: int, at: datetime.datetime) -> int:
    """Write a batch: the names tell afterwards whether a row was written twice (they are unique) or never."""
    mine = range(first, min(first + SIZE, ROWS))
    Category.objects.bulk_create(Category(name=f"row {row}") for row in mine)
    return len(mine)


def ten_rows(job: Job) -> Iterator[Batch]:
    """Go on where the job is."""
    for first in range(job.done, ROWS, SIZE):
        yield Batch(partial(write, first), "apply", ROWS)


@pytest.fixture(autouse=True)
def work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(running.WORKS, "ten_rows", ten_rows)


def a_job(kind: str = "ten_rows", object_id: int = 1) -> Job:
    user = get_user_model().objects.get_or_create(username="buyer")[0]
    return steering.queue(kind, subject="rows", object_id=object_id, about="ten", by=user, at=AT)


def clock(*moments: datetime.datetime) -> Callable[[], datetime.datetime]:
    """A clock that goes on by a second each time it is read."""
    start = [*moments, AT][0]
    ticks = iter(range(10_000))
    return lambda: start + datetime.timedelta(seconds=next(ticks))


def run(until: datetime.datetime = LATER, at: datetime.datetime = AT) -> int:
    return running.run_due(clock=clock(at), until=until)


def of(job: Job) -> tuple[str, int, int | None]:
    job.refresh_from_db()
    return job.state, job.done, job.total


def test_a_queued_job_is_not_running_and_a_finished_one_is_done() -> None:
    job = a_job()
    assert of(job) == ("queued", 0, None)
    assert run() == 1
    assert of(job) == ("done", 10, 10)
    assert Category.objects.filter(name__startswith="row").count() == ROWS
    assert (job.started_at, job.is_ended, job.lease) == (later(seconds=2), True, "")


def test_a_job_that_takes_longer_is_queued_again_and_goes_on_where_it_was() -> None:
    job = a_job()
    run(until=later(seconds=4))
    assert of(job)[0] == "queued"
    assert 0 < job.done < ROWS
    run()
    assert of(job) == ("done", 10, 10)


def test_what_is_paused_rests_until_it_is_resumed() -> None:
    job = a_job()
    steering.pause(job, at=AT)
    assert of(job)[0] == "paused"
    assert run() == 0
    steering.resume(job, at=AT)
    run()
    assert of(job)[0] == "done"


@pytest.mark.parametrize(("ask", "state"), [(steering.pause, "paused"), (steering.stop, "stopped")])
def test_a_wish_takes_effect_after_the_batch_that_is_going_on(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[..., None], state: str
) -> None:
    def asked(job: Job) -> Iterator[Batch]:
        for batch in ten_rows(job):
            ask(job, at=AT)
            yield batch

    monkeypatch.setitem(running.WORKS, "ten_rows", asked)
    job = a_job()
    run()
    assert of(job) == (state, SIZE, ROWS)
    assert Category.objects.filter(name__startswith="row").count() == SIZE


def test_a_wish_to_pause_can_be_taken_back() -> None:
    job = a_job()
    Job.objects.update(state="running", lease="x", lease_until=LATER)
    steering.pause(job, at=AT)
    job.refresh_from_db()
    assert (job.state, job.wish) == ("running", "pause")
    steering.resume(job, at=AT)
    job.refresh_from_db()
    assert (job.state, job.wish) == ("running", "")


def test_what_has_ended_cannot_be_steered() -> None:
    job = a_job()
    steering.stop(job, at=AT)
    assert of(job)[0] == "stopped"
    for ask in (steering.pause, steering.stop, steering.resume):
        with pytest.raises(steering.NotSteerable):
            ask(job, at=AT)


def test_one_thing_is_worked_on_by_one_job() -> None:
    job = a_job()
    with pytest.raises(steering.WorkedOn):
        a_job()
    a_job(object_id=2)
    run()
    assert a_job().pk > job.pk


def test_a_job_whose_worker_died_is_taken_over_when_its_lease_ends_and_no_row_is_done_twice() -> None:
    job = a_job()
    run(until=later(seconds=4))
    Job.objects.update(state="running", lease="of the dead", lease_until=later(seconds=60))
    assert run(at=later(seconds=30)) == 0
    assert run(at=later(seconds=61)) == 1
    assert of(job) == ("done", 10, 10)
    assert Category.objects.filter(name__startswith="row").count() == ROWS


def test_whoever_lost_the_lease_writes_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def robbed(job: Job) -> Iterator[Batch]:
        for number, batch in enumerate(ten_rows(job)):
            if number == 1:
                Job.objects.filter(pk=job.pk).update(lease="somebody else's", lease_until=later(minutes=9))
            yield batch

    monkeypatch.setitem(running.WORKS, "ten_rows", robbed)
    job = a_job()
    run()
    assert of(job) == ("running", SIZE, ROWS)
    assert Category.objects.filter(name__startswith="row").count() == SIZE


def test_a_refusal_ends_the_job_with_its_sentence_and_leaves_nothing_half_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(at: datetime.datetime) -> int:
        Category.objects.create(name="half")
        raise Refused("The file has no rows.")

    monkeypatch.setitem(running.WORKS, "ten_rows", lambda _job: iter([Batch(refuse)]))
    job = a_job()
    run()
    assert of(job)[0] == "failed"
    assert job.failure == "The file has no rows."
    assert not Category.objects.filter(name="half").exists()


def test_a_bug_ends_the_job_with_a_number_to_look_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = a_job(kind="unheard_of")
    run()
    assert of(job)[0] == "failed"
    assert job.failure.split("error ")[1].rstrip(".") in caplog.text


def test_a_job_that_ends_its_workers_is_given_up() -> None:
    job = a_job()
    Job.objects.update(state="running", attempts=running.TRIES, lease="dead", lease_until=AT)
    run(at=later(seconds=1))
    assert of(job)[0] == "failed"
    assert "got no further" in job.failure
    with override("tr"):
        assert job.failure == "5 kez başlatıldı ve ilerlemedi. Hiçbir şey yarım kalmadı."


def test_whoever_started_a_job_hears_how_it_ended_unless_they_saw_it() -> None:
    me = a_user()
    for pk, (state, took) in enumerate([("done", 60), ("done", 1), ("failed", 1), ("stopped", 1)], 1):
        job = Job.objects.create(
            kind="check_import", subject="x", object_id=pk, about=f"{state} {took}", by=me, state="running",
            lease="mine",
            created_at=AT,
        )  # fmt: skip
        why = "It broke." if state == "failed" else None
        running._end(job, "mine", state=state, at=later(seconds=took), why=why)
    assert [notice.words["about"] for notice in Notice.objects.order_by("id")] == ["done 60", "failed 1", "stopped 1"]
    assert [shown(notice).sentence for notice in Notice.objects.order_by("id")] == [
        "Check of an import is done: done 60.",
        "Check of an import failed: failed 1.",
        "Check of an import was stopped: stopped 1.",
    ]


def test_a_job_of_somebody_else_is_steered_by_a_manager_only() -> None:
    job = steering.queue("x", subject="x", object_id=1, about="x", by=a_user(PURCHASING), at=AT)
    for ask in (steering.pause, steering.stop, steering.resume):
        with pytest.raises(steering.NotYourJob):
            ask(job, by=a_user(SERVICE), at=AT)
    steering.pause(job, by=a_user(MANAGER), at=AT)
    steering.resume(job, by=job.by, at=AT)
    steering.stop(job, by=a_user(MANAGER), at=AT)
    job.refresh_from_db()
    assert job.state == "stopped"


def test_a_job_whose_last_batch_is_done_is_done_whatever_was_wished_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped_meanwhile(job: Job, at: datetime.datetime) -> int:
        steering.stop(job, by=job.by, at=at)
        return 1

    def only(job: Job) -> Iterator[Batch]:
        yield Batch(partial(stopped_meanwhile, job), "eta", 1)

    monkeypatch.setitem(running.WORKS, "only", only)
    job = a_job("only")
    run()
    assert of(job) == ("done", 1, 1)
