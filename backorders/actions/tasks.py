"""The clock's tasks over the verbs: each claims nothing, repeats harmlessly and carries no state."""

from celery import shared_task
from django.utils import timezone

from backorders.actions import clock


@shared_task
def start_day() -> int:
    """Plan what somebody waits for as of today."""
    return clock.start_day(at=timezone.now())


@shared_task
def notice_outside_changes() -> int:
    """Find and act on ETAs changed past the verbs, and on what customers heard since the last plan."""
    now = timezone.now()
    return clock.notice_outside_changes(at=now) + clock.take_up_what_was_told(at=now)
