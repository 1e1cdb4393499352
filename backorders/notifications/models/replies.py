"""What comes back by mail."""

from django.db import models
from django.db.models import Q

from backorders.notifications.attached import LARGEST, LONGEST_NAME, MOST
from backorders.orders.models import Order, Question


class Thread(models.Model):
    """A thread is what customers and we write about one order; its token stands in the address they reply to."""

    order = models.OneToOneField(Order, models.PROTECT, primary_key=True, related_name="thread")
    token = models.CharField(max_length=32, unique=True, help_text="in small letters: mail programs change capitals")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["order"]

    def __str__(self) -> str:
        return f"thread of {self.order}"


class Reply(models.Model):
    """A reply is a mail that came in: who wrote it, what is new in it, and what became of it.

    So many files were attached; those left out were not kept and have name, type and size (bytes) only.

    One that a person wrote about a known order becomes a question; any other of a person waits for staff until it is
    settled. What machines wrote is kept and asks nothing of anybody.
    """

    class Nature(models.TextChoices):
        PERSON = "person", "written by a person"
        AUTOMATIC = "automatic", "an automatic answer"
        BOUNCE = "bounce", "a report about a mail of ours"
        OURS = "ours", "a mail of ours that came back"
        UNREADABLE = "unreadable", "could not be read"

    event_key = models.CharField(max_length=100, unique=True)
    nature = models.CharField(max_length=12, choices=Nature)
    sender = models.CharField(max_length=254, blank=True)
    sender_name = models.CharField(max_length=200, blank=True)
    recipient = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True, help_text="what is new in it")
    folded = models.TextField(blank=True, help_text="what it quotes, and the signature")
    attached = models.PositiveIntegerField(default=0)
    left_out = models.JSONField(default=list, blank=True)
    token = models.CharField(max_length=32, blank=True)
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="replies")
    question = models.OneToOneField(Question, models.PROTECT, null=True, blank=True, related_name="reply")
    is_from_customer = models.BooleanField(default=False, help_text="it came from the address that we have")
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="how often it could not be worked on")
    problem = models.CharField(max_length=300, blank=True, help_text="why it could not be worked on the last time")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-received_at", "-id"]
        verbose_name_plural = "replies"
        indexes = [
            models.Index(name="replies_to_do", fields=["id"], condition=Q(processed_at=None)),
            models.Index(
                name="replies_waiting_for_staff",
                fields=["received_at"],
                condition=(Q(nature__in=["person", "unreadable"]) | ~Q(problem="")) & Q(question=None, settled_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or f"mail from {self.sender}"

    @property
    def waits_for_staff(self) -> bool:
        """Whether somebody has to say which order it is about, or close it."""
        is_to_read = self.nature in (self.Nature.PERSON, self.Nature.UNREADABLE) or bool(self.problem)
        return is_to_read and not (self.question_id or self.settled_at)

    def not_kept(self, kept: int) -> int:
        """How many of its files are not there, if `kept` are: mails of before files were kept name them only."""
        return max(self.attached - kept, len(self.left_out))


class ReplyFile(models.Model):
    """A reply file is what was attached to a mail of a person: private bytes that are only ever downloaded.

    Its number is its place among the files kept of the mail, from 1; its type is what the mail said.
    It is stored in the database like a damage photo, so that no address of the web server leads to it, and goes with
    the words of its mail.
    """

    reply = models.ForeignKey(Reply, models.CASCADE, related_name="files")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=LONGEST_NAME)
    kind = models.CharField("type", max_length=101)
    size = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["reply", "number", "id"]
        constraints = [
            models.UniqueConstraint(name="a_file_has_its_place_in_its_mail", fields=["reply", "number"]),
            models.CheckConstraint(name="so_many_files_of_a_mail", condition=Q(number__gte=1, number__lte=MOST)),
            models.CheckConstraint(name="a_file_is_no_larger", condition=Q(size__lte=LARGEST)),
            models.CheckConstraint(name="a_file_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


# A mail that a person wrote, or nobody could read or work on, and that did not become a question.
WAITS_FOR_STAFF = (Q(nature__in=["person", "unreadable"]) | ~Q(problem="")) & Q(question=None, settled_at=None)
