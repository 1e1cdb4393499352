"""Who brings parcels."""

from django.db import models


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
