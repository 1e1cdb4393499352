"""What the provider says later, which addresses are not mailed, and whom a person has to call."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from backorders.notifications.models.messages import Message
from backorders.orders.models import Customer
from backorders.sentences import SentenceField
from backorders.supply.models import Supplier

BOUNCES = ("bounced", "rejected", "failed")


def bounces() -> Q:
    """Provider events that say of a message that nobody reads it."""
    return Q(event_type__in=BOUNCES)


# What could not be worked on, however often it was tried: it has no effect until somebody takes it up again.
SET_ASIDE = Q(processed_at__isnull=False) & ~Q(problem="")


class ProviderEvent(models.Model):
    """A provider event is what the mail provider told us later about a message: stored first, worked on afterwards.

    One with a problem could not be worked on; processed with a problem it is left to staff.
    """

    event_key = models.CharField(max_length=200, unique=True)
    event_type = models.CharField(max_length=20)
    provider_id = models.CharField(max_length=200, blank=True)
    recipient = models.CharField(max_length=254, blank=True)
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="events")
    reason = models.CharField(max_length=40, blank=True)
    description = models.TextField(blank=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="how often it could not be worked on")
    problem = models.CharField(max_length=300, blank=True, help_text="why it could not be worked on the last time")

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(name="provider_events_to_do", fields=["id"], condition=Q(processed_at=None)),
            models.Index(name="bounces_worked_on", fields=["processed_at"], condition=bounces()),
            models.Index(name="provider_events_with_problems", fields=["received_at"], condition=~Q(problem="")),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.recipient}"


class Suppression(models.Model):
    """A suppression is an address that is not mailed any more, and why."""

    class Reason(models.TextChoices):
        BOUNCE = "bounce", "hard bounce"
        SOFT_BOUNCES = "soft_bounces", "bounced softly, too often"
        COMPLAINT = "complaint", "complaint"
        INVALID = "invalid", "not an address that can be mailed"

    address = models.CharField(max_length=254, unique=True, help_text="in lower case")
    reason = models.CharField(max_length=20, choices=Reason)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.address


class CallTask(models.Model):
    """A call task is somebody whom a mail cannot reach: agents call customers, buyers suppliers; never silence."""

    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="call_tasks")
    supplier = models.ForeignKey(Supplier, models.PROTECT, null=True, blank=True, related_name="call_tasks")
    message = models.OneToOneField(Message, models.CASCADE, related_name="call_task")
    why = SentenceField()
    opened_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="a_call_is_to_a_customer_or_a_supplier",
                condition=Q(customer__isnull=False, supplier=None) | Q(customer=None, supplier__isnull=False),
            )
        ]
        indexes = [models.Index(name="call_tasks_open", fields=["opened_at"], condition=Q(done_at=None))]

    def __str__(self) -> str:
        return f"call {self.customer or self.supplier}"
