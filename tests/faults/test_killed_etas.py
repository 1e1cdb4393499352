"""A change of ETAs whose worker is killed half-way leaves nothing behind, and the next worker saves all of it once."""

import datetime

import pytest
from django.utils import timezone

from backorders.actions import revising_many
from backorders.actions.etas import EtaChange, EtaPart
from backorders.allocation.models import Promise
from backorders.changes.models import ChangeSet, Source
from backorders.jobs.models import Job
from backorders.supply.models import EtaRevision
from tests.factories import a_line, a_product, a_purchase
from tests.faults.test_killed_imports import wait_for, without_a_broker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes"), pytest.mark.long]


def test_a_change_killed_half_way_is_saved_once_by_the_next_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    at = timezone.now()
    product = a_product()
    purchase = a_purchase(product, 500, eta=(at.date() - datetime.date(2026, 6, 1)).days + 10, at=at)
    lines = [a_line(product, 1, at=at) for _number in range(60)]
    monkeypatch.setattr(revising_many, "AT_ONCE", len(lines) - 1)
    becomes = at.date() + datetime.timedelta(days=60)
    said = {"reason_code": "customs", "note": "", "source": Source.SUPPLIER, "key": "k"}
    job = revising_many.revise_later([EtaChange(purchase.pk, [EtaPart(becomes)])], **said, by=None, at=at)
    assert job is not None

    def state() -> str:
        job.refresh_from_db()
        return job.state

    first = without_a_broker()
    try:
        wait_for(lambda: state() != "queued", seconds=60)
    finally:
        first.kill()
        first.wait()
    changed = ChangeSet.objects.filter(act="revise_eta")
    moved = Promise.objects.filter(expected_from__gte=becomes)
    assert (changed.count(), moved.count()) in [(0, 0), (1, len(lines))]
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())  # as if its minute had passed
    second = without_a_broker()
    try:
        wait_for(lambda: state() in ("done", "failed"), seconds=60)
    finally:
        second.kill()
        second.wait()
    assert state() == "done", job.failure
    assert (changed.count(), moved.count()) == (1, len(lines))
    assert EtaRevision.objects.filter(change_set__in=changed).count() == 1
