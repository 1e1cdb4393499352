"""What we have and what is coming."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext

from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet, Source
from backorders.sentences import SentenceField


class Supplier(models.Model):
    """A supplier is who we buy from; its own record of lateness widens the windows we state."""

    name = models.CharField(max_length=200, unique=True)
    contact_name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=2, choices=[("en", "English"), ("tr", "Türkçe")], default="en")
    lead_time_days = models.PositiveSmallIntegerField(
        default=14, help_text="from order to receipt, as the supplier says; no date is made from it yet"
    )
    is_at_risk = models.BooleanField(default=False, help_text="no new backorders may lean on this supplier")
    early_days = models.SmallIntegerField(
        null=True,
        blank=True,
        help_text="10 % of its last receipts came this many days after the ETA, or sooner; empty under 8 receipts",
    )
    late_days = models.SmallIntegerField(
        null=True,
        blank=True,
        help_text="90 % of its last receipts came within this many days after the ETA; empty under 8 receipts",
    )
    confirms_after_days = models.PositiveSmallIntegerField(
        default=14, help_text="a date it has not repeated for this many days past due counts as unconfirmed"
    )

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                name="lateness_is_a_range_or_absent",
                condition=Q(early_days=None, late_days=None)
                | Q(early_days__isnull=False, late_days__isnull=False, late_days__gte=F("early_days")),
            )
        ]

    def __str__(self) -> str:
        return self.name


class SupplierProduct(models.Model):
    """A supplier product is one source of a product: who, at what cost, how fast, best rank first."""

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="products")
    product = models.ForeignKey(Product, models.PROTECT, related_name="sources")
    rank = models.PositiveSmallIntegerField(default=1)
    cost = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    lead_time_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="of this product, where it differs; no date is made from it yet"
    )

    class Meta:
        ordering = ["product", "rank", "id"]
        constraints = [models.UniqueConstraint(name="a_source_is_named_once", fields=["product", "supplier"])]

    def __str__(self) -> str:
        return f"{self.product} from {self.supplier}"


class Warehouse(models.Model):
    """A warehouse is a place that holds stock and ships; it works Monday to Friday except on its holidays."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    rank = models.PositiveSmallIntegerField(default=1, help_text="the lowest is used first")

    class Meta:
        ordering = ["rank", "id"]

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A holiday is a date on which a warehouse neither receives nor ships."""

    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="holidays")
    on = models.DateField()
    name = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["on", "id"]
        constraints = [models.UniqueConstraint(name="a_holiday_is_named_once", fields=["warehouse", "on"])]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"


class PurchaseOrder(models.Model):
    """A purchase order is what we ordered from one supplier on one day."""

    number = models.CharField(max_length=60, unique=True)
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="purchase_orders")
    ordered_on = models.DateField()

    class Meta:
        ordering = ["-ordered_on", "-id"]

    def __str__(self) -> str:
        return self.number


class Confidence(models.TextChoices):
    """How sure an ETA is."""

    CONFIRMED = "confirmed", "confirmed by the supplier"
    ESTIMATE = "estimate", "estimate"
    UNCONFIRMED = "unconfirmed", "unconfirmed: feeds no promise"


OUTSTANDING = F("quantity") - F("received") - F("cancelled")  # as `PurchaseLine.outstanding`, in a statement


class PurchaseLineQuerySet(models.QuerySet["PurchaseLine"]):
    """Purchase lines as the buyer speaks of them."""

    def outstanding(self) -> "PurchaseLineQuerySet":
        """Lines of which something is still to come."""
        return self.filter(quantity__gt=F("received") + F("cancelled"))

    def overdue(self, today: datetime.date) -> "PurchaseLineQuerySet":
        """Outstanding lines whose ETA has passed."""
        return self.outstanding().filter(eta_until__lt=today)


class PurchaseLine(models.Model):
    """A purchase line is a product and quantity ordered from a supplier; outstanding = ordered − received − cancelled.

    The ETA is the supplier's date for the goods reaching our warehouse: a window `eta_on … eta_until` (one day when
    both are equal), or no date when both are empty. A quantity that comes on several dates is several lines.
    """

    purchase_order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="purchase_lines")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="purchase_lines")
    split_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="splits")
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    pegged = models.PositiveIntegerField(default=0, help_text="units that waiting lines count on; written by the plan")
    eta_on = models.DateField("ETA", null=True, blank=True)
    eta_until = models.DateField("ETA until", null=True, blank=True)
    first_eta_on = models.DateField("first ETA", null=True, blank=True, help_text="what the supplier said first")
    confidence = models.CharField(max_length=12, choices=Confidence, default=Confidence.ESTIMATE)
    version = models.PositiveIntegerField(
        default=1, help_text="rises with every change; a form that saw an older one is stale"
    )

    objects = PurchaseLineQuerySet.as_manager()

    class Meta:
        ordering = ["eta_on", "id"]
        constraints = [
            models.CheckConstraint(name="purchase_quantity_is_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="pegs_fit_what_is_outstanding",
                condition=Q(quantity__gte=F("received") + F("cancelled") + F("pegged")),
            ),
            models.CheckConstraint(
                name="eta_is_a_window_or_absent",
                condition=Q(eta_on=None, eta_until=None)
                | Q(eta_on__isnull=False, eta_until__isnull=False, eta_until__gte=F("eta_on")),
            ),
        ]
        indexes = [
            models.Index(
                name="purchase_lines_outstanding",
                fields=["product"],
                condition=Q(quantity__gt=F("received") + F("cancelled")),
            ),
            models.Index(
                name="purchase_lines_by_eta",
                fields=["eta_on", "id"],
                condition=Q(quantity__gt=F("received") + F("cancelled")),
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(order)s line %(number)s") % {"order": self.purchase_order, "number": self.pk}

    @property
    def outstanding(self) -> int:
        """Units still to come."""
        return self.quantity - self.received - self.cancelled


class EtaRevision(models.Model):
    """An ETA revision is one change of a purchase line's ETA, as it was said and by whom. Append-only."""

    class ReasonCode(models.TextChoices):
        PRODUCTION = "production", "production delay"
        PART_SHORTAGE = "part_shortage", "part shortage"
        TRANSPORT = "transport", "transport"
        CUSTOMS = "customs", "customs"
        CONFIRMATION = "confirmation", "the supplier confirmed"
        EARLIER = "earlier", "earlier than planned"
        SILENCE = "silence", "the supplier does not answer"
        CORRECTION = "correction", "correction of a mistake"
        OTHER = "other", "other"

    purchase_line = models.ForeignKey(PurchaseLine, models.PROTECT, related_name="revisions")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="eta_revisions")
    at = models.DateTimeField()
    old_on = models.DateField(null=True, blank=True)
    old_until = models.DateField(null=True, blank=True)
    old_confidence = models.CharField(max_length=12, choices=Confidence)
    new_on = models.DateField(null=True, blank=True)
    new_until = models.DateField(null=True, blank=True)
    new_confidence = models.CharField(max_length=12, choices=Confidence)
    reason_code = models.CharField(max_length=20, choices=ReasonCode)
    note = SentenceField(blank=True)
    source = models.CharField(max_length=10, choices=Source)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.old_on} → {self.new_on}"


class CalendarLink(models.Model):
    """A calendar link is the secret address at which a person's calendar reads what is expected; its hash is kept."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    digest = models.CharField(max_length=64, db_index=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["person"]

    def __str__(self) -> str:
        return f"calendar of {self.person}"


class Receipt(models.Model):
    """A receipt is what arrived of one purchase line at one time: good units, units over the order, damaged ones.

    `quantity` and `damaged` are units of the purchase line; `over` came on top of it. Damaged units go to quarantine
    and are not supply. Append-only.
    """

    purchase_line = models.ForeignKey(PurchaseLine, models.PROTECT, related_name="receipts")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="receipts")
    at = models.DateTimeField()
    on = models.DateField(help_text="the date at the warehouse")
    quantity = models.PositiveIntegerField()
    over = models.PositiveIntegerField(default=0)
    damaged = models.PositiveIntegerField(default=0)
    late_days = models.SmallIntegerField(
        null=True, help_text="calendar days after the ETA as it stood, if there was one"
    )
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="a_receipt_receives_something", condition=Q(quantity__gt=0) | Q(over__gt=0) | Q(damaged__gt=0)
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.purchase_line}"


class DamagePhoto(models.Model):
    """A damage photo is a picture of what arrived damaged, as evidence: private, without metadata (`pictures`).

    It is kept before the receipt is booked, under the receipt's key, so that a refusal loses nothing; booking gives it
    its change set.
    """

    purchase_line = models.ForeignKey(PurchaseLine, models.PROTECT, related_name="damage_photos")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, null=True, blank=True, related_name="damage_photos")
    key = models.CharField(max_length=120, help_text="of the receipt it belongs to")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(db_index=True)
    content = models.BinaryField(help_text="a JPEG, written by us")
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=64, help_text="of the content: the same picture is kept once")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="a_picture_is_kept_once_for_a_line_of_a_receipt", fields=["key", "purchase_line", "digest"]
            ),
            models.CheckConstraint(name="a_picture_has_an_extent", condition=Q(width__gt=0, height__gt=0)),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.purchase_line}"


class StockLevel(models.Model):
    """A stock level is what one warehouse holds of one product: on hand, and the part of it held for order lines.

    Available = on hand − allocated. Both counters are written under the product's lock in the same act as the rows
    they sum (movements, allocations), so that the database itself can refuse to promise a unit twice.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="stock_levels")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="stock_levels")
    on_hand = models.PositiveIntegerField(default=0)
    allocated = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["product", "warehouse", "id"]
        constraints = [
            models.UniqueConstraint(name="one_level_per_product_and_warehouse", fields=["product", "warehouse"]),
            models.CheckConstraint(name="allocations_fit_on_hand", condition=Q(on_hand__gte=F("allocated"))),
        ]

    def __str__(self) -> str:
        return f"{self.product} in {self.warehouse}"

    @property
    def available(self) -> int:
        """Units a new order may take."""
        return self.on_hand - self.allocated


class StockMovement(models.Model):
    """A stock movement is one change of what a warehouse holds, never changed afterwards: the ledger of stock."""

    class Kind(models.TextChoices):
        OPENING = "opening", "opening balance"
        RECEIPT = "receipt", "receipt"
        SHIPMENT = "shipment", "shipment"
        RETURN = "return", "returned to stock"
        COUNT = "count", "stock count or correction"

    stock_level = models.ForeignKey(StockLevel, models.PROTECT, related_name="movements")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=10, choices=Kind)
    quantity = models.IntegerField(help_text="units in (positive) or out (negative)")
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(name="a_movement_moves_something", condition=~Q(quantity=0)),
            models.CheckConstraint(
                name="movements_go_the_way_of_their_kind",
                condition=Q(kind="count")
                | Q(kind="shipment", quantity__lt=0)
                | Q(kind__in=["opening", "receipt", "return"], quantity__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity:+}"
