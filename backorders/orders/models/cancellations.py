"""What is not wanted or does not come any more, and the money that is owed back for it."""

from django.db import models
from django.db.models import F, Q

from backorders.changes.models import ChangeSet
from backorders.orders.models.lines import OrderLine
from backorders.sentences import SentenceField


class Cancellation(models.Model):
    """A cancellation is units of an order line that will not be shipped: how many, why, by which act."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="cancellations")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="cancellations")
    quantity = models.PositiveIntegerField()
    unpaid = models.PositiveIntegerField(
        default=0, db_default=0, help_text="of these units: what was ordered on top of a paid order and not collected"
    )
    at = models.DateTimeField()
    reason = SentenceField(blank=True)
    is_announced = models.BooleanField(default=False, help_text="the cancelled mail is queued or was sent")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(name="cancelled_quantity_is_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="unpaid_units_are_some_of_the_cancelled", condition=Q(quantity__gte=F("unpaid"))
            ),
        ]
        indexes = [models.Index(name="cancellations_to_announce", fields=["id"], condition=Q(is_announced=False))]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line}"

    @property
    def paid_units(self) -> int:
        """How many of the units were paid, if the order is."""
        return self.quantity - self.unpaid


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
