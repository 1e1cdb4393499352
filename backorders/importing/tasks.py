"""The clock's task over imports: it repeats harmlessly."""

from celery import shared_task
from django.utils import timezone

from backorders.importing import purging


@shared_task
def purge_files() -> int:
    """Forget the files of imports that were kept long enough."""
    return purging.purge_files(at=timezone.now())
