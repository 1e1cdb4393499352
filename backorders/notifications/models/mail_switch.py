"""Whether mail leaves at all."""

import datetime

from django.db import models
from django.db.models import Q

from backorders.changes.models import ChangeSet


class MailSwitch(models.Model):
    """The mail switch says whether mail leaves at all: one row, held on a restored copy until somebody releases it."""

    is_on = models.BooleanField(default=True)
    instance_id = models.UUIDField(help_text="of the database the switch was released for")
    paused_until = models.DateTimeField(null=True, blank=True, help_text="the provider asked for a pause")
    failures = models.PositiveSmallIntegerField(
        default=0, help_text="refusals in a row; the circuit breaker counts them"
    )
    changed_at = models.DateTimeField()
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "mail switches"
        constraints = [models.CheckConstraint(name="there_is_one_mail_switch", condition=Q(id=1))]

    def __str__(self) -> str:
        return "on" if self.is_on else "held"

    def is_paused(self, at: datetime.datetime) -> bool:
        """Whether the provider's pause still lasts."""
        return self.paused_until is not None and self.paused_until > at
