"""Mails to our own people: tests of what customers would read, digests of inboxes. They state nothing."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from backorders.sentences import SentenceField


class StaffMail(models.Model):
    """A staff mail is written to one of us and never to a customer: it is no message, tells nobody, and counts nowhere.

    It is tried again from `not_before` on until it was sent or failed. One that is still being sent then may have left,
    and is not sent once more, unless the provider takes its key once.
    """

    class Kind(models.TextChoices):
        TEST = "test", "test"
        DIGEST = "digest", "digest of the inbox"

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        SENDING = "sending", "is being sent"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"

    kind = models.CharField(max_length=10, choices=Kind)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mails")
    key = models.CharField(max_length=120, unique=True, help_text="the same is mailed once")
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = SentenceField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="a_staff_mail_that_was_sent_says_when",
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
            )
        ]
        indexes = [
            models.Index(name="staff_mails_due", fields=["not_before"], condition=Q(state__in=["pending", "sending"]))
        ]

    def __str__(self) -> str:
        return self.subject
