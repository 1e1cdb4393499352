"""Purging: lists are kept as they were given for a while; of what was applied the rows stay, with what they changed."""

import datetime

from backorders.changes.acting import act
from backorders.importing.models import SUBJECT, Import, ImportFile
from backorders.jobs.models import WAITING, Job

KEPT = datetime.timedelta(days=90)
BATCH = 50


def purge_files(*, at: datetime.datetime) -> int:
    """Forget files that were kept long enough, and with them imports that never came to anything; return how many.

    Nothing is forgotten that a job still works on.
    """
    return sum(iter(lambda: _purge_some(at=at), 0))


@act
def _purge_some(*, at: datetime.datetime) -> int:
    worked_on = Job.objects.filter(subject=SUBJECT, state__in=WAITING).values("object_id")
    old = ImportFile.objects.filter(owner__created_at__lte=at - KEPT).exclude(owner__in=worked_on)
    ids = list(old.order_by("owner").values_list("owner", flat=True)[:BATCH])
    ImportFile.objects.filter(owner__in=ids).delete()
    Import.objects.filter(pk__in=ids, applied_at=None).delete()
    return len(ids)
