"""What Celery says of its tasks becomes heartbeats; a heartbeat that cannot be written harms no task."""

import datetime
import logging
import socket
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.db import DatabaseError
from django.utils import timezone

from backorders.jobs.beating import Ran, beat

LOG = logging.getLogger(__name__)
_began: dict[str, datetime.datetime] = {}


def _begins(task_id: str = "", **_kwargs: Any) -> None:
    _began[task_id] = timezone.now()


def _ended(task_id: str = "", task: Any = None, retval: Any = None, state: str = "", **_kwargs: Any) -> None:
    now = timezone.now()
    took = now - _began.pop(task_id, now)
    error = "" if state == "SUCCESS" else type(retval).__name__
    try:
        beat(Ran(task.name, took, error), worker=task.request.hostname or socket.gethostname(), at=now)
    except DatabaseError as failure:
        LOG.warning("a heartbeat of %s was not written: %s", task.name, type(failure).__name__)


task_prerun.connect(_begins)
task_postrun.connect(_ended)
