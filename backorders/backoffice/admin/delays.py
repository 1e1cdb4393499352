"""Plain records of the delay law, to look things up in; nobody edits them."""

from django.contrib import admin

from backorders.backoffice.admin.base import LedgerAdmin
from backorders.delays.models import LegalCase, LegalEvent


@admin.register(LegalCase)
class LegalCaseAdmin(LedgerAdmin):
    """The legal cases of order lines."""

    list_display = ("line", "pack", "state", "limit_on", "clock_on", "revised_on", "refund_due_on")
    list_filter = ("state", "pack")
    list_select_related = ("line__order",)
    ordering = ("-line",)


@admin.register(LegalEvent)
class LegalEventAdmin(LedgerAdmin):
    """What happened to legal cases."""

    list_display = ("at", "case", "kind", "on", "until", "key")
    list_filter = ("kind",)
    list_select_related = ("case__line__order",)
    ordering = ("-id",)
