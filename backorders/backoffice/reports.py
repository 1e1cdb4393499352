"""What the mail provider reports of a mail, in the reader's words."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from backorders.notifications.models import ProviderEvent

# The names under which the library of providers (anymail) knows them.
EVENTS: dict[str, Any] = {
    "queued": _("queued"),
    "sent": _("sent on"),
    "rejected": _("rejected"),
    "failed": _("failed"),
    "bounced": _("bounced"),
    "deferred": _("put off"),
    "delivered": _("delivered"),
    "autoresponded": _("answered automatically"),
    "opened": _("opened"),
    "clicked": _("followed a link"),
    "complained": _("complained"),
    "unsubscribed": _("unsubscribed"),
    "subscribed": _("subscribed"),
}
REASONS: dict[str, Any] = {
    "invalid": _("no such address"),
    "bounced": _("for good"),
    "soft": _("for now"),
    "timed_out": _("nobody answered"),
    "blocked": _("blocked"),
    "spam": _("taken for spam"),
    "unsubscribed": _("unsubscribed"),
    "other": _("for another reason"),
}


def in_words(event: ProviderEvent) -> str:
    """Return what happened to the mail and why; what the table does not know stays as the provider says it."""
    said = [EVENTS.get(event.event_type, event.event_type), REASONS.get(event.reason, event.reason)]
    return " · ".join(str(word) for word in said if word)
