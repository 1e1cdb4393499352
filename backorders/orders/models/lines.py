"""Orders and their lines: who waits for what."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext

from backorders.catalog.models import Product
from backorders.orders.models.carriers import Carrier
from backorders.orders.models.customers import Customer


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
    owed_on_top = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        default=Decimal(0),
        db_default=Decimal(0),
        help_text="of a unit's price: what an exchange put on top of what had been paid, and nobody collected",
    )
    unpaid = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="units that were ordered on top of a paid order, and nobody collected; they leave first",
    )
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
                name="owed_on_top_is_a_part_of_the_price",
                condition=Q(owed_on_top__gte=0, owed_on_top__lte=F("price")),
            ),
            models.CheckConstraint(
                name="what_is_unpaid_is_not_cancelled",
                condition=Q(quantity__gte=F("unpaid") + F("cancelled")),
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

    def unpaid_of(self, units: int) -> int:
        """Return how many are not paid of so many units that leave the line now."""
        return min(units, self.unpaid)

    @property
    def paid(self) -> Decimal:
        """What was paid of each unit that is not `unpaid`, if its order is paid."""
        return self.price - self.owed_on_top

    @property
    def to_collect(self) -> Decimal:
        """What nobody collected of it, if its order is paid: units that joined since, what exchanges put on top."""
        return self.price * self.unpaid + self.owed_on_top * (self.quantity - self.cancelled - self.unpaid)
