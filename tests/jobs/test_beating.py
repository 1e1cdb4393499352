"""Heartbeats are kept once for each job and worker; a task of Celery's tells its own."""

import datetime
from typing import Any

import pytest
from celery import shared_task

from backorders.jobs import beating
from backorders.jobs.beating import Ran
from backorders.jobs.models import Heartbeat
from tests.factories import AT, later

pytestmark = pytest.mark.django_db
SECOND = datetime.timedelta(seconds=1)


@shared_task
def works() -> int:
    return 1


@shared_task
def breaks() -> int:
    raise RuntimeError("it broke")


def beats(kind: str) -> list[tuple[Any, ...]]:
    return list(Heartbeat.objects.filter(kind=kind).values_list("name", "at", "took", "error"))


def test_the_last_run_of_each_is_kept() -> None:
    beating.beat(Ran("announce", SECOND), worker="one", at=AT)
    beating.beat(Ran("announce", 2 * SECOND, "Busy"), worker="two", at=later(minutes=1))
    beating.beat(Ran("deliver", SECOND), worker="one", at=later(minutes=2))
    assert beats("task") == [("announce", later(minutes=1), 2000, "Busy"), ("deliver", later(minutes=2), 1000, "")]
    assert [(name, at) for name, at, *_ in beats("worker")] == [("one", later(minutes=2)), ("two", later(minutes=1))]


def test_who_was_not_there_for_a_week_is_forgotten() -> None:
    beating.beat(Ran("announce", SECOND), worker="one", at=AT)
    beating.beat(Ran("announce", SECOND), worker="two", at=later(days=8))
    assert beating.forget_old(at=later(days=8)) == 1
    assert [name for name, *_ in beats("worker")] == ["two"]


def test_a_task_tells_that_it_ran_and_what_it_broke_on() -> None:
    works.apply()
    breaks.apply()
    assert {name.rpartition(".")[2]: error for name, _at, _took, error in beats("task")} == {
        "works": "",
        "breaks": "RuntimeError",
    }
    assert len(beats("worker")) == 1
