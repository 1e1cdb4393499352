"""What waits for whom on the staff: one row per person and thing, counted up instead of repeated."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices as their readers find them."""

    def waiting(self, at: datetime.datetime) -> "NoticeQuerySet":
        """Notices that are not read, not set aside beyond this moment and of no kind their person muted."""
        muted = Mute.objects.filter(person=OuterRef("person"), kind=OuterRef("kind"))
        return self.filter(~Exists(muted), Q(aside_until=None) | Q(aside_until__lte=at), read_at=None)

    def aside(self, at: datetime.datetime) -> "NoticeQuerySet":
        """Notices that are set aside and come back by themselves."""
        return self.filter(aside_until__gt=at, read_at=None)


class Notice(models.Model):
    """A notice is something one member of the staff should know of or do, until they have read it.

    Set aside it waits unseen until its moment comes.
    """

    class Kind(models.TextChoices):
        ACCESS_ASKED = "access_asked", "access asked for"
        APPROVAL_ASKED = "approval_asked", "approval asked for"
        APPROVAL_DECIDED = "approval_decided", "approval decided"
        CALL = "call", "customers to call"
        SUPPLIER_CALL = "supplier_call", "suppliers to call"
        SUPPLIER_SILENT = "supplier_silent", "suppliers who answer no mail"
        PROPOSAL = "proposal", "suppliers answered"
        ETA_PROPOSED = "eta_proposed", "ETA proposed"
        ETA_DECIDED = "eta_decided", "proposed ETA decided on"
        JOB = "job", "job needs you"
        SHORT = "short", "goods came short"
        UNCOVERED = "uncovered", "goods to buy"
        FOLLOWED = "followed", "what I follow"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=120, help_text="the same thing, while unread, is counted up")
    object_id = models.BigIntegerField(null=True, blank=True, help_text="what it leads to; its kind says of what sort")
    words = models.JSONField(default=dict, blank=True, help_text="what its sentence names")
    count = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    aside_until = models.DateTimeField(null=True, blank=True, help_text="set aside: it comes back then")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="a_thing_waits_once_for_a_person", fields=["person", "key"], condition=Q(read_at=None)
            ),
            models.CheckConstraint(name="a_notice_is_of_something", condition=Q(count__gte=1) & ~Q(key="")),
            models.CheckConstraint(name="read_after_it_came", condition=Q(read_at=None) | Q(read_at__gte=F("at"))),
        ]
        indexes = [models.Index(name="notices_of_a_person", fields=["person", "-at", "-id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


# Here somebody waits for an answer, or gets the one they waited for: not to be muted.
NEVER_MUTED = (
    Notice.Kind.ACCESS_ASKED,
    Notice.Kind.APPROVAL_ASKED,
    Notice.Kind.APPROVAL_DECIDED,
    Notice.Kind.ETA_PROPOSED,
    Notice.Kind.ETA_DECIDED,
)


class Mute(models.Model):
    """A mute is a kind of notice that one person does not want to find unread; it is there among all they have."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mutes", db_index=False)
    kind = models.CharField(max_length=20, choices=Notice.Kind)

    class Meta:
        ordering = ["person", "kind", "id"]
        constraints = [models.UniqueConstraint(name="a_kind_is_muted_once_by_a_person", fields=["person", "kind"])]

    def __str__(self) -> str:
        return self.kind
