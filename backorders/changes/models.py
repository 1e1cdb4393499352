"""Everything one act changed is one change set: the unit of audit and of undo."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


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

    act = models.CharField(max_length=40, help_text="the verb, as it is named in the code: revise_eta, cancel_line")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=10, choices=Source)
    at = models.DateTimeField(db_index=True)
    reason = models.TextField(blank=True)
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
        constraints = [
            models.UniqueConstraint(
                name="a_change_set_touches_a_thing_once", fields=["kind", "object_id", "change_set"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
