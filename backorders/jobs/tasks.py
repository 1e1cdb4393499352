"""The clock's task over the jobs: it finds them in their table, and repeating it does no harm."""

import datetime

from celery import shared_task
from django.utils import timezone

from backorders.jobs import running
from backorders.jobs.models import Job
from backorders.jobs.nudging import nudge

# Well below the soft time limit: a job that takes longer is queued again after it.
LONGEST_RUN = datetime.timedelta(seconds=45)


@shared_task
def run_jobs() -> int:
    """Run what is queued, and jobs whose worker is gone."""
    ran = running.run_due(clock=timezone.now, until=timezone.now() + LONGEST_RUN)
    if Job.objects.filter(state=Job.State.QUEUED).exists():
        nudge()
    return ran
