"""What people write into mails: into one of them, or around the facts of a kind."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from backorders.changes.models import ChangeSet
from backorders.notifications.models.messages import Message


class PersonalText(models.Model):
    """A personal text is what one of us wrote into a message: all of its words, or a paragraph above its facts."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="personal_text")
    text = models.TextField()
    states_dates = models.BooleanField(default=False, help_text="whether it also states the expected dates")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="personal_text")

    class Meta:
        ordering = ["message"]

    def __str__(self) -> str:
        return self.text[:60]


class Wording(models.Model):
    """A wording is one version of the words around the facts of a kind of mail, in one language.

    The newest approved version that was not withdrawn is used in place of the shipped words; an empty text leaves the
    shipped one. Nobody approves what they wrote.
    """

    kind = models.CharField(max_length=20, choices=Message.Kind)
    language = models.CharField(max_length=2, choices=[("en", "English"), ("tr", "Türkçe")])
    version = models.PositiveIntegerField()
    subject = models.CharField(max_length=120, blank=True)
    headline = models.CharField(max_length=200, blank=True)
    lede = models.CharField("line below", max_length=300, blank=True)
    preheader = models.CharField("preview line", max_length=200, blank=True)
    opening = models.TextField(blank=True, help_text="before the facts")
    closing = models.TextField(blank=True, help_text="after the facts")
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "language", "-version", "-id"]
        constraints = [
            models.UniqueConstraint(name="versions_of_words_are_numbered_once", fields=["kind", "language", "version"]),
            models.CheckConstraint(
                name="nobody_approves_their_personal_text",
                condition=Q(approved_by=None, approved_at=None)
                | (Q(approved_at__isnull=False, approved_by__isnull=False) & ~Q(approved_by=F("written_by"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.language} {self.version}"
