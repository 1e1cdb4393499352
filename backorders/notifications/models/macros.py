"""Short answers that our people begin with, in every language."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Macro(models.Model):
    """A macro is a named short text that an answer to a question can begin with, in English and in Turkish.

    It has places like the words of mails, but none for a date: those stand below an answer and are never typed. Whoever
    answers reads and changes it before anything leaves.
    """

    name = models.CharField(max_length=60)
    english = models.TextField()
    turkish = models.TextField()
    version = models.PositiveIntegerField(default=1)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                name="a_macro_in_use_has_its_name_alone", fields=["name"], condition=Q(withdrawn_at=None)
            ),
            models.CheckConstraint(
                name="a_macro_has_a_name_and_both_texts",
                condition=~Q(name="") & ~Q(english="") & ~Q(turkish=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def text_in(self, language: str) -> str:
        """Return its text in a customer's language."""
        return self.turkish if language == "tr" else self.english
