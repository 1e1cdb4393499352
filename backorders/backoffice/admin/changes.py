"""Plain admin of change sets: who changed what, when and why."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backorders.actions import approving
from backorders.backoffice.admin.base import LedgerAdmin, RecordAdmin, column, link
from backorders.backoffice.notices import label_of
from backorders.changes.acts import act_name
from backorders.changes.models import Approval, ApprovalLimit, ChangeSet, Touch


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


@admin.register(Approval)
class ApprovalAdmin(LedgerAdmin):
    """What waited for a second person; decided on its own screen."""

    list_display = ("screen", "about", "asked_by", "asked_at", "state", "decided_by")
    list_display_links = ("about",)
    list_filter = ("state",)
    list_select_related = ("asked_by", "decided_by")
    ordering = ("-asked_at", "-id")
    sortable_by = ()

    @column(_("act"))
    def screen(self, approval: Approval) -> SafeString:
        """Lead to the approval's screen."""
        return link("approval", label_of(approval.capability).capitalize(), approval.pk)


@admin.register(ApprovalLimit)
class ApprovalLimitAdmin(RecordAdmin):
    """From where on an act needs a second person; one row, set by a verb so that it is on record."""

    list_display = ("title", "cancel_value", "compensation_value", "stock_units", "recipients", "hours")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one row."""
        return super().has_add_permission(request) and not ApprovalLimit.objects.exists()

    def save_model(self, request: HttpRequest, obj: ApprovalLimit, form: Any, change: bool) -> None:
        """Set the limits, as an act."""
        approving.set_limits(**form.cleaned_data, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        obj.pk = 1

    @column(_("limits"))
    def title(self, limit: ApprovalLimit) -> Any:
        """Name the only row."""
        return _("Limits of approval")
