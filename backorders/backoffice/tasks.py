"""The clock's tasks over the screens: they carry nothing but the time, and repeating them does no harm."""

from celery import shared_task
from django.utils import timezone

from backorders.backoffice import digests, followed_views
from backorders.desk import following


@shared_task
def mail_digests() -> int:
    """Queue the digests of inboxes that are due; delivering sends them."""
    return digests.mail_digests(at=timezone.now())


@shared_task
def tell_followers() -> int:
    """Let followers find what others did with what they follow."""
    return following.tell_followers(at=timezone.now())


@shared_task
def tell_of_views() -> int:
    """Let followers of saved views find who came into them."""
    return followed_views.tell_of_views(at=timezone.now())
