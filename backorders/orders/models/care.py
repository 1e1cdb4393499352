"""What is given or offered to those who wait."""

from django.db import models
from django.db.models import F, Q

from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet
from backorders.orders.models.lines import Order, OrderLine


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
    back = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        help_text="of a lower price for all units, without what was given off before: what goes back if it is paid",
    )
    arrives_from = models.DateField()
    arrives_until = models.DateField()
    at = models.DateTimeField()
    is_announced = models.BooleanField(default=False, help_text="the mail that offers it is queued or was sent")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(name="offered_quantity_is_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(name="offered_price_is_not_negative", condition=Q(price__gte=0)),
            models.CheckConstraint(name="what_an_offer_pays_back_is_not_negative", condition=Q(back__gte=0)),
            models.CheckConstraint(
                name="an_offer_arrives_within_a_window", condition=Q(arrives_until__gte=F("arrives_from"))
            ),
            models.UniqueConstraint(name="a_product_is_offered_once_for_a_line", fields=["line", "product"]),
        ]
        indexes = [models.Index(name="offers_to_announce", fields=["at"], condition=Q(is_announced=False))]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product} for {self.line}"
