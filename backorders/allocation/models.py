"""Who gets what, when: the written result of the plan, and what customers were told of it."""

import datetime

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.lookups import GreaterThan

from backorders.allocation.windows import Window
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


# Not told: a gap that announcing has not weighed yet, or that moved since it was found too small for a message.
TO_WEIGH = Q(gap_since__isnull=False) & (Q(weighed_version=None) | ~Q(weighed_version=F("version")))

# A backordered part. That it is open says nothing more, but leaves years of closed promises out of the indexes; and the
# line is looked up for each promise, since a database that joins may read all lines there ever were to find a few.
_WAITING = Subquery(OrderLine.objects.filter(pk=OuterRef("pk")).order_by().values("waiting"))
WAITS = Q(is_open=True) & Q(GreaterThan(_WAITING, 0))
UNDATED = WAITS & Q(expected_until=None)

# The day the customer counts on first, then tier, value and waiting time, then the line id.
BY_HARM = ["told_until", "-score", "line"]


def late_on(today: datetime.date) -> Q:
    """Return the condition of an open line whose told window has passed: it waits, or lies ready and was not sent."""
    return Q(is_open=True, told_until__lt=today)


def at_risk_on(today: datetime.date) -> Q:
    """Return the condition of a waiting line that we expect after what was told, which has not passed yet."""
    return WAITS & Q(expected_until__gt=F("told_until"), told_until__gte=today)


class PromiseQuerySet(models.QuerySet["Promise"]):
    """Promises as the agent speaks of them."""

    def untold(self) -> "PromiseQuerySet":
        """Promises whose expected window no message states, unless that was found too small: the work list."""
        return self.filter(TO_WEIGH)

    def waiting(self) -> "PromiseQuerySet":
        """Promises of lines with a backordered part."""
        return self.filter(WAITS)

    def late(self, today: datetime.date) -> "PromiseQuerySet":
        """Open lines whose told window has passed, those that lie ready included."""
        return self.filter(late_on(today))

    def at_risk(self, today: datetime.date) -> "PromiseQuerySet":
        """Waiting lines that we expect after what was told, which has not passed yet."""
        return self.filter(at_risk_on(today))

    def undated(self) -> "PromiseQuerySet":
        """Waiting lines that no supply with a date reaches."""
        return self.filter(UNDATED)


def is_untold(*, gap_since: datetime.datetime | None, weighed_version: int | None, version: int) -> bool:
    """Whether a promise with these columns is one of `untold()`."""
    return gap_since is not None and weighed_version != version


def is_late(*, is_open: bool, told_until: datetime.date | None, today: datetime.date) -> bool:
    """Whether a promise with these columns is one of `late(today)`."""
    return is_open and told_until is not None and told_until < today


class Promise(models.Model):
    """A promise is what we believe, what we announced and what was told about when an open line arrives.

    `own` is the line's window by the plan of its product alone; `expected` is what the customer would get: the same,
    or in a ship-complete order that of the order's last line. A window of None … None means: no date. `announced` is
    what the newest message says, sent or still in the outbox; `told` what the provider last accepted. The gap between
    expected and announced is the work list: `gap_since` is when it opened, `changed_at` when it last moved.
    When its line closes it stays as it is, without a gap and no longer `is_open`: the record of what was said.
    """

    line = models.OneToOneField(OrderLine, models.PROTECT, primary_key=True, related_name="promise")
    product = models.ForeignKey(Product, models.PROTECT, related_name="promises")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="promises")
    is_open = models.BooleanField(
        default=True, db_default=True, help_text="something of its line is still to be shipped"
    )
    score = models.IntegerField(
        default=0, db_default=0, help_text="the line's, kept here for the lists: tier, value and age; never changes"
    )
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
            # The lists of the desk, each in the order of harm; none of them holds what is closed.
            models.Index(name="promises_open", fields=BY_HARM, condition=Q(is_open=True)),
            models.Index(name="promises_not_told", fields=BY_HARM, condition=TO_WEIGH),
            models.Index(
                name="promises_missed",
                fields=BY_HARM,
                condition=Q(is_open=True, expected_until__gt=F("told_until")),
            ),
            models.Index(name="promises_without_date", fields=BY_HARM, condition=Q(is_open=True, expected_until=None)),
        ]

    def __str__(self) -> str:
        return f"promise of {self.line}"

    @property
    def is_untold(self) -> bool:
        """Whether no message states the expected window, unless the gap was found too small for one."""
        return is_untold(gap_since=self.gap_since, weighed_version=self.weighed_version, version=self.version)

    @property
    def expected(self) -> Window | None:
        """What we believe."""
        return Window.between(self.expected_from, self.expected_until)

    @property
    def announced(self) -> Window | None:
        """What the newest message states."""
        return Window.between(self.announced_from, self.announced_until)

    @property
    def told(self) -> Window | None:
        """What the provider last accepted."""
        return Window.between(self.told_from, self.told_until)


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
