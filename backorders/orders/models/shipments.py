"""What left."""

from django.db import models
from django.db.models import F, Q

from backorders.changes.models import ChangeSet
from backorders.orders.models.carriers import Carrier, parcel_url
from backorders.orders.models.lines import Order, OrderLine


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
