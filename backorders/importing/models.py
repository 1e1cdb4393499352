"""An import is kept on the server from the first paste to its undo, so that it can be left and come back to."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from backorders.changes.models import ChangeSet
from backorders.jobs.models import Job
from backorders.notifications.models import LaterWord
from backorders.sentences import SentenceField
from backorders.supply.models import Confidence, EtaRevision, PurchaseLine, Supplier

SUBJECT = "import"


class Import(models.Model):
    """An import is a supplier's list of dates on its way into ETAs: its columns, its repairs, and what it would do."""

    class DateOrder(models.TextChoices):
        ASK = "", "not known"
        DAY_FIRST = "dmy", "day first"
        MONTH_FIRST = "mdy", "month first"

    name = models.CharField(max_length=200)
    supplier = models.ForeignKey(Supplier, models.PROTECT, null=True, blank=True, related_name="imports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_index=True)
    digest = models.CharField(max_length=64, db_index=True, help_text="of what was given: the same list is recognised")
    header = models.PositiveSmallIntegerField(null=True, blank=True, help_text="the row with the names of the columns")
    columns = models.JSONField(default=list, blank=True, help_text="what each column holds")
    are_columns_matched = models.BooleanField(default=False)
    date_order = models.CharField(max_length=3, choices=DateOrder, blank=True)
    repairs = models.JSONField(default=dict, blank=True, help_text="one rule for every group of problems")
    confidence = models.CharField(max_length=12, choices=Confidence, default=Confidence.CONFIRMED)
    reason_code = models.CharField(
        max_length=20, choices=EtaRevision.ReasonCode, default=EtaRevision.ReasonCode.CONFIRMATION
    )
    note = models.CharField(max_length=200, blank=True)
    impact = models.JSONField(default=dict, blank=True, help_text="whom it would move, as of the check")
    checked_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    job = models.ForeignKey(Job, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="only_what_was_checked_is_applied", condition=Q(applied_at=None) | Q(checked_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"

    @property
    def later_words(self) -> "models.QuerySet[LaterWord]":
        """Who waits for the staff's word because its mails were paused."""
        return LaterWord.objects.filter(change_set__act="hold_messages", change_set__summary__import=self.pk)


class ImportFile(models.Model):
    """An import file is what was pasted or uploaded, byte for byte."""

    owner = models.OneToOneField(Import, models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField()
    is_workbook = models.BooleanField(default=False)

    class Meta:
        ordering = ["owner"]

    def __str__(self) -> str:
        return f"file of {self.owner}"


class ImportRow(models.Model):
    """An import row is one line of the list: what it says, what it would change, and what is wrong with it.

    Rows of the same `place` are applied together: the parts of a quantity that comes on several dates.
    """

    class State(models.TextChoices):
        READY = "ready", "will change"
        SAME = "same", "no change"
        CHOOSE = "choose", "choose"
        ERROR = "error", "error"
        SKIPPED = "skipped", "ignored"
        APPLIED = "applied", "changed"
        REFUSED = "refused", "left behind"
        UNDONE = "undone", "undone"

    owner = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(help_text="its place in the list")
    cells = models.JSONField(help_text="what the list says, column by column")
    edits = models.JSONField(default=dict, blank=True, help_text="what was typed over it")
    state = models.CharField(max_length=10, choices=State)
    problem = models.CharField(max_length=20, blank=True)
    value = models.CharField(max_length=200, blank=True, help_text="what the problem is about: rows that share it")
    why = SentenceField(default="", blank=True, db_default="", help_text="why it was refused")
    line = models.ForeignKey(PurchaseLine, models.PROTECT, null=True, blank=True, related_name="+")
    targets = models.JSONField(default=list, blank=True, help_text="purchase lines and their versions as checked")
    eta_on = models.DateField(null=True, blank=True)
    eta_until = models.DateField(null=True, blank=True)
    old_on = models.DateField(null=True, blank=True)
    old_until = models.DateField(null=True, blank=True)
    quantity = models.PositiveIntegerField(null=True, blank=True, help_text="units; empty: everything outstanding")
    place = models.PositiveIntegerField(null=True, blank=True)
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["owner", "number", "id"]
        constraints = [models.UniqueConstraint(name="a_row_is_read_once", fields=["owner", "number"])]
        indexes = [
            models.Index(name="import_rows_by_state", fields=["owner", "state", "number"]),
            models.Index(name="import_rows_by_place", fields=["owner", "state", "place"]),
        ]

    def __str__(self) -> str:
        return f"row {self.number} of {self.owner}"


class ColumnMemory(models.Model):
    """A column memory is what a supplier's columns held last time, so that they are matched at once the next."""

    supplier = models.OneToOneField(Supplier, models.CASCADE, primary_key=True, related_name="+")
    roles = models.JSONField(default=dict, help_text="what each column holds, by its name")
    date_order = models.CharField(max_length=3, choices=Import.DateOrder, blank=True)

    class Meta:
        ordering = ["supplier"]
        verbose_name_plural = "column memories"

    def __str__(self) -> str:
        return f"columns of {self.supplier}"
