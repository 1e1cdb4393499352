"""Policies of what is given for a wait, and what came of them for each line."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from backorders.catalog.models import Category
from backorders.changes.models import ChangeSet
from backorders.orders.models import Compensation, Customer, OrderLine

A_SHARE = [MinValueValidator(1), MaxValueValidator(100)]


class Trigger(models.TextChoices):
    """What a policy answers to."""

    LATE = "late", "the first promise is broken"
    WAIT = "wait", "the wait is long"


class CompensationPolicy(models.Model):
    """A compensation policy is a rule of what customers are given for a wait: for which wait, how much, and at which
    cost at most. Its amounts and its orders are in one currency."""

    class Mode(models.TextChoices):
        PROPOSE = "propose", "propose it to a person"
        GIVE = "give", "give it at once"

    name = models.CharField(max_length=100, unique=True)
    trigger = models.CharField(max_length=10, choices=Trigger, default=Trigger.LATE)
    days = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1)], help_text="from so many days late, or so many days of waiting"
    )
    kind = models.CharField(max_length=10, choices=Compensation.Kind, default=Compensation.Kind.DISCOUNT)
    percent = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=A_SHARE, help_text="of the price of what waits; or a fixed amount"
    )
    amount = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="for each line; or a share of its price"
    )
    currency = models.CharField(max_length=3, default="EUR")
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="compensation_policies", help_text="empty: all"
    )
    least_tier = models.PositiveSmallIntegerField(
        choices=Customer.Tier, default=Customer.Tier.STANDARD, help_text="this tier and those above"
    )
    margin_percent = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=A_SHARE,
        help_text="at most this share of price less cost; empty: not capped by the margin",
    )
    budget_total = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    budget_month = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.PROPOSE)
    held_out_percent = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(50)],
        help_text="of the customers get nothing, so that the effect can be measured",
    )
    active_from = models.DateField(help_text="breaches from this day on count")
    active_until = models.DateField(null=True, blank=True, help_text="the last day; empty: until it is ended")
    version = models.PositiveIntegerField(default=1, help_text="rises with every change")

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "compensation policies"
        constraints = [
            models.CheckConstraint(
                name="a_policy_gives_a_share_or_an_amount",
                condition=Q(percent__isnull=False, amount=None) | Q(percent=None, amount__isnull=False),
            ),
            models.CheckConstraint(
                name="a_policy_gives_something",
                condition=(Q(percent=None) | Q(percent__gte=1, percent__lte=100)) & (Q(amount=None) | Q(amount__gt=0)),
            ),
            models.CheckConstraint(name="a_policy_waits_for_a_breach", condition=Q(days__gte=1)),
            models.CheckConstraint(
                name="a_margin_is_capped_by_a_share",
                condition=Q(margin_percent=None) | Q(margin_percent__gte=1, margin_percent__lte=100),
            ),
            models.CheckConstraint(
                name="budgets_are_amounts",
                condition=(Q(budget_total=None) | Q(budget_total__gte=0))
                & (Q(budget_month=None) | Q(budget_month__gte=0)),
            ),
            models.CheckConstraint(name="half_at_most_are_held_out", condition=Q(held_out_percent__lte=50)),
            models.CheckConstraint(
                name="a_policy_ends_after_it_begins",
                condition=Q(active_until=None) | Q(active_until__gte=F("active_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Award(models.Model):
    """An award is what a policy came to for one breach of one line: proposed, given, declined, or held out.

    A proposal follows the line: it is dropped when nothing is due any more, and counted anew. What was decided stays.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "waits for a decision"
        GIVEN = "given", "given"
        DECLINED = "declined", "not given"
        HELD_OUT = "held_out", "held out to measure the effect"

    policy = models.ForeignKey(CompensationPolicy, models.PROTECT, related_name="awards")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="awards")
    trigger = models.CharField(max_length=10, choices=Trigger)
    state = models.CharField(max_length=10, choices=State)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    facts = models.JSONField(default=dict, help_text="why so much, as plain values")
    at = models.DateTimeField(help_text="when it became due")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, null=True, blank=True, related_name="awards")
    compensation = models.OneToOneField(Compensation, models.PROTECT, null=True, blank=True, related_name="award")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(name="a_breach_is_compensated_once", fields=["line", "trigger"]),
            models.CheckConstraint(name="an_award_is_an_amount", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="what_was_given_is_a_compensation",
                condition=Q(state="given", compensation__isnull=False) | (~Q(state="given") & Q(compensation=None)),
            ),
            models.CheckConstraint(
                name="an_award_says_when_it_was_decided",
                condition=Q(state="proposed", decided_at=None) | (~Q(state="proposed") & Q(decided_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(name="awards_proposed", fields=["policy", "id"], condition=Q(state="proposed")),
            models.Index(name="awards_given", fields=["policy", "decided_at"], condition=Q(state="given")),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.line}"
