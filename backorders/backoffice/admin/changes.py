"""Plain admin of change sets: who changed what, when and why."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.acts import act_name
from backorders.backoffice.admin.base import LedgerAdmin, column, link
from backorders.changes.models import ChangeSet, Touch


@admin.register(ChangeSet)
class ChangeSetAdmin(LedgerAdmin):
    """Every act; its name leads to its own screen with the way back."""

    list_display = ("screen", "at", "by", "source", "reason", "record")
    list_display_links = ("record",)
    list_filter = ("source",)
    list_select_related = ("by",)
    ordering = ("-at", "-id")
    sortable_by = ("at",)

    @column(_("act"))
    def screen(self, change: ChangeSet) -> SafeString:
        """Lead to the change set's screen."""
        return link("change_set", act_name(change.act), change.pk)

    @column(_("record"))
    def record(self, change: ChangeSet) -> object:
        """Lead to the plain record."""
        return _("Record")


@admin.register(Touch)
class TouchAdmin(LedgerAdmin):
    """What each change set changed directly."""

    list_display = ("change_set", "kind", "object_id")
    list_select_related = ("change_set",)
    ordering = ("-id",)
