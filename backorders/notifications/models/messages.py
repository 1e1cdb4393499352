"""Messages, what each states of which line, and every call to the provider."""

from django.db import models
from django.db.models import F, Q

from backorders.orders.models import Cancellation, Compensation, Customer, Offer, Order, OrderLine, Shipment
from backorders.sentences import SentenceField
from backorders.supply.models import Supplier


class Message(models.Model):
    """A message is one mail to one customer or supplier: rendered once, stored as sent, and the only truth about its
    sending."""

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "order confirmation"
        LATER = "later", "date later"
        EARLIER = "earlier", "date earlier"
        NO_DATE = "no_date", "no date yet"
        ANSWER_NEEDED = "answer_needed", "answer needed"
        APPROACHING = "approaching", "date approaching"
        HEARTBEAT = "heartbeat", "nothing has changed"
        SHIPPED = "shipped", "shipped"
        DELIVERED = "delivered", "delivered"
        CANCELLED = "cancelled", "cancelled"
        ALTERNATIVE_OFFER = "alternative_offer", "something that comes sooner"
        MESSAGE = "message", "message from us"
        SUBSTITUTED = "substituted", "another product instead"
        COMPENSATED = "compensated", "something for the wait"
        QUESTION_ANSWER = "question_answer", "answer to a question"
        CONTACT_CODE = "contact_code", "code for the customer's page"
        ADDRESS_CHANGED = "address_changed", "notice to the address we had"
        DATE_REQUEST = "date_request", "question to a supplier"

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
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="messages", db_index=False
    )
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, null=True, blank=True, related_name="messages", db_index=False
    )
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
    last_error = SentenceField(blank=True)
    purge_after = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(name="the_same_is_stated_once", fields=["dedupe_key"]),
            models.CheckConstraint(
                name="a_message_goes_to_a_customer_or_a_supplier",
                condition=Q(customer__isnull=False, supplier=None) | Q(customer=None, supplier__isnull=False),
            ),
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
                name="messages_of_a_supplier",
                fields=["supplier", "created_at", "id"],
                condition=Q(supplier__isnull=False),
            ),
            models.Index(
                name="messages_about_dates_by_time",
                fields=["created_at"],
                condition=Q(kind__in=["no_date", "later", "earlier", "approaching", "heartbeat"]),
            ),
            models.Index(name="messages_by_provider_id", fields=["provider_id"], condition=~Q(provider_id="")),
            models.Index(
                name="messages_of_a_customer_to_do",
                fields=["customer", "id"],
                condition=Q(state__in=["pending", "sending", "retry", "unknown", "held"]),
            ),
            models.Index(name="messages_replaced", fields=["customer"], condition=Q(state="superseded")),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.kind} {self.pk}"

    @property
    def addressee(self) -> Customer | Supplier | None:
        """Whom it is written to."""
        return self.customer or self.supplier


# What suppliers are written, and what customers are: words of our own and call lists are about the latter.
TO_SUPPLIERS = (Message.Kind.DATE_REQUEST.value,)
TO_CUSTOMERS = tuple(kind.value for kind in Message.Kind if kind.value not in TO_SUPPLIERS)
# What goes to an address that is not the customer's any more, whatever it becomes meanwhile.
TO_WHERE_IT_WAS = (Message.Kind.ADDRESS_CHANGED.value,)
# A message that may leave by itself, or may just have left: a newer one of the same customer waits for it.
UNFINISHED = (Message.State.PENDING, Message.State.SENDING, Message.State.RETRY, Message.State.UNKNOWN)
IN_THE_OUTBOX = (*UNFINISHED, Message.State.HELD)
# What has not left for sure can still be taken back and said anew.
UNSENT = (Message.State.PENDING, Message.State.RETRY, Message.State.HELD)
# What a customer may have heard, as far as we know; and with it what waits to be said.
HEARD = (Message.State.ACCEPTED, Message.State.SENDING, Message.State.UNKNOWN, Message.State.RETRY)
SAID = (*HEARD, Message.State.PENDING, Message.State.HELD)


class MessageLine(models.Model):
    """A message line is the window a message states for one order line, and the version of the promise it claims.

    In a shipped or delivered mail it names the shipment, in a cancelled mail the cancellation, in one that offers
    something the offer, where something is given for a wait the compensation; there the window may be absent.
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
    offer = models.ForeignKey(
        Offer, models.PROTECT, null=True, blank=True, related_name="message_lines", db_index=False
    )
    is_arrival = models.BooleanField(default=False, db_default=False, help_text="that the shipment arrived")
    compensation = models.ForeignKey(
        Compensation, models.SET_NULL, null=True, blank=True, related_name="message_lines", db_index=False
    )
    promise_version = models.PositiveIntegerField(null=True, blank=True, help_text="empty where no date is claimed")
    window_from = models.DateField(null=True, blank=True)
    window_until = models.DateField(null=True, blank=True)
    ready = models.PositiveIntegerField(null=True, blank=True, help_text="units it says leave at once; if it does")
    waits = models.PositiveIntegerField(null=True, blank=True, help_text="units it says wait; if it does")

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
            models.Index(name="message_lines_of_offers", fields=["offer"], condition=Q(offer__isnull=False)),
            models.Index(
                name="message_lines_of_gifts", fields=["compensation"], condition=Q(compensation__isnull=False)
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
