"""Plain admin of what we tell whom: messages are rendered once and never rewritten."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backorders.backoffice.admin.base import LedgerAdmin, column, link
from backorders.backoffice.dates import short_window
from backorders.notifications.models import (
    Attempt,
    CallTask,
    CustomerLink,
    MailSwitch,
    Message,
    MessageLine,
    ProviderEvent,
    Suppression,
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

    list_display = ("received_at", "event_type", "recipient", "reason", "processed_at")
    list_select_related = ("message",)
    ordering = ("-id",)


@admin.register(Suppression)
class SuppressionAdmin(LedgerAdmin):
    """Addresses that are not mailed any more."""

    list_display = ("address", "reason", "at", "lifted_at")
    list_filter = ("reason",)
    search_fields = ("address",)
    ordering = ("-id",)


@admin.register(CallTask)
class CallTaskAdmin(LedgerAdmin):
    """Customers to be called, open and done."""

    list_display = ("opened_at", "customer", "why", "done_at", "done_by")
    list_filter = (("done_at", admin.EmptyFieldListFilter),)
    list_select_related = ("customer", "done_by", "message")
    ordering = ("-id",)


@admin.register(CustomerLink)
class CustomerLinkAdmin(LedgerAdmin):
    """Ways from mails to status pages; only their hashes are kept."""

    list_display = ("order", "created_at", "expires_at", "revoked_at")
    list_select_related = ("order",)
    search_related = {"order": ("number",)}
    ordering = ("-id",)
    exclude = ("token_hash",)


@admin.register(MailSwitch)
class MailSwitchAdmin(LedgerAdmin):
    """Whether mail leaves at all; turned in the outbox."""

    list_display = ("is_on", "paused_until", "failures", "changed_at")
