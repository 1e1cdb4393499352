"""The batches of the outbox: what telling many at once wrote, how far that left, and what came back of it."""

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Value

from backorders.actions.telling import TO_MANY, TOLD
from backorders.changes.models import ChangeSet, Touch
from backorders.jobs.models import Job
from backorders.notifications.models import UNFINISHED, UNSENT, Message, ProviderEvent
from backorders.notifications.tracking import HARD
from backorders.orders.models import Order

State = Message.State


class Batch(NamedTuple):
    """One telling of many: its change set, the job that writes it if there are very many, and counts of its mails.

    `unsent` wait to leave, `held` are held by staff, `failed` did not arrive; `per_minute` mails left in a minute on
    average; `ends_at` is when the last has left at that pace, None where nothing is left or nothing is known of it.
    """

    change: ChangeSet
    job: Job | None
    written: int
    sent: int
    failed: int
    dropped: int
    unsent: int
    held: int
    soft: int
    hard: int
    per_minute: float | None
    ends_at: datetime.datetime | None

    @property
    def can_stop(self) -> bool:
        """Whether anything of it can still be held, sent at once or cancelled."""
        return bool(self.unsent or self.held)


def tellings() -> QuerySet[ChangeSet]:
    """Every telling of many, the newest first."""
    return ChangeSet.objects.filter(act="tell_now").select_related("by").order_by("-at", "-id")


def batches_of(changes: Sequence[ChangeSet], *, at: datetime.datetime) -> list[Batch]:
    """Return these tellings with their counts: two statements, however many there are and however long."""
    found = Job.objects.filter(kind=TO_MANY, subject=TOLD, object_id__in=[change.pk for change in changes])
    jobs = {job.object_id: job for job in found}
    each = [_counted(change, messages_of(change, jobs.get(change.pk))) for change in changes]
    counts = {row.pop("batch"): row for row in (each[0].union(*each[1:], all=True) if each else [])}
    return [_batch(change, jobs.get(change.pk), counts[change.pk], at) for change in changes]


def messages_of(change: ChangeSet, job: Job | None) -> QuerySet[Message]:
    """The messages that a telling wrote: to its customers, at its moment, or while its job was at work."""
    orders = Touch.objects.filter(change_set=change, kind=Touch.Kind.ORDER).values("object_id")
    written = Message.objects.filter(customer__in=Order.objects.filter(pk__in=orders).values("customer"))
    if job is None:
        return written.filter(created_at=change.at)
    return written.filter(created_at__gte=change.at, **({"created_at__lte": job.ended_at} if job.ended_at else {}))


def ends(
    unsent: int, *, per_minute: float | None, leaves_at: datetime.datetime | None, at: datetime.datetime
) -> datetime.datetime | None:
    """Return when the last of `unsent` mails has left at this pace, and not before the moment it may leave.

    Before the first of them left nothing is known of the pace: then it is that moment, if it is still to come.
    """
    if not unsent:
        return None
    known = [at + datetime.timedelta(minutes=unsent / per_minute)] if per_minute else []
    if leaves_at and leaves_at > at:
        known.append(leaves_at)
    return max(known, default=None)


def pace(sent: int, first: datetime.datetime | None, last: datetime.datetime | None) -> float | None:
    """Return how many mails left in a minute, from the first to the last of them; None of fewer than two moments."""
    if sent < 2 or first is None or last is None or last <= first:
        return None
    return (sent - 1) * 60 / (last - first).total_seconds()


def _counted(change: ChangeSet, messages: QuerySet[Message]) -> Any:
    hard = ProviderEvent.objects.filter(message=OuterRef("pk"), event_type="bounced", reason__in=HARD)
    any_bounce = ProviderEvent.objects.filter(message=OuterRef("pk"), event_type="bounced")
    marked = messages.order_by().annotate(is_hard=Exists(hard), is_bounced=Exists(any_bounce))
    waiting, accepted = Q(state__in=UNFINISHED), Q(state=State.ACCEPTED)
    return marked.values(batch=Value(change.pk)).annotate(
        written=Count("pk"),
        sent=Count("pk", filter=accepted),
        failed=Count("pk", filter=Q(state__in=(State.FAILED, State.SUPPRESSED))),
        dropped=Count("pk", filter=Q(state__in=(State.SUPERSEDED, State.CANCELLED, State.EXPIRED))),
        unsent=Count("pk", filter=waiting),
        held=Count("pk", filter=Q(state=State.HELD)),
        hard=Count("pk", filter=Q(is_hard=True)),
        soft=Count("pk", filter=Q(is_hard=False, is_bounced=True)),
        first=Min("accepted_at", filter=accepted),
        last=Max("accepted_at", filter=accepted),
        leaves_at=Max("not_before", filter=waiting & Q(state__in=UNSENT)),
    )


def _batch(change: ChangeSet, job: Job | None, row: dict[str, Any], at: datetime.datetime) -> Batch:
    per_minute = pace(row["sent"], row.pop("first"), row.pop("last"))
    ends_at = ends(row["unsent"], per_minute=per_minute, leaves_at=row.pop("leaves_at"), at=at)
    return Batch(change, job, per_minute=per_minute, ends_at=ends_at, **row)
