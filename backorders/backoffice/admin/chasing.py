"""Plain admin of what we ask suppliers and what they answer; the policies are edited here."""

from django.contrib import admin

from backorders.backoffice.admin.base import LedgerAdmin, RecordAdmin
from backorders.chasing.models import ChasePolicy, DateRequest, EtaProposal, RequestLine, StaffProposal
from backorders.notifications.models import SupplierLink


@admin.register(ChasePolicy)
class ChasePolicyAdmin(RecordAdmin):
    """When a supplier is asked, and which answers need nobody."""

    list_display = (
        "supplier",
        "is_chased",
        "ask_unconfirmed_after_days",
        "ask_before_due_days",
        "answer_within_days",
        "takes_confirmations",
        "takes_days",
    )
    list_select_related = ("supplier",)
    search_related = {"supplier": ("name",)}
    autocomplete_fields = ("supplier",)
    deletable = True


@admin.register(DateRequest)
class DateRequestAdmin(LedgerAdmin):
    """What suppliers were asked."""

    list_display = ("supplier", "opened_at", "mailed_at", "mails", "closed_at")
    list_select_related = ("supplier",)
    search_related = {"supplier": ("name",)}
    ordering = ("-id",)


@admin.register(RequestLine)
class RequestLineAdmin(LedgerAdmin):
    """Of which lines they were asked, and why."""

    list_display = ("purchase_line", "why", "asked_at", "asked_by", "answered_at", "ended_at")
    list_select_related = ("purchase_line__purchase_order", "asked_by")
    list_filter = ("why",)
    ordering = ("-id",)


@admin.register(EtaProposal)
class EtaProposalAdmin(LedgerAdmin):
    """What they answered, and what became of it."""

    list_display = ("reference", "answer", "state", "at", "decided_by", "decided_at")
    list_select_related = ("decided_by",)
    list_filter = ("state", "answer")
    ordering = ("-id",)


@admin.register(StaffProposal)
class StaffProposalAdmin(LedgerAdmin):
    """Which ETAs colleagues proposed, and what became of it."""

    list_display = ("purchase_line", "eta_on", "proposed_by", "at", "state", "decided_by", "decision")
    list_select_related = ("purchase_line__purchase_order", "proposed_by", "decided_by")
    list_filter = ("state",)
    ordering = ("-id",)


@admin.register(SupplierLink)
class SupplierLinkAdmin(LedgerAdmin):
    """The ways from mails to the pages on which suppliers answer; the tokens themselves are not kept."""

    list_display = ("request", "created_at", "expires_at", "revoked_at")
    list_select_related = ("request__supplier",)
    ordering = ("-id",)
    exclude = ("token_hash",)
