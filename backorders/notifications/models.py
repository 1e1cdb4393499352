"""What we tell whom: every message from the moment it is due until it was delivered, or a person had to call."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from backorders.changes.models import ChangeSet
from backorders.orders.models import Cancellation, Customer, Order, OrderLine, Shipment


class Message(models.Model):
    """A message is one mail to one customer: rendered once, stored as sent, and the only truth about its sending."""

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "order confirmation"
        LATER = "later", "date later"
        EARLIER = "earlier", "date earlier"
        NO_DATE = "no_date", "no date yet"
        APPROACHING = "approaching", "date approaching"
        SHIPPED = "shipped", "shipped"
        CANCELLED = "cancelled", "cancelled"

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        SENDING = "sending", "sending"
        ACCEPTED = "accepted", "accepted by the provider"
        RETRY = "retry", "to be tried again"
        UNKNOWN = "unknown", "unknown: perhaps accepted"
        FAILED = "failed", "failed"
        SUPERSEDED = "superseded", "superseded by a newer date"
        SUPPRESSED = "suppressed", "suppressed: this address is not mailed"
        CANCELLED = "cancelled", "cancelled by staff"
        EXPIRED = "expired", "expired"
        HELD = "held", "held by staff"

    class Delivery(models.IntegerChoices):
        """How far the provider says it got; the rank only rises."""

        NOTHING = 0, "nothing heard"
        DEFERRED = 1, "deferred"
        DELIVERED = 2, "delivered"
        BOUNCED = 3, "bounced"
        COMPLAINED = 4, "complained about"

    kind = models.CharField(max_length=20, choices=Kind)
    # Its indexes are counted: every message is written three times, and each index again with it.
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="messages", db_index=False)
    dedupe_key = models.CharField(max_length=200, help_text="what it states and to which address version")
    address_version = models.PositiveIntegerField()
    recipient = models.CharField(max_length=254)
    language = models.CharField(max_length=2)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)
    content_hash = models.CharField(
        max_length=64, blank=True, help_text="once it is there the database refuses to change what was written"
    )
    has_apology = models.BooleanField(default=False, help_text="an order gets one apology, not one with every delay")
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    priority = models.PositiveSmallIntegerField(default=5, help_text="the lowest goes first")
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=80, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    delivery = models.PositiveSmallIntegerField(choices=Delivery, default=Delivery.NOTHING)
    last_error = models.TextField(blank=True)
    purge_after = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(name="the_same_is_stated_once", fields=["dedupe_key"]),
            models.CheckConstraint(
                name="a_message_has_a_lease_while_it_is_being_sent",
                condition=Q(state="sending", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="sending") & Q(lease_token=None, lease_until=None)),
            ),
            models.CheckConstraint(
                name="accepted_says_when", condition=~Q(state="accepted") | Q(accepted_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                name="messages_due",
                fields=["priority", "not_before", "id"],
                condition=Q(state__in=["pending", "retry"]),
            ),
            models.Index(
                name="messages_in_flight", fields=["lease_until"], condition=Q(state__in=["sending", "unknown"])
            ),
            models.Index(name="messages_of_a_customer", fields=["customer", "created_at", "id"]),
            models.Index(
                name="messages_about_dates_by_time",
                fields=["created_at"],
                condition=Q(kind__in=["no_date", "later", "earlier", "approaching"]),
            ),
            models.Index(name="messages_by_provider_id", fields=["provider_id"], condition=~Q(provider_id="")),
            models.Index(
                name="messages_of_a_customer_to_do",
                fields=["customer", "id"],
                condition=Q(state__in=["pending", "sending", "retry", "unknown", "held"]),
            ),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.kind} {self.pk}"


class MessageLine(models.Model):
    """A message line is the window a message states for one order line, and the version of the promise it claims.

    In a shipped mail it names the shipment, in a cancelled mail the cancellation; there the window may be absent.
    """

    message = models.ForeignKey(Message, models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="message_lines")
    order = models.ForeignKey(Order, models.PROTECT, related_name="message_lines")
    shipment = models.ForeignKey(
        Shipment, models.PROTECT, null=True, blank=True, related_name="message_lines", db_index=False
    )
    cancellation = models.ForeignKey(
        Cancellation, models.PROTECT, null=True, blank=True, related_name="message_lines", db_index=False
    )
    promise_version = models.PositiveIntegerField(null=True, blank=True, help_text="empty where no date is claimed")
    window_from = models.DateField(null=True, blank=True)
    window_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["message", "id"]
        constraints = [
            models.CheckConstraint(
                name="a_stated_window_has_both_ends",
                condition=Q(window_from=None, window_until=None)
                | Q(window_from__isnull=False, window_until__isnull=False, window_until__gte=F("window_from")),
            )
        ]
        indexes = [
            models.Index(name="message_lines_of_shipments", fields=["shipment"], condition=Q(shipment__isnull=False)),
            models.Index(
                name="message_lines_of_cancellations",
                fields=["cancellation"],
                condition=Q(cancellation__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line} in {self.message}"


class Attempt(models.Model):
    """An attempt is one call to the provider, written before it and closed after it.

    An open attempt whose lease has expired is exactly the ambiguous set: perhaps sent.
    """

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "accepted"
        TRANSIENT = "transient", "refused for now"
        PERMANENT = "permanent", "refused for good"
        AMBIGUOUS = "ambiguous", "no answer"

    message = models.ForeignKey(Message, models.CASCADE, related_name="tries", db_index=False)
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["message", "number", "id"]
        constraints = [models.UniqueConstraint(name="attempts_are_numbered_once", fields=["message", "number"])]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.message}"


class NextUpdate(models.Model):
    """A next update is the day by which a customer hears of an open line again, even if nothing changes."""

    line = models.OneToOneField(OrderLine, models.PROTECT, primary_key=True, related_name="next_update")
    on = models.DateField(db_index=True)

    class Meta:
        ordering = ["on", "line"]

    def __str__(self) -> str:
        return f"{self.line} by {self.on}"


class ProviderEvent(models.Model):
    """A provider event is what the mail provider told us later about a message: stored first, worked on afterwards."""

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

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [models.Index(name="provider_events_to_do", fields=["id"], condition=Q(processed_at=None))]

    def __str__(self) -> str:
        return f"{self.event_type} {self.recipient}"


class Suppression(models.Model):
    """A suppression is an address that is not mailed any more, and why."""

    class Reason(models.TextChoices):
        BOUNCE = "bounce", "hard bounce"
        SOFT_BOUNCES = "soft_bounces", "bounced three times in seven days"
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
    """A call task is a customer whom a mail cannot reach, to be called by an agent: never silence."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="call_tasks")
    message = models.OneToOneField(Message, models.CASCADE, related_name="call_task")
    why = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(name="call_tasks_open", fields=["opened_at"], condition=Q(done_at=None))]

    def __str__(self) -> str:
        return f"call {self.customer}"


class CustomerLink(models.Model):
    """A customer link is the way from a mail to one order's status page: a random token, stored only as its hash."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"link to {self.order}"


class MailSwitch(models.Model):
    """The mail switch says whether mail leaves at all: one row, held on a restored copy until somebody releases it."""

    is_on = models.BooleanField(default=True)
    instance_id = models.UUIDField(help_text="of the database the switch was released for")
    paused_until = models.DateTimeField(null=True, blank=True, help_text="the provider asked for a pause")
    failures = models.PositiveSmallIntegerField(
        default=0, help_text="refusals in a row; the circuit breaker counts them"
    )
    changed_at = models.DateTimeField()
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(name="there_is_one_mail_switch", condition=Q(id=1))]

    def __str__(self) -> str:
        return "on" if self.is_on else "held"

    def is_paused(self, at: datetime.datetime) -> bool:
        """Whether the provider's pause still lasts."""
        return self.paused_until is not None and self.paused_until > at
