"""Who orders."""

from django.db import models
from django.db.models import Q


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
