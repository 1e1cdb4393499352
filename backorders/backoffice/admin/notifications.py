"""Plain admin of what we tell whom: messages are rendered once and never rewritten."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.admin.base import LedgerAdmin, WhetherFilter, column, link
from backorders.backoffice.dates import short_window
from backorders.backoffice.masking import sees_contacts
from backorders.notifications.models import (
    WAITS_FOR_STAFF,
    Attempt,
    CallTask,
    CustomerLink,
    MailSwitch,
    Message,
    MessageLine,
    PersonalText,
    ProviderEvent,
    Reply,
    Suppression,
    TellingRules,
    Thread,
    Wording,
)


@admin.register(Message)
class MessageAdmin(LedgerAdmin):
    """Every message; the subject leads to the mail as sent."""

    list_display = (
        "screen",
        "recipient",
        "kind",
        "state",
        "delivery",
        "attempts",
        "not_before",
        "created_at",
        "record",
    )
    list_display_links = ("record",)
    list_filter = ("state", "kind", "delivery")
    list_select_related = ("customer",)
    search_related = {"customer": ("name", "email")}
    ordering = ("-id",)
    sortable_by = ()
    exclude = ("html",)
    contact_fields = ("recipient", "text", "headers")

    @column(_("subject"))
    def screen(self, message: Message) -> SafeString:
        """Lead to the mail as sent."""
        return link("message", message, message.pk)

    @column(_("record"))
    def record(self, message: Message) -> Any:
        """Lead to the plain record."""
        return _("Record")


@admin.register(MessageLine)
class MessageLineAdmin(LedgerAdmin):
    """Which window a message stated for which line."""

    list_display = ("message", "order", "line", "window", "promise_version")
    list_select_related = ("message", "order", "line__order")
    search_related = {"order": ("number",)}
    ordering = ("-id",)

    @column(_("stated window"))
    def window(self, line: MessageLine) -> str:
        """The window stated."""
        return short_window(line.window_from, line.window_until)


@admin.register(Attempt)
class AttemptAdmin(LedgerAdmin):
    """Every call to the provider."""

    list_display = ("started_at", "message", "number", "outcome", "ended_at", "error")
    list_filter = ("outcome",)
    list_select_related = ("message",)
    ordering = ("-id",)


@admin.register(ProviderEvent)
class ProviderEventAdmin(LedgerAdmin):
    """What the provider told us later."""

    contact_fields = ("recipient", "description", "problem")
    list_display = ("received_at", "event_type", "recipient", "reason", "processed_at", "attempts", "problem")
    list_select_related = ("message",)
    ordering = ("-id",)


@admin.register(Suppression)
class SuppressionAdmin(LedgerAdmin):
    """Addresses that are not mailed any more."""

    list_display = ("address", "reason", "at", "lifted_at", "lift_link")
    column_needs = {"lift_link": "telling.lift_suppression"}
    list_filter = ("reason",)
    search_fields = ("address",)
    contact_fields = ("address",)
    ordering = ("-id",)

    @column("")
    def lift_link(self, suppression: Suppression) -> Any:
        """Lead to where it is lifted."""
        return None if suppression.lifted_at else link("lift_suppression", _("Mail again"), suppression.pk)


@admin.register(CallTask)
class CallTaskAdmin(LedgerAdmin):
    """Customers to be called, open and done."""

    list_display = ("opened_at", "customer", "why", "done_at", "done_by")
    list_filter = (("done_at", WhetherFilter),)
    list_select_related = ("customer", "done_by", "message")
    ordering = ("-id",)


@admin.register(CustomerLink)
class CustomerLinkAdmin(LedgerAdmin):
    """Ways from mails to status pages; only their hashes are kept."""

    list_display = ("order", "created_at", "expires_at", "revoked_at", "revoke_link")
    column_needs = {"revoke_link": "caring.revoke_links"}
    list_select_related = ("order",)
    search_related = {"order": ("number",)}
    ordering = ("-id",)
    exclude = ("token_hash",)

    @column("")
    def revoke_link(self, way: CustomerLink) -> Any:
        """Lead to where an order's links are revoked."""
        return None if way.revoked_at else link("revoke_links", _("Revoke"), way.order_id)


@admin.register(MailSwitch)
class MailSwitchAdmin(LedgerAdmin):
    """Whether mail leaves at all; turned in the outbox."""

    list_display = ("is_on", "paused_until", "failures", "changed_at")


@admin.register(TellingRules)
class TellingRulesAdmin(LedgerAdmin):
    """When customers are written to, where that was set; set from the outbox."""

    list_display = ("earlier_by_days", "apology_beyond_days", "cap_hours", "silence_days", "version")


@admin.register(PersonalText)
class PersonalTextAdmin(LedgerAdmin):
    """What our people wrote into messages."""

    list_display = ("message", "states_dates", "text")
    list_select_related = ("message",)
    ordering = ("-message",)


@admin.register(Wording)
class WordingAdmin(LedgerAdmin):
    """Every version of our own words around the facts of mails."""

    list_display = ("kind", "language", "version", "written_by", "written_at", "approved_by", "withdrawn_at")
    list_filter = ("kind", "language")
    list_select_related = ("written_by", "approved_by")
    ordering = ("-id",)


@admin.register(Thread)
class ThreadAdmin(LedgerAdmin):
    """The addresses at which customers reply about an order."""

    list_display = ("order", "created_at")
    list_select_related = ("order",)
    search_related = {"order": ("number",)}
    exclude = ("token",)
    ordering = ("-order",)


class WaitingFilter(admin.SimpleListFilter):
    """Replies by whether somebody has to look at them."""

    title = _("what is to do")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choice."""
        return [("1", _("Waits for us"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Return those that wait."""
        return queryset.filter(WAITS_FOR_STAFF) if self.value() else queryset


@admin.register(Reply)
class ReplyAdmin(LedgerAdmin):
    """Every mail that came in; those about no known order wait for somebody who places or settles them."""

    list_display = ("received_at", "sender", "subject", "nature", "problem", "order", "place_link", "settle_link")
    list_filter = (WaitingFilter, "nature")
    list_select_related = ("order",)
    column_needs = {"place_link": "replying.place", "settle_link": "replying.settle"}
    contact_fields = ("sender", "sender_name", "recipient", "text", "folded")
    search_related = {"order": ("number",)}
    exclude = ("event_key", "token", "attached", "left_out")
    readonly_fields = ("files",)
    ordering = ("-id",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the files where the words of the mail are left out."""
        return super().get_readonly_fields(request, obj) if sees_contacts(request.user) else ()

    @column(_("attached"))
    def files(self, reply: Reply) -> SafeString | None:
        """Its files, to be downloaded, and those that were not kept."""
        kept = list(reply.files.defer("content"))
        missing = reply.not_kept(len(kept))
        known = {"kept": kept, "left_out": reply.left_out, "unnamed": missing - len(reply.left_out)}
        return render_to_string("backoffice/reply_files.html", known) if kept or missing else None

    @column("")
    def place_link(self, reply: Reply) -> Any:
        """Lead to where one says which order it is about."""
        return link("place_reply", _("Which order?"), reply.pk) if reply.waits_for_staff else None

    @column("")
    def settle_link(self, reply: Reply) -> Any:
        """Lead to where it is closed."""
        return link("settle_reply", _("Asks nothing"), reply.pk) if reply.waits_for_staff else None
