"""How the staff work: who looks after which line, what is set aside and followed, views, selections, preferences."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q

from backorders.orders.models import Order, OrderLine


class Handling(models.Model):
    """A handling is who looks after an order line, and until when the line is set aside.

    A line set aside comes back on a day, or as soon as its expected window moves: then the version of its promise is
    another than the one kept here.
    """

    line = models.OneToOneField(OrderLine, models.PROTECT, primary_key=True, related_name="handling")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="handlings", db_index=False
    )
    snoozed_until = models.DateField(null=True, blank=True, help_text="the day it comes back")
    snoozed_version = models.PositiveIntegerField(
        null=True, blank=True, help_text="the version of the promise; another one brings it back"
    )
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["line"]
        constraints = [
            models.CheckConstraint(
                name="a_line_is_set_aside_in_one_way", condition=Q(snoozed_until=None) | Q(snoozed_version=None)
            )
        ]
        indexes = [models.Index(name="handlings_of_an_owner", fields=["owner", "line"])]

    def __str__(self) -> str:
        return f"handling of {self.line}"


class SavedView(models.Model):
    """A saved view is a list of waiting lines with its filters, under a name and an address of its own."""

    name = models.CharField(max_length=60)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="saved_views")
    view = models.CharField(max_length=20, help_text="the list it starts from")
    filters = models.CharField(max_length=300, blank=True, help_text="as they are typed: sku:AK-17 value:>500")
    columns = models.CharField(max_length=200, blank=True, help_text="the columns it shows; empty: its reader's own")
    is_team = models.BooleanField(default=False, help_text="everybody sees it")
    is_pinned = models.BooleanField(default=True, help_text="it stands among the tabs")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(name="a_person_names_a_view_once", fields=["owner", "name"]),
            models.CheckConstraint(name="a_saved_view_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


def _token() -> str:
    return secrets.token_urlsafe(12)


class Selection(models.Model):
    """A selection is what one person ticked, frozen on the server: what is saved afterwards is exactly that."""

    name = models.CharField(max_length=20, unique=True, default=_token)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="selections")
    ids = models.JSONField(help_text="in the order they stood in")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return self.name


class Draft(models.Model):
    """A draft is what one person has begun to write about an order and neither sent nor thrown away."""

    class Kind(models.TextChoices):
        NOTE = "note", "note"
        MESSAGE = "message", "message"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts", db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="drafts")
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.TextField()
    version = models.PositiveIntegerField(default=1, help_text="counts its keepings: two windows do not overwrite")
    kept_at = models.DateTimeField()

    class Meta:
        ordering = ["-kept_at", "-id"]
        constraints = [
            models.UniqueConstraint(name="one_draft_of_a_kind_for_an_order", fields=["person", "order", "kind"]),
            models.CheckConstraint(name="a_draft_says_something", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Follow(models.Model):
    """A follow is one person's wish to find in their inbox what others do with a thing, or who is new in a view."""

    class Thing(models.TextChoices):
        ORDER = "order", "order"
        PRODUCT = "product", "product"
        PURCHASE_ORDER = "purchase_order", "purchase order"
        VIEW = "view", "saved view"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows", db_index=False)
    thing = models.CharField(max_length=20, choices=Thing)
    object_id = models.BigIntegerField()
    name = models.CharField(max_length=200, help_text="what the thing was called when it was followed")
    heard_until = models.DateTimeField(help_text="what was done until then its person was told, or saw")
    seen = models.JSONField(default=list, blank=True, help_text="of a view: the lines in it when it was last looked at")

    class Meta:
        ordering = ["person", "thing", "object_id", "id"]
        constraints = [
            models.UniqueConstraint(name="a_person_follows_a_thing_once", fields=["thing", "object_id", "person"])
        ]
        indexes = [models.Index(name="follows_of_a_person", fields=["person", "thing", "object_id"])]

    def __str__(self) -> str:
        return self.name


class Preference(models.Model):
    """A preference is how one person wants the desk: theme, density, language, home, and the keyboard."""

    class Theme(models.TextChoices):
        AUTO = "auto", "as the device has it"
        LIGHT = "light", "light"
        DARK = "dark", "dark"

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", "comfortable"
        COMPACT = "compact", "compact"

    class Digest(models.TextChoices):
        OFF = "off", "off"
        DAILY = "daily", "daily"

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preference")
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    density = models.CharField(max_length=11, choices=Density, default=Density.COMFORTABLE)
    language = models.CharField(
        max_length=2, choices=[("en", "English"), ("tr", "Türkçe")], blank=True, help_text="empty: the browser's"
    )
    home = models.CharField(max_length=20, blank=True, help_text="the screen that comes first; empty: the role's")
    columns = models.CharField(max_length=200, blank=True, help_text="of the waiting lines; empty: the usual ones")
    time_zone = models.CharField(
        max_length=60, blank=True, default="", db_default="", help_text="moments are shown in it; empty: the business's"
    )
    digest = models.CharField(
        max_length=5, choices=Digest, default=Digest.OFF, db_default=Digest.OFF, help_text="of the inbox, by e-mail"
    )
    are_keys_on = models.BooleanField(default=True, help_text="single keys do something in lists")
    keys = models.JSONField(default=dict, blank=True, help_text="command → key, where it is not the usual one")
    saved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["person"]

    def __str__(self) -> str:
        return f"preference of {self.person_id}"
