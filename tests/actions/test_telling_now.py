"""Telling at once: one message per customer without the quiet time; many are left to the clock."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backorders.actions import telling
from backorders.jobs import running, steering
from backorders.jobs.models import Job
from backorders.notifications import announcing
from backorders.notifications.models import Hurry, Message
from tests.actions.lawdesk import a_sale, case_of, tick
from tests.backoffice.desk import World
from tests.factories import AT, a_customer, a_line, a_product, a_purchase, later, revise
from tests.notifications.desk import announce, send

pytestmark = pytest.mark.django_db

NOW = later(minutes=2)  # long before the quiet time has passed


def moved() -> World:
    world = World(at=AT)
    revise(world.line, (31, None), at=later(minutes=1.5))
    return world


def customers(world: World) -> list[int]:
    return [world.first.customer_id, world.second.customer_id]


def test_the_chosen_customers_hear_at_once_and_the_others_later() -> None:
    world = moved()
    before = Message.objects.count()
    done = telling.tell_now([world.first.customer_id], by=None, at=NOW)
    assert done.made.messages == 1
    assert Message.objects.count() == before + 1
    assert Message.objects.latest("id").customer_id == world.first.customer_id
    assert not Hurry.objects.exists()
    assert done.change_set.touches.get().object_id == world.first.pk


def test_what_is_shown_before_is_what_is_written() -> None:
    world = moved()
    letters = telling.foresee(customers(world), at=NOW).letters
    telling.tell_now(customers(world), by=None, at=NOW)
    written = Message.objects.order_by("-id")[: len(letters)]
    assert {(letter.to.customer_id, letter.kind) for letter in letters} == {(m.customer_id, m.kind) for m in written}
    assert len(letters) == 2


def test_telling_twice_says_that_there_is_nothing_to_tell() -> None:
    world = moved()
    telling.tell_now(customers(world), by=None, at=NOW)
    seen = telling.foresee(customers(world), at=NOW)
    assert (seen.written, len(seen.nothing_new)) == ([], 2)
    with pytest.raises(telling.NothingToTell, match="send it now from the outbox"):
        telling.tell_now(customers(world), by=None, at=NOW)
    send(NOW)
    with pytest.raises(telling.NothingToTell, match="anything new to hear"):
        telling.tell_now(customers(world), by=None, at=NOW)


@pytest.mark.parametrize("country", ["US", "DE"])
def test_a_date_that_has_just_moved_is_told_at_once_in_the_words_of_the_law(country: str) -> None:
    purchase, line = a_sale(country)
    revise(purchase, (30, None), at=later(days=1))
    customer = line.order.customer_id
    (seen,) = telling.foresee([customer], at=later(days=1)).written
    done = telling.tell_now([customer], by=None, at=later(days=1))
    assert done.made.messages == 1
    made = Message.objects.latest("id")
    assert (made.kind, made.dedupe_key) == (seen.kind, seen.dedupe_key)
    assert made.kind == ("answer_needed" if country == "US" else "later")
    assert tick(later(days=1, minutes=10)) == []


def test_who_was_asked_by_law_before_is_asked_anew_of_a_date_that_moved_again() -> None:
    purchase, line = a_sale()
    for on, eta in ((1, 30), (2, 90)):
        revise(purchase, (eta, None), at=later(days=on))
        (seen,) = telling.foresee([line.order.customer_id], at=later(days=on)).written
        telling.tell_now([line.order.customer_id], by=None, at=later(days=on))
        assert Message.objects.latest("id").dedupe_key == seen.dedupe_key
        tick(later(days=on, minutes=1))
    assert case_of(line).state == "opt_renewed"


def many(monkeypatch: pytest.MonkeyPatch) -> tuple[World, Job]:
    """Two customers are many here, and the job looks for a wish after each."""
    monkeypatch.setattr(telling, "AT_ONCE", 1)
    monkeypatch.setattr(telling, "BETWEEN_WISHES", 1)
    world = moved()
    done = telling.tell_now(customers(world), by=None, at=NOW)
    assert (done.made.customers, done.made.messages) == (2, 0)
    job = telling.job_of(done.change_set)
    assert job is not None
    return world, job


def worked(job: Job) -> Job:
    running.run_due(clock=lambda: NOW, until=later(hours=1))
    job.refresh_from_db()
    return job


def written(world: World) -> int:
    return Message.objects.filter(created_at=NOW).count()


def test_a_job_writes_to_many_customers_and_the_clock_leaves_them_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world, job = many(monkeypatch)
    assert announcing.announce_due(at=NOW).messages == 0
    assert worked(job).state == "done"
    assert (job.done, job.total, written(world)) == (2, 2, 2)
    assert not Hurry.objects.exists()
    assert telling.pace(at=later(hours=1)) == telling.USUAL_PACE


def test_a_job_that_is_stopped_leaves_the_others_to_the_usual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    world, job = many(monkeypatch)
    work = running.WORKS[telling.TO_MANY](job)
    next(work).run(NOW)
    steering.stop(job, at=NOW)
    assert worked(job).state == "stopped"
    assert written(world) == 1
    assert telling.forget_stopped() == 1
    assert announcing.announce_due(at=NOW).messages == 0
    assert announcing.announce_due(at=later(hours=1)).messages == 2  # the one who was left, and one nobody asked for


def test_a_wish_to_stop_is_heard_after_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    world, job = many(monkeypatch)
    Job.objects.filter(pk=job.pk).update(wish="stop")
    assert worked(job).state == "stopped"
    assert (job.done, written(world)) == (1, 1)


def test_those_whom_a_job_has_are_taken_over_by_who_asks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    world, job = many(monkeypatch)
    monkeypatch.setattr(telling, "AT_ONCE", 5)
    again = telling.tell_now(customers(world), by=None, at=NOW)
    assert again.made.messages == 2
    assert (worked(job).state, job.done) == ("done", 0)


def test_the_pace_is_that_of_the_last_large_job() -> None:
    ended = {"created_at": AT, "started_at": AT, "ended_at": later(seconds=10), "state": "done", "total": 500}
    Job.objects.create(kind=telling.TO_MANY, subject=telling.TOLD, object_id=1, about="500", done=500, **ended)
    assert telling.pace(at=NOW) == 50.0


def test_the_click_that_tells_many_takes_as_few_statements_as_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "AT_ONCE", 1)

    def statements(many: int) -> int:
        product = a_product()
        purchase = a_purchase(product, many)
        waiting = [a_line(product, 1, customer=a_customer()) for _ in range(many)]
        announce(AT)
        revise(purchase, (31, None), at=later(minutes=1.5))
        with CaptureQueriesContext(connection) as queries:
            telling.tell_now([line.order.customer_id for line in waiting], by=None, at=NOW)
        return len(queries)

    assert statements(5) == statements(50)
    assert Job.objects.count() == 2
