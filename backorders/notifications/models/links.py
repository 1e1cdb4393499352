"""Where the links in mails lead, and the codes that open what is dear."""

from django.db import models
from django.db.models import F, Q

from backorders.chasing.models import DateRequest
from backorders.notifications.models.messages import Message
from backorders.orders.models import Order


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
