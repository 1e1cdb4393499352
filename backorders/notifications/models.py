"""What we tell whom: every message from the moment it is due until it was delivered, or a person had to call."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from backorders.changes.models import ChangeSet
from backorders.chasing.models import DateRequest
from backorders.notifications.attached import LARGEST, LONGEST_NAME, MOST
from backorders.orders.models import (
    Cancellation,
    Compensation,
    Customer,
    Offer,
    Order,
    OrderLine,
    Question,
    Shipment,
)
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


class Hurry(models.Model):
    """A hurry is a customer whom staff want to hear now: announcing waits for no quiet time, and then forgets it.

    Of very many a job takes care, so that it can be followed, paused and stopped; the clock leaves those to it.
    """

    customer = models.OneToOneField(Customer, models.PROTECT, primary_key=True, related_name="hurry")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="hurries", db_index=False)
    is_by_job = models.BooleanField(default=False, help_text="a job writes to them, a few at a time")

    class Meta:
        ordering = ["customer"]
        verbose_name_plural = "hurries"
        indexes = [
            models.Index(name="hurries_of_a_job", fields=["change_set", "customer"], condition=Q(is_by_job=True))
        ]

    def __str__(self) -> str:
        return f"{self.customer} hears now"


class LaterWord(models.Model):
    """A later word is a customer whom staff want to tell of moved dates themselves: until then the clock waits.

    They stand among those who are not told. A date that presses is told all the same.
    """

    customer = models.OneToOneField(Customer, models.PROTECT, primary_key=True, related_name="later_word")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="later_words", db_index=False)
    until = models.DateTimeField()

    class Meta:
        ordering = ["customer"]

    def __str__(self) -> str:
        return f"{self.customer} hears later"


BOUNCES = ("bounced", "rejected", "failed")


def bounces() -> Q:
    """Provider events that say of a message that nobody reads it."""
    return Q(event_type__in=BOUNCES)


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
        indexes = [
            models.Index(name="provider_events_to_do", fields=["id"], condition=Q(processed_at=None)),
            models.Index(name="bounces_worked_on", fields=["processed_at"], condition=bounces()),
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


class ContactCode(models.Model):
    """A contact code is six digits that were mailed to an address, and the one change on a customer's page they open.

    Only their hash is kept. A few wrong tries, or half an hour, and they open nothing any more.
    """

    class Opens(models.TextChoices):
        CONTACT = "contact", "a change of contact"
        CANCEL = "cancel", "a cancellation"

    order = models.ForeignKey(Order, models.PROTECT, related_name="contact_codes")
    opens = models.CharField(max_length=10, choices=Opens)
    email = models.CharField(max_length=254, help_text="where the digits were mailed")
    code_hash = models.CharField(max_length=64)
    wanted = models.JSONField(default=dict, blank=True, help_text="the change, as it was asked for")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [models.CheckConstraint(name="a_code_expires", condition=Q(expires_at__gt=F("asked_at")))]

    def __str__(self) -> str:
        return f"code for {self.order}"


class SupplierLink(models.Model):
    """A supplier link is the way from a mail to the page where its date request is answered; its hash is kept."""

    request = models.ForeignKey(DateRequest, models.PROTECT, related_name="links")
    message = models.ForeignKey(Message, models.PROTECT, related_name="supplier_links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"link to {self.request}"


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
        verbose_name_plural = "mail switches"
        constraints = [models.CheckConstraint(name="there_is_one_mail_switch", condition=Q(id=1))]

    def __str__(self) -> str:
        return "on" if self.is_on else "held"

    def is_paused(self, at: datetime.datetime) -> bool:
        """Whether the provider's pause still lasts."""
        return self.paused_until is not None and self.paused_until > at
