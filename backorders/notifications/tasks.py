"""The clock's tasks and the nudge: they carry nothing but the time, and repeating any of them does no harm."""

import datetime

from celery import shared_task
from django.utils import timezone

from backorders.notifications import announcing, delivering, purging, staff_mails, tracking
from backorders.notifications.nudging import Nudges

# Well below the soft time limit: the rest is due again and goes to the next run.
LONGEST_RUN = datetime.timedelta(seconds=60)


@shared_task
def announce() -> int:
    """Queue what customers have to hear, then let it be sent."""
    announced = announcing.announce_due(at=timezone.now())
    if announced.messages:
        nudge()
    return announced.messages


@shared_task
def promise_next_updates() -> int:
    """Give lines that were announced by an import the day by which their customers hear again."""
    return announcing.promise_next_updates(at=timezone.now())


@shared_task
def deliver() -> int:
    """Send what is due, to our own people too."""
    until = timezone.now() + LONGEST_RUN
    sent = delivering.deliver(clock=timezone.now, until=until).total()
    return sent + staff_mails.deliver(clock=timezone.now, until=until)


@shared_task
def process_events() -> int:
    """Work on what the provider said."""
    return tracking.process_events(at=timezone.now()).total()


@shared_task
def purge_bodies() -> int:
    """Empty messages, and mails that came in, that were kept long enough; forget those to our own people."""
    now = timezone.now()
    return purging.purge_bodies(at=now) + purging.purge_replies(at=now) + staff_mails.purge(at=now)


def _publish() -> None:
    deliver.apply_async(expires=LONGEST_RUN.total_seconds(), retry=False)


NUDGES = Nudges(_publish)


def nudge() -> None:
    """Tell the workers that there may be something to send; returns at once, whatever the broker does.

    Inside a transaction: `transaction.on_commit(nudge, robust=True)`.
    """
    NUDGES.give()
