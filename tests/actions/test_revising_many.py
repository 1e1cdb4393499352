"""ETAs that very many wait for are saved by a job: as they were seen, all of it or nothing, and once."""

from typing import Any

import pytest

from backorders.access.checking import NotAllowed
from backorders.access.table import PURCHASING, SERVICE
from backorders.actions import revising_many
from backorders.actions.etas import EtaChange, EtaPart
from backorders.actions.keys import KeyTaken
from backorders.actions.seconding import NeedsApproval
from backorders.changes.models import ApprovalLimit, ChangeSet, Source
from backorders.inbox.models import Notice
from backorders.jobs import running, steering
from backorders.jobs.models import Job
from backorders.supply.models import EtaRevision, PurchaseLine
from tests.actions.desk import stored
from tests.backoffice.desk import World
from tests.factories import a_product, a_purchase, a_user, day, later, revise

pytestmark = pytest.mark.django_db
NOW = later(hours=2)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Three lines are very many here."""
    monkeypatch.setattr(revising_many, "AT_ONCE", 2)
    return World()


def save(line: PurchaseLine, **said: Any) -> Job | None:
    line.refresh_from_db()
    parts = [EtaPart(day(31), None, 12), EtaPart(day(40), day(44), 8)]
    change = EtaChange(line.pk, parts, seen_version=line.version)
    asked = {"reason_code": "customs", "note": "weekly list", "source": Source.SUPPLIER, "key": "k", "by": None}
    return revising_many.revise_later([change], **{**asked, "at": NOW, **said})


def work(job: Job) -> Job:
    running.run_due(clock=lambda: NOW, until=later(hours=3))
    job.refresh_from_db()
    return job


def test_nothing_is_saved_until_the_job_saves_all_of_it_as_it_was_said(world: World) -> None:
    buyer = a_user(PURCHASING)
    before = stored()
    job = save(world.line, by=buyer)
    assert job is not None
    assert {name: rows for name, rows in stored().items() if "job" not in name} == {
        name: rows for name, rows in before.items() if "job" not in name
    }
    assert (work(job).state, job.done) == ("done", 3)
    change = ChangeSet.objects.get(act="revise_eta")
    assert (change.by, change.reason, change.source, change.key) == (buyer, "weekly list", "supplier", "k")
    assert revising_many.change_of(job) == change
    parts = PurchaseLine.objects.order_by("id").values_list("eta_on", "eta_until", "quantity")
    assert list(parts) == [(day(31), day(31), 12), (day(40), day(44), 8)]


def test_what_moves_few_is_left_to_be_saved_at_once(world: World) -> None:
    other = a_purchase(a_product(), 5, eta=10)
    change = EtaChange(other.pk, [EtaPart(day(31))])
    said: dict[str, Any] = {"reason_code": "customs", "note": "", "source": None, "key": "k", "by": None, "at": NOW}
    assert revising_many.revise_later([change], **said) is None
    change = EtaChange(world.line.pk, [EtaPart(day(10))])
    assert revising_many.revise_later([change], **said) is None
    assert not Job.objects.exists()


def test_the_same_form_sent_twice_is_one_job(world: World) -> None:
    first, second = save(world.line), save(world.line)
    assert first == second
    assert first is not None
    work(first)
    assert save(world.line) == first
    assert ChangeSet.objects.filter(act="revise_eta").count() == 1


def test_what_others_changed_meanwhile_is_not_overwritten_and_whoever_asked_hears_of_it(world: World) -> None:
    buyer = a_user(PURCHASING)
    job = save(world.line, by=buyer)
    assert job is not None
    revise(world.line, (20, None), at=later(hours=1))
    revisions = EtaRevision.objects.count()
    assert work(job).state == "failed"
    assert "changed" in job.failure
    assert EtaRevision.objects.count() == revisions
    assert Notice.objects.filter(person=buyer, kind="job").exists()
    assert save(world.line, by=buyer, key="again") != job


def test_a_worker_that_ended_before_it_said_so_did_it_once(world: World) -> None:
    job = save(world.line)
    assert job is not None
    (batch,) = running.WORKS[revising_many.KIND](job)
    assert batch.run(NOW) == 3
    assert list(running.WORKS[revising_many.KIND](job)) == []
    assert work(job).state == "done"
    assert ChangeSet.objects.filter(act="revise_eta").count() == 1


def test_a_job_that_was_stopped_is_tried_once_more(world: World) -> None:
    job = save(world.line)
    assert job is not None
    steering.stop(job, at=NOW)
    assert work(job).state == "stopped"
    assert not ChangeSet.objects.filter(act="revise_eta").exists()
    steering.retry(job, at=NOW)
    assert work(job).state == "done"
    assert ChangeSet.objects.filter(act="revise_eta").count() == 1


def test_what_needs_a_second_person_waits_for_one_before_there_is_a_job(world: World) -> None:
    ApprovalLimit.objects.create(id=1, recipients=1)
    with pytest.raises(NeedsApproval) as refused:
        save(world.line, by=a_user(PURCHASING), compensates=True, tells_later=True)
    assert refused.value.details["ask"].capability == "revising.revise_eta"
    assert refused.value.details["ask"].arguments["tells_later"] is True
    with pytest.raises(NotAllowed):
        save(world.line, by=a_user(SERVICE))
    assert not Job.objects.exists()


def test_another_date_under_the_same_key_is_refused_and_what_was_stopped_is_saved_anew(world: World) -> None:
    job = save(world.line)
    assert job is not None
    with pytest.raises(KeyTaken):
        save(world.line, note="another one")
    Job.objects.filter(pk=job.pk).update(state="stopped", ended_at=NOW)
    again = save(world.line, note="another one")
    assert again not in (None, job)
