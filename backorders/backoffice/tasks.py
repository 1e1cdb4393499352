"""The clock's task over the screens: it carries nothing but the time, and repeating it does no harm."""

from celery import shared_task
from django.utils import timezone

from backorders.backoffice import digests


@shared_task
def mail_digests() -> int:
    """Queue the digests of inboxes that are due; delivering sends them."""
    return digests.mail_digests(at=timezone.now())
