"""Who waits, since when."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext

from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet
from backorders.sentences import SentenceField


class Customer(models.Model):
    """A customer is who ordered, and how and in which language we reach them."""

    class Tier(models.IntegerChoices):
        STANDARD = 0, "standard"
        SILVER = 1, "silver"
        GOLD = 2, "gold"
        VIP = 3, "VIP"

    name = models.CharField(max_length=200)
    email = models.CharField(
        max_length=254, blank=True, help_text="as given; what cannot be mailed becomes a call task"
    )
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=2, choices=[("en", "English"), ("tr", "Türkçe")], default="en")
    time_zone = models.CharField(max_length=60, default="Europe/Istanbul")
    tier = models.PositiveSmallIntegerField(choices=Tier, default=Tier.STANDARD)
    jurisdiction = models.CharField(
        max_length=2, blank=True, help_text="ISO country of delivery: its delay law applies to consumers"
    )
    is_business = models.BooleanField(default=False)
    address_version = models.PositiveIntegerField(default=1, help_text="rises when the e-mail address changes")
    external_id = models.CharField(max_length=80, blank=True)
    wants_all_updates = models.BooleanField(
        default=True, db_default=True, help_text="off: no mail about what changes nothing, and no good news"
    )
    is_written_to = models.BooleanField(
        default=True, db_default=True, help_text="off for customers of a history: no mail by the clock, no call task"
    )

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(name="customers_not_written_to", fields=["id"], condition=Q(is_written_to=False))]
        constraints = [
            models.UniqueConstraint(
                name="a_customer_comes_from_outside_once", fields=["external_id"], condition=~Q(external_id="")
            )
        ]

    def __str__(self) -> str:
        return self.name


class Carrier(models.Model):
    """A carrier is who brings parcels to customers, and how many working days that takes."""

    name = models.CharField(max_length=100, unique=True)
    transit_days = models.PositiveSmallIntegerField(default=2, help_text="working days from our door to the customer")
    tracking_link = models.CharField(max_length=300, blank=True, help_text="address with {number} in it")

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


def parcel_url(tracking_link: str, tracking_number: str) -> str:
    """Return the carrier's page for a parcel, or nothing if there is no such page or no number."""
    return tracking_link.replace("{number}", tracking_number) if tracking_link and tracking_number else ""


class Order(models.Model):
    """An order is what one customer bought at one time; its number is ours, its external id the shop's."""

    number = models.CharField(max_length=40, unique=True)
    shop = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=80, blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    carrier = models.ForeignKey(Carrier, models.PROTECT, related_name="orders")
    placed_at = models.DateTimeField(db_index=True)
    currency = models.CharField(max_length=3, default="EUR")
    is_paid = models.BooleanField(default=False)
    is_ship_complete = models.BooleanField(default=False, help_text="nothing leaves before everything is ready")
    is_date_essential = models.BooleanField(
        default=False, help_text="goods that come late are of no use to the customer; no rule rests on it yet"
    )
    is_confirmed = models.BooleanField(default=False, help_text="the confirmation is queued or was sent")
    version = models.PositiveIntegerField(
        default=1, help_text="rises with every change; a form that saw an older one is stale"
    )

    class Meta:
        ordering = ["-placed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="a_shop_order_comes_once", fields=["shop", "external_id"], condition=~Q(external_id="")
            )
        ]
        indexes = [models.Index(name="orders_to_confirm", fields=["id"], condition=Q(is_confirmed=False))]

    def __str__(self) -> str:
        return self.number


class OrderLineQuerySet(models.QuerySet["OrderLine"]):
    """Order lines as the agent speaks of them."""

    def open(self) -> "OrderLineQuerySet":
        """Lines of which something is still to be shipped."""
        return self.filter(Q(waiting__gt=0) | Q(allocated__gt=0))

    def waiting(self) -> "OrderLineQuerySet":
        """Lines with a backordered part."""
        return self.filter(waiting__gt=0)


class OrderLine(models.Model):
    """An order line is a product and quantity on a customer's order.

    ordered = allocated + waiting + shipped + cancelled, always: the database holds it. `allocated` units lie in a
    warehouse for this line; `waiting` units are the backordered part; open = allocated + waiting.
    """

    class Cause(models.TextChoices):
        DEMAND = "demand", "high demand"
        SUPPLY = "supply", "late or short supply"
        FORECAST = "forecast", "forecast error"
        LAUNCH = "launch", "launch"
        PROMOTION = "promotion", "promotion"

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="order_lines")
    quantity = models.PositiveIntegerField()
    allocated = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField()
    shipped = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    placed_at = models.DateTimeField(help_text="the order's, kept beside the line for the queue")
    cause = models.CharField(max_length=10, choices=Cause, blank=True)
    first_from = models.DateField(null=True, blank=True, help_text="first promise: written once, never changed")
    first_until = models.DateField(null=True, blank=True)
    promise_number = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="first promised, first served: the order in which the plan first gave a product's lines any units",
    )
    is_expedited = models.BooleanField(default=False)
    is_held = models.BooleanField(default=False, help_text="keeps its place but is served nothing")
    score = models.IntegerField(
        default=0, help_text="the part of the rank that tier, value and age decide; see ranking"
    )
    overtaken = models.PositiveSmallIntegerField(default=0, help_text="how often a later order was served before it")
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaces")

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.CheckConstraint(name="order_quantity_is_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="ordered_is_allocated_waiting_shipped_and_cancelled",
                condition=Q(quantity=F("allocated") + F("waiting") + F("shipped") + F("cancelled")),
            ),
            models.CheckConstraint(
                name="first_promise_is_a_window_or_absent",
                condition=Q(first_from=None, first_until=None)
                | Q(first_from__isnull=False, first_until__isnull=False, first_until__gte=F("first_from")),
            ),
        ]
        indexes = [
            models.Index(
                name="order_lines_open",
                fields=["product", "placed_at", "id"],
                condition=Q(waiting__gt=0) | Q(allocated__gt=0),
            ),
            models.Index(name="order_lines_waiting", fields=["-placed_at", "-id"], condition=Q(waiting__gt=0)),
            models.Index(
                name="order_lines_half_served",
                fields=["product"],
                condition=Q(waiting__gt=0, allocated__gt=0),
            ),
            models.Index(
                name="order_lines_by_promise",
                fields=["product", "promise_number"],
                condition=Q(waiting__gt=0) | Q(allocated__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(order)s line %(number)s") % {"order": self.order, "number": self.pk}

    @property
    def open_quantity(self) -> int:
        """Units still to be shipped."""
        return self.allocated + self.waiting


class Shipment(models.Model):
    """A shipment is one parcel that left for a customer, and how we know that it arrived."""

    class Confirmed(models.TextChoices):
        CARRIER = "carrier", "by the carrier"
        CUSTOMER = "customer", "by the customer"
        STAFF = "staff", "by our staff"

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    carrier = models.ForeignKey(Carrier, models.PROTECT, related_name="shipments")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="shipments")
    tracking_number = models.CharField(max_length=80, blank=True)
    shipped_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    delivery_confirmed_by = models.CharField(max_length=10, choices=Confirmed, blank=True)
    lost_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was given up: its units were not shipped then"
    )
    is_announced = models.BooleanField(default=False, help_text="the shipped mail is queued or was sent")
    is_arrival_announced = models.BooleanField(
        default=False, db_default=False, help_text="the delivered mail is queued or was sent, or nobody needs it"
    )

    class Meta:
        ordering = ["-shipped_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="delivery_says_who_confirmed_it",
                condition=Q(delivered_at=None, delivery_confirmed_by="")
                | (Q(delivered_at__isnull=False) & ~Q(delivery_confirmed_by="")),
            ),
            models.CheckConstraint(
                name="delivery_follows_shipment",
                condition=Q(delivered_at=None) | Q(delivered_at__gte=F("shipped_at")),
            ),
            models.CheckConstraint(
                name="a_lost_parcel_was_not_delivered", condition=Q(lost_at=None) | Q(delivered_at=None)
            ),
        ]
        indexes = [
            models.Index(name="shipments_to_announce", fields=["id"], condition=Q(is_announced=False)),
            models.Index(
                name="arrivals_to_announce",
                fields=["id"],
                condition=Q(is_arrival_announced=False, delivered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"shipment {self.pk} of {self.order}"

    @property
    def tracking_url(self) -> str:
        """The carrier's page for this parcel, or nothing."""
        return parcel_url(self.carrier.tracking_link, self.tracking_number)


class ShipmentLine(models.Model):
    """A shipment line is the units of one order line in one parcel."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField()
    returned = models.PositiveIntegerField(default=0, help_text="units of it that came back to stock")

    class Meta:
        ordering = ["shipment", "id"]
        constraints = [
            models.UniqueConstraint(name="a_line_is_once_in_a_parcel", fields=["shipment", "line"]),
            models.CheckConstraint(name="shipped_quantity_is_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(name="returned_units_were_shipped", condition=Q(quantity__gte=F("returned"))),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line}"


class Cancellation(models.Model):
    """A cancellation is units of an order line that will not be shipped: how many, why, by which act."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="cancellations")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="cancellations")
    quantity = models.PositiveIntegerField()
    at = models.DateTimeField()
    reason = SentenceField(blank=True)
    is_announced = models.BooleanField(default=False, help_text="the cancelled mail is queued or was sent")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.CheckConstraint(name="cancelled_quantity_is_positive", condition=Q(quantity__gt=0))]
        indexes = [models.Index(name="cancellations_to_announce", fields=["id"], condition=Q(is_announced=False))]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line}"


class Refund(models.Model):
    """A refund is money we owe for a cancelled part of a paid order, until it is paid."""

    cancellation = models.OneToOneField(Cancellation, models.PROTECT, related_name="refund")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    due_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [models.CheckConstraint(name="refund_is_not_negative", condition=Q(amount__gte=0))]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Compensation(models.Model):
    """A compensation is money or a favour that a customer was given for a wait: how much, why, by which act."""

    class Kind(models.TextChoices):
        DISCOUNT = "discount", "money off this order"
        CREDIT = "credit", "credit for the next order"
        SHIPPING = "shipping", "free shipping"

    order = models.ForeignKey(Order, models.PROTECT, related_name="compensations")
    line = models.ForeignKey(OrderLine, models.PROTECT, null=True, blank=True, related_name="compensations")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="compensations")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=200)
    covers = models.JSONField(
        default=dict, blank=True, help_text="units that were open when it was given, by line: what it was given for"
    )
    at = models.DateTimeField()
    is_announced = models.BooleanField(
        default=True, db_default=True, help_text="a mail that says so is queued or was sent, or none is to say it"
    )

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.CheckConstraint(name="compensation_is_positive", condition=Q(amount__gt=0))]
        indexes = [models.Index(name="compensations_to_announce", fields=["id"], condition=Q(is_announced=False))]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Offer(models.Model):
    """An offer is another product that a customer was offered for a line that waits: its price a unit, when it comes.

    It is an offer to choose, not a change: until the customer chooses, nothing is given up and nothing is held.
    """

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="offers")
    product = models.ForeignKey(Product, models.PROTECT, related_name="offers")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="offers")
    quantity = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=12, decimal_places=2, help_text="of a unit, in the order's currency")
    arrives_from = models.DateField()
    arrives_until = models.DateField()
    at = models.DateTimeField()
    is_announced = models.BooleanField(default=False, help_text="the mail that offers it is queued or was sent")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(name="offered_quantity_is_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(name="offered_price_is_not_negative", condition=Q(price__gte=0)),
            models.CheckConstraint(
                name="an_offer_arrives_within_a_window", condition=Q(arrives_until__gte=F("arrives_from"))
            ),
            models.UniqueConstraint(name="a_product_is_offered_once_for_a_line", fields=["line", "product"]),
        ]
        indexes = [models.Index(name="offers_to_announce", fields=["at"], condition=Q(is_announced=False))]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product} for {self.line}"


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
