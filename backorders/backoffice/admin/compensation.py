"""Records of what is given for a wait; policies and proposals have screens of their own."""

from django.contrib import admin

from backorders.backoffice.admin.base import LedgerAdmin
from backorders.compensation.models import Award, CompensationPolicy


@admin.register(CompensationPolicy)
class CompensationPolicyAdmin(LedgerAdmin):
    """Policies as they stand; written on their own screen."""

    list_display = ("name", "trigger", "days", "kind", "currency", "mode", "active_from", "active_until")
    ordering = ("name", "id")


@admin.register(Award)
class AwardAdmin(LedgerAdmin):
    """What policies came to for each line."""

    list_display = ("line", "policy", "state", "amount", "currency", "at", "decided_at")
    list_filter = ("state", "trigger")
    list_select_related = ("line__order", "policy")
    ordering = ("-id",)
