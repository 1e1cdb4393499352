"""The provider's reports must be heard, and only the provider's: without a secret for its webhooks we do not start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def webhooks_are_secret(**_kwargs: Any) -> list[CheckMessage]:
    """Complain if mail goes through a provider, or we are in production, and its webhooks have no secret."""
    is_provider = settings.EMAIL_BACKEND.startswith("anymail.") or settings.EMAIL_BACKEND.endswith("ResendBackend")
    needs_one = settings.PRODUCTION or is_provider
    if not needs_one or settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return []
    return [
        Error(
            "The mail provider's webhooks have no secret: bounces and complaints would go unheard.",
            hint='Set ANYMAIL_WEBHOOK_SECRET to "user:password" and give the provider the same.',
            id="notifications.E001",
        )
    ]
