"""Parking: what came in and cannot be worked on holds nothing else up; after some tries it is left to staff."""

import datetime
import logging
from typing import Any, Protocol

from backorders.changes.acting import act
from backorders.notifications.models import ProviderEvent, Reply
from backorders.notifications.replies import clean
from backorders.refusal import Busy

MOST_ATTEMPTS = 5
LOG = logging.getLogger(__name__)


class Work(Protocol):
    """Work on what came in under an id, as an act of its own; returns what it likes."""

    def __call__(self, pk: int, *, at: datetime.datetime) -> Any: ...


def is_worked_on(model: type[ProviderEvent | Reply], pk: int, work: Work, *, at: datetime.datetime) -> bool:
    """Work on one thing that came in; return whether that went well.

    What fails is tried again at the next runs, and after `MOST_ATTEMPTS` of them it is left to staff, with the reason.
    """
    try:
        work(pk, at=at)
    except Busy:  # others' doing, not its own
        return False
    except Exception as error:  # whatever it may do to us, the next one is worked on
        LOG.warning("a %s cannot be worked on: %s", model._meta.verbose_name, type(error).__name__)
        _note_failure(model, pk, f"{type(error).__name__}: {error}".splitlines()[0], at=at)
        return False
    return True


@act
def _note_failure(model: type[ProviderEvent | Reply], pk: int, problem: str, *, at: datetime.datetime) -> None:
    failed = model._default_manager.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    if failed.processed_at is not None:
        return
    failed.attempts += 1
    failed.problem = clean(problem, 300)
    if failed.attempts >= MOST_ATTEMPTS:
        failed.processed_at = at
    failed.save(update_fields=["attempts", "problem", "processed_at"])
