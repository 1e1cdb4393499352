"""The nudge that there may be a job to do: it carries nothing, may get lost, and never makes anybody wait."""

from celery import current_app

from backorders.notifications.nudging import Nudges

TASK = "backorders.jobs.tasks.run_jobs"


def _publish() -> None:
    current_app.send_task(TASK, expires=60, retry=False)


NUDGES = Nudges(_publish)


def nudge() -> None:
    """Tell the workers that there may be a job; returns at once, whatever the broker does."""
    NUDGES.give()
