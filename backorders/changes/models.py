"""Everything one act changed is one change set: the unit of audit and of undo."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from backorders.sentences import SentenceField


class Source(models.TextChoices):
    """Where an act came from."""

    STAFF = "staff", "staff"
    CUSTOMER = "customer", "customer"
    SUPPLIER = "supplier", "supplier"
    IMPORT = "import", "import"
    SHOP = "shop", "shop"
    SYSTEM = "system", "system"


class ChangeSet(models.Model):
    """A change set is everything one human or machine act changed: who, when, why."""

    act = models.CharField(
        max_length=40, help_text="the verb, by the name it is stored under: revise_eta, cancel, hold_messages"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=10, choices=Source)
    at = models.DateTimeField(db_index=True)
    reason = SentenceField(blank=True)
    key = models.CharField(max_length=120, null=True, blank=True, unique=True, help_text="the same key acts once")
    summary = models.JSONField(default=dict, blank=True, help_text="counts to show: lines moved, units, customers")
    before = models.JSONField(default=dict, blank=True, help_text="the values an undo needs, as the verb wrote them")
    undoes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone_by")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(name="key_is_absent_or_not_empty", condition=Q(key=None) | ~Q(key="")),
            models.CheckConstraint(
                name="staff_acts_name_their_person", condition=~Q(source="staff") | Q(by__isnull=False)
            ),
            models.CheckConstraint(name="no_act_undoes_itself", condition=~Q(undoes=F("id"))),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.at:%Y-%m-%d %H:%M}"


class Touch(models.Model):
    """A touch is one thing that a change set changed directly, so that the thing's timeline finds it."""

    class Kind(models.TextChoices):
        ORDER = "order", "order"
        PRODUCT = "product", "product"
        PURCHASE_ORDER = "purchase_order", "purchase order"

    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="touches")
    kind = models.CharField(max_length=20, choices=Kind)
    object_id = models.BigIntegerField()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "touches"
        constraints = [
            models.UniqueConstraint(
                name="a_change_set_touches_a_thing_once", fields=["kind", "object_id", "change_set"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class Approval(models.Model):
    """An approval is an act that waits for a second person: what was asked, by whom, and what became of it."""

    class State(models.TextChoices):
        PENDING = "pending", "waits for a decision"
        APPROVED = "approved", "approved"
        REFUSED = "refused", "refused"
        EXPIRED = "expired", "expired"

    capability = models.CharField(max_length=40, help_text="the verb: queueing.expedite")
    arguments = models.JSONField(help_text="what the verb is called with, as plain values")
    about = models.CharField(max_length=200, help_text="what it acts on, in words")
    why = SentenceField(help_text="why it needs a second person, as its asker was told")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True, help_text="what the second person says to it")
    change_set = models.OneToOneField(ChangeSet, models.PROTECT, null=True, blank=True, related_name="approval")

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(name="nobody_approves_their_own", condition=~Q(decided_by=F("asked_by"))),
            models.CheckConstraint(
                name="a_decision_says_who_and_when",
                condition=Q(state="pending", decided_by=None, decided_at=None)
                | Q(state="expired", decided_by=None, decided_at__isnull=False)
                | Q(state__in=["approved", "refused"], decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="only_what_was_approved_was_done", condition=Q(change_set=None) | Q(state="approved")
            ),
        ]
        indexes = [models.Index(name="approvals_pending", fields=["expires_at"], condition=Q(state="pending"))]

    def __str__(self) -> str:
        return self.about


class ApprovalLimit(models.Model):
    """The approval limit says from where on an act needs a second person. There is one row."""

    cancel_value = models.DecimalField(
        max_digits=12, decimal_places=2, default=500, help_text="cancelling more than this needs a manager"
    )
    compensation_value = models.DecimalField(
        max_digits=12, decimal_places=2, default=100, help_text="giving more than this at once needs a manager"
    )
    stock_units = models.PositiveIntegerField(
        default=50, help_text="a count that differs by more units than this needs a manager"
    )
    recipients = models.PositiveIntegerField(
        default=500, help_text="writing to more customers than this needs a second person, whoever asks"
    )
    hours = models.PositiveIntegerField(default=72, help_text="an approval nobody gave expires after so many hours")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="there_is_one_row_of_limits", condition=Q(id=1)),
            models.CheckConstraint(name="limits_are_amounts", condition=Q(cancel_value__gte=0) & Q(hours__gte=1)),
            models.CheckConstraint(name="giving_is_limited_by_an_amount", condition=Q(compensation_value__gte=0)),
        ]

    def __str__(self) -> str:
        return "approval limit"
