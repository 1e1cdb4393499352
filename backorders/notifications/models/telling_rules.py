"""When customers are written to, where the house's own rules do not fit."""

from django.db import models
from django.db.models import F, Q

from backorders.changes.models import ChangeSet


class TellingRules(models.Model):
    """A set of telling rules says which changes of a date customers hear of and how often: one row, written in the
    back office beside what it would have come to; without it the defaults hold."""

    earlier_by_days = models.PositiveSmallIntegerField(help_text="an earlier date is told from so many days on")
    apology_beyond_days = models.PositiveSmallIntegerField(help_text="a later date says sorry beyond so many days")
    cap_hours = models.PositiveSmallIntegerField(help_text="one customer hears of dates once in so many hours")
    silence_days = models.PositiveSmallIntegerField(help_text="after so many days customers hear that nothing changed")
    quiet_from = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="the hour from which mails about dates rest; empty: they leave at any hour"
    )
    quiet_until = models.PositiveSmallIntegerField(null=True, blank=True, help_text="the hour until which they rest")
    version = models.PositiveIntegerField(default=1, help_text="rises with every change")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "set of telling rules"
        verbose_name_plural = "rules of telling"
        constraints = [
            models.CheckConstraint(name="there_is_one_set_of_telling_rules", condition=Q(id=1)),
            models.CheckConstraint(
                name="rules_of_telling_are_within_reason",
                condition=Q(earlier_by_days__range=(1, 30), apology_beyond_days__lte=60)
                & Q(cap_hours__lte=336, silence_days__range=(3, 60)),
            ),
            models.CheckConstraint(
                name="quiet_hours_begin_and_end",
                condition=Q(quiet_from=None, quiet_until=None)
                | (
                    Q(quiet_from__isnull=False, quiet_until__isnull=False, quiet_from__lte=23, quiet_until__lte=23)
                    & ~Q(quiet_from=F("quiet_until"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"
