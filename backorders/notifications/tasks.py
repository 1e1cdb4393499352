"""The clock's tasks and the nudge: they carry nothing but the time, and repeating any of them does no harm."""

import datetime
import logging
import threading

from celery import shared_task
from django.utils import timezone

from backorders.notifications import announcing, delivering, tracking

LOG = logging.getLogger(__name__)

# Well below the soft time limit: the rest is due again and goes to the next run.
LONGEST_RUN = datetime.timedelta(seconds=60)


class Nudges:
    """How many nudges did not reach the broker: each costs seconds, never a message."""

    def __init__(self) -> None:
        self.lost = 0
        self._lock = threading.Lock()

    def lose(self, error: Exception) -> None:
        """Count one."""
        with self._lock:
            self.lost += 1
        LOG.warning("the broker did not take a nudge (%s); the clock will find the work", type(error).__name__)


NUDGES = Nudges()


@shared_task
def announce() -> int:
    """Queue what customers have to hear, then let it be sent."""
    announced = announcing.announce_due(at=timezone.now())
    if announced.messages:
        nudge()
    return announced.messages


@shared_task
def deliver() -> int:
    """Send what is due."""
    return delivering.deliver(clock=timezone.now, until=timezone.now() + LONGEST_RUN).total()


@shared_task
def process_events() -> int:
    """Work on what the provider said."""
    return tracking.process_events(at=timezone.now()).total()


def nudge() -> None:
    """Tell the workers that there may be something to send. With the broker down the clock finds it later.

    Inside a transaction: `transaction.on_commit(nudge, robust=True)`.
    """
    try:
        deliver.apply_async(expires=LONGEST_RUN.total_seconds(), retry=False)
    except Exception as error:  # the broker's client has many; none of them may reach the person who saves
        NUDGES.lose(error)
