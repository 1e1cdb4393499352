"""What we sell."""

from django.db import models
from django.db.models import F, Q


class Category(models.Model):
    """A category is a group of products that behave alike; it lends a new supplier its usual lateness."""

    name = models.CharField(max_length=100, unique=True)
    usual_early_days = models.SmallIntegerField(
        default=0, help_text="10 % of receipts come this many days after the ETA, or sooner"
    )
    usual_late_days = models.SmallIntegerField(
        default=7, help_text="90 % of receipts come within this many days after the ETA"
    )

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "categories"
        constraints = [
            models.CheckConstraint(
                name="usual_lateness_is_a_range", condition=Q(usual_early_days__lte=F("usual_late_days"))
            )
        ]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """A product is a sellable item; quantities are whole units, at least 1. Its row is the lock of its plan."""

    class BackorderPolicy(models.TextChoices):
        NEVER = "never", "never: only what is available"
        ALLOW = "allow", "allow"
        LIMITED = "limited", "allow up to a number of waiting units"
        INBOUND = "inbound", "allow up to what is inbound"
        PREORDER = "preorder", "pre-order: sold before its first receipt"

    sku = models.CharField("SKU", max_length=200, unique=True)
    name = models.CharField(max_length=200)
    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    price = models.DecimalField(max_digits=12, decimal_places=2)
    cost = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    currency = models.CharField(max_length=3, default="EUR")
    weight_grams = models.PositiveIntegerField(default=0, help_text="kept with the record; no rule rests on it")
    is_active = models.BooleanField(default=True)
    handling_days = models.PositiveSmallIntegerField(default=1, help_text="working days from the dock to the carrier")
    backorder_policy = models.CharField(
        max_length=10,
        choices=BackorderPolicy,
        default=BackorderPolicy.ALLOW,
        help_text="a pre-order is taken as an allowed backorder is; it has no rules of its own yet",
    )
    backorder_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="waiting units at most, when limited"
    )
    longest_wait_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="refuse an order that would wait longer"
    )

    class Meta:
        ordering = ["sku", "id"]
        constraints = [
            models.CheckConstraint(name="price_is_not_negative", condition=Q(price__gte=0, cost__gte=0)),
            models.CheckConstraint(
                name="limited_policy_has_its_limit",
                condition=~Q(backorder_policy="limited") | Q(backorder_limit__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


class Substitute(models.Model):
    """A substitute is a product that can be offered in place of another, best rank first."""

    class PriceTreatment(models.TextChoices):
        ITS_OWN = "its_own", "the customer pays its own price"
        SAME = "same", "the customer pays the price of the original"
        LOWER = "lower", "the customer pays the lower of both prices"

    product = models.ForeignKey(Product, models.PROTECT, related_name="substitutes")
    substitute = models.ForeignKey(Product, models.PROTECT, related_name="substitutes_for")
    rank = models.PositiveSmallIntegerField(default=1)
    price_treatment = models.CharField(max_length=10, choices=PriceTreatment, default=PriceTreatment.LOWER)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["product", "rank", "id"]
        constraints = [
            models.UniqueConstraint(name="a_substitute_is_named_once", fields=["product", "substitute"]),
            models.CheckConstraint(name="no_product_substitutes_itself", condition=~Q(product=F("substitute"))),
        ]

    def __str__(self) -> str:
        return f"{self.substitute} for {self.product}"
