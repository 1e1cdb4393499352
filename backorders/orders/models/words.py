"""What customers and we say of an order: notes, questions, decisions, feedback."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from backorders.changes.models import ChangeSet
from backorders.orders.models.lines import Order, OrderLine


class Note(models.Model):
    """A note is what staff wrote down about an order, for staff."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="notes")
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.text[:60]


class Question(models.Model):
    """A question is what a customer asked about an order, on which way, by when we want to answer, and the answer.

    One that needs no words back (a thank-you by mail) is settled without an answer.
    """

    class Channel(models.TextChoices):
        PAGE = "page", "status page"
        MAIL = "mail", "e-mail"
        PHONE = "phone", "phone"

    order = models.ForeignKey(Order, models.PROTECT, related_name="questions")
    line = models.ForeignKey(OrderLine, models.PROTECT, null=True, blank=True, related_name="questions")
    change_set = models.OneToOneField(ChangeSet, models.PROTECT, related_name="question")
    channel = models.CharField(max_length=10, choices=Channel)
    text = models.TextField()
    asked_at = models.DateTimeField()
    answer_due_at = models.DateTimeField(help_text="when we want to have answered")
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(name="a_question_has_words", condition=~Q(text="")),
            models.CheckConstraint(
                name="an_answer_says_when", condition=Q(answered_at__isnull=False) | Q(answer="", answered_by=None)
            ),
            models.CheckConstraint(name="an_answer_is_wanted_later", condition=Q(answer_due_at__gt=F("asked_at"))),
        ]
        indexes = [models.Index(name="questions_open", fields=["answer_due_at"], condition=Q(answered_at=None))]

    def __str__(self) -> str:
        return self.text[:60]


class Decision(models.Model):
    """A decision is what a customer chose for an order, by which way, when, and what we had shown them.

    It is never changed: whoever changes their mind decides once more. `reference` is what we call it to the customer.
    """

    class Kind(models.TextChoices):
        KEEP = "keep", "keep waiting"
        CANCEL = "cancel", "cancel"
        SUBSTITUTE = "substitute", "another product instead"
        LAST_DAY = "last_day", "a last day for overdue goods"
        SHIP_READY = "ship_ready", "send what is ready now"
        ESSENTIAL = "essential", "the date is essential"
        NOT_ESSENTIAL = "not_essential", "the date is not essential"
        CONTACT = "contact", "contact changed"
        FEWER_UPDATES = "fewer_updates", "no optional updates"
        ALL_UPDATES = "all_updates", "all updates"

    class Channel(models.TextChoices):
        PAGE = "page", "status page"
        MAIL = "mail", "e-mail"
        PHONE = "phone", "phone"

    order = models.ForeignKey(Order, models.PROTECT, related_name="decisions")
    line = models.ForeignKey(OrderLine, models.PROTECT, null=True, blank=True, related_name="decisions")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="decisions")
    reference = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=20, choices=Kind)
    channel = models.CharField(max_length=10, choices=Channel)
    shown = models.JSONField(default=dict, help_text="the window, the refund, the product as they were shown")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.reference


class Feedback(models.Model):
    """A feedback is what a customer thinks of how an order went, or of one update: marks, words, or both."""

    class Occasion(models.TextChoices):
        DELIVERED = "delivered", "after delivery"
        CANCELLED = "cancelled", "after cancellation"
        UPDATE = "update", "about an update"

    order = models.ForeignKey(Order, models.PROTECT, related_name="feedback")
    occasion = models.CharField(max_length=10, choices=Occasion)
    about = models.PositiveBigIntegerField(default=0, help_text="the message that an answer about an update is about")
    csat = models.PositiveSmallIntegerField("satisfaction", null=True, blank=True, help_text="1 (bad) to 5 (good)")
    nps = models.PositiveSmallIntegerField(
        "recommendation", null=True, blank=True, help_text="0 (never) to 10 (surely)"
    )
    was_helpful = models.BooleanField(null=True, blank=True)
    text = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "feedback"
        constraints = [
            models.UniqueConstraint(name="feedback_is_given_once", fields=["order", "occasion", "about"]),
            models.CheckConstraint(name="satisfaction_is_1_to_5", condition=Q(csat=None) | Q(csat__gte=1, csat__lte=5)),
            models.CheckConstraint(name="recommendation_is_0_to_10", condition=Q(nps=None) | Q(nps__lte=10)),
            models.CheckConstraint(
                name="feedback_says_something",
                condition=~Q(text="") | Q(csat__isnull=False) | Q(nps__isnull=False) | Q(was_helpful__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.order}"
