"""Who gets what, when: the written result of the plan, and what customers were told of it."""

from django.db import models
from django.db.models import F, Q

from backorders.catalog.models import Product
from backorders.changes.models import ChangeSet
from backorders.orders.models import Customer, OrderLine
from backorders.supply.models import PurchaseLine, StockLevel


class Allocation(models.Model):
    """An allocation is units held for an order line: on hand in a warehouse, or pegged to a purchase line."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="allocations")
    stock_level = models.ForeignKey(StockLevel, models.PROTECT, null=True, blank=True, related_name="allocations")
    purchase_line = models.ForeignKey(PurchaseLine, models.PROTECT, null=True, blank=True, related_name="pegs")
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["line", "id"]
        constraints = [
            models.CheckConstraint(name="allocated_quantity_is_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="an_allocation_has_one_supply",
                condition=Q(stock_level=None, purchase_line__isnull=False)
                | Q(stock_level__isnull=False, purchase_line=None),
            ),
            models.UniqueConstraint(
                name="a_line_holds_a_stock_level_once",
                fields=["line", "stock_level"],
                condition=Q(stock_level__isnull=False),
            ),
            models.UniqueConstraint(
                name="a_line_pegs_a_purchase_line_once",
                fields=["line", "purchase_line"],
                condition=Q(purchase_line__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} for {self.line}"


def _window(start: str) -> Q:
    """A window has both ends, in order, or neither."""
    first, last = f"{start}_from", f"{start}_until"
    return Q(**{first: None, last: None}) | Q(
        **{f"{first}__isnull": False, f"{last}__isnull": False, f"{last}__gte": F(first)}
    )


# A gap that announcing has not weighed yet, or that moved since it was found too small for a message.
TO_WEIGH = Q(gap_since__isnull=False) & (Q(weighed_version=None) | ~Q(weighed_version=F("version")))


class PromiseQuerySet(models.QuerySet["Promise"]):
    """Promises as the agent speaks of them."""

    def untold(self) -> "PromiseQuerySet":
        """Promises with a gap that may be worth telling: the work list of announcing."""
        return self.filter(TO_WEIGH)


class Promise(models.Model):
    """A promise is what we believe, what we announced and what was told about when an open line arrives.

    `own` is the line's window by the plan of its product alone; `expected` is what the customer would get: the same,
    or in a ship-complete order that of the order's last line. A window of None … None means: no date. `announced` is
    what the newest message says, sent or still in the outbox; `told` what the provider last accepted. The gap between
    expected and announced is the work list: `gap_since` is when it opened, `changed_at` when it last moved.
    When its line closes it stays as it is, without a gap: the record of what was said.
    """

    line = models.OneToOneField(OrderLine, models.PROTECT, primary_key=True, related_name="promise")
    product = models.ForeignKey(Product, models.PROTECT, related_name="promises")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="promises")
    own_from = models.DateField(null=True, blank=True)
    own_until = models.DateField(null=True, blank=True)
    expected_from = models.DateField(null=True, blank=True)
    expected_until = models.DateField(null=True, blank=True)
    is_estimate = models.BooleanField(default=False, help_text="rests on a category's default or an unsure date")
    uncovered = models.PositiveIntegerField(
        default=0, help_text="waiting units that no stock or purchase line will reach"
    )
    version = models.PositiveIntegerField(default=1, help_text="rises when the expected window moves")
    changed_at = models.DateTimeField(help_text="when the expected window last moved")
    gap_since = models.DateTimeField(
        null=True, blank=True, help_text="when expected left announced; empty if they agree"
    )
    weighed_version = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="the version whose gap was found too small for a message; it is not weighed twice",
    )
    announced_from = models.DateField(null=True, blank=True)
    announced_until = models.DateField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True, help_text="empty: nothing was announced yet")
    told_from = models.DateField(null=True, blank=True)
    told_until = models.DateField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True, help_text="empty: nothing was told yet")
    approach_announced_until = models.DateField(
        null=True, blank=True, help_text="the told window's end for which the approaching mail is queued or was sent"
    )

    objects = PromiseQuerySet.as_manager()

    class Meta:
        ordering = ["line"]
        constraints = [
            models.CheckConstraint(name=f"{window}_is_a_window_or_absent", condition=_window(window))
            for window in ("own", "expected", "announced", "told")
        ]
        indexes = [
            models.Index(name="promises_with_a_gap", fields=["gap_since"], condition=Q(gap_since__isnull=False)),
            models.Index(name="promises_to_weigh", fields=["changed_at"], condition=TO_WEIGH),
            models.Index(name="promises_by_expected", fields=["expected_until", "line"]),
            models.Index(name="promises_by_told", fields=["told_until", "line"]),
            models.Index(
                name="promises_at_risk",
                fields=["told_until", "line"],
                condition=Q(expected_until__gt=F("told_until")),
            ),
        ]

    def __str__(self) -> str:
        return f"promise of {self.line}"


class PromiseChange(models.Model):
    """A promise change is one move of an expected window, and the act that caused it. Append-only."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="promise_changes")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="promise_changes")
    at = models.DateTimeField()
    old_from = models.DateField(null=True, blank=True)
    old_until = models.DateField(null=True, blank=True)
    new_from = models.DateField(null=True, blank=True)
    new_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.old_until} → {self.new_until}"
