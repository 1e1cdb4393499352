"""The clock's tasks over the verbs: each claims nothing, repeats harmlessly and carries no state."""

from celery import shared_task
from django.utils import timezone

from backorders.actions import (
    approving,
    asking,
    awarding,
    clock,
    deadlines,
    photographing,
    replying,
    silencing,
    staff_proposals,
    wanting,
)


@shared_task
def start_day() -> int:
    """Plan what somebody waits for as of today."""
    return clock.start_day(at=timezone.now())


@shared_task
def expire_approvals() -> int:
    """Let approvals expire that nobody gave in time."""
    return approving.expire(at=timezone.now())


@shared_task
def keep_deadlines() -> int:
    """Let legal cases follow what happened, and end what time has ended."""
    return sum(deadlines.keep(at=timezone.now()))


@shared_task
def notice_outside_changes() -> int:
    """Find and act on ETAs changed past the verbs, and on what customers heard since the last plan."""
    now = timezone.now()
    return clock.notice_outside_changes(at=now) + clock.take_up_what_was_told(at=now)


@shared_task
def ask_suppliers() -> int:
    """Ask and remind the suppliers whose dates are due to be asked for; what colleagues proposed too late ends."""
    now = timezone.now()
    staff_proposals.end_settled(at=now)
    return asking.ask_due(at=now)


@shared_task
def settle_covered() -> int:
    """Let nobody read on that goods have to be bought which are covered another way than by an order of them."""
    return wanting.settle_covered(at=timezone.now())


@shared_task
def run_policies() -> int:
    """Give or propose what policies owe to those who wait."""
    return awarding.run_policies(at=timezone.now())


@shared_task
def stop_believing() -> int:
    """Make dates unconfirmed of which their suppliers say nothing."""
    return silencing.stop_believing(at=timezone.now())


@shared_task
def take_in_replies() -> int:
    """Make questions of what customers replied to our mails."""
    return replying.take_in(at=timezone.now())


@shared_task
def purge_photos() -> int:
    """Forget pictures of damage that were kept long enough."""
    return photographing.purge_photos(at=timezone.now())
