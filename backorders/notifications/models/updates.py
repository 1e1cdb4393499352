"""When a customer is to hear next, sooner or later than by the usual way."""

from django.db import models
from django.db.models import Q

from backorders.changes.models import ChangeSet
from backorders.orders.models import Customer, OrderLine


class NextUpdate(models.Model):
    """A next update is the day by which a customer hears of an open line again, even if nothing changes."""

    line = models.OneToOneField(OrderLine, models.PROTECT, primary_key=True, related_name="next_update")
    on = models.DateField(db_index=True)

    class Meta:
        ordering = ["on", "line"]

    def __str__(self) -> str:
        return f"{self.line} by {self.on}"


class Hurry(models.Model):
    """A hurry is a customer whom staff want to hear now: announcing waits for no quiet time, and then forgets it.

    Of very many a job takes care, so that it can be followed, paused and stopped; the clock leaves those to it.
    """

    customer = models.OneToOneField(Customer, models.PROTECT, primary_key=True, related_name="hurry")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="hurries", db_index=False)
    is_by_job = models.BooleanField(default=False, help_text="a job writes to them, a few at a time")

    class Meta:
        ordering = ["customer"]
        verbose_name_plural = "hurries"
        indexes = [
            models.Index(name="hurries_of_a_job", fields=["change_set", "customer"], condition=Q(is_by_job=True))
        ]

    def __str__(self) -> str:
        return f"{self.customer} hears now"


class LaterWord(models.Model):
    """A later word is a customer whom staff want to tell of moved dates themselves: until then the clock waits.

    They stand among those who are not told. A date that presses is told all the same.
    """

    customer = models.OneToOneField(Customer, models.PROTECT, primary_key=True, related_name="later_word")
    change_set = models.ForeignKey(ChangeSet, models.PROTECT, related_name="later_words", db_index=False)
    until = models.DateTimeField()

    class Meta:
        ordering = ["customer"]

    def __str__(self) -> str:
        return f"{self.customer} hears later"
