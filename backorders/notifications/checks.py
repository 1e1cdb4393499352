"""Mail must leave, and the provider's reports be heard, and only the provider's: without that we do not start."""

from importlib.util import find_spec
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


def amazon_has_its_library(**_kwargs: Any) -> list[CheckMessage]:
    """Complain if a setting names Amazon SES and its library, which nothing else needs, is not installed."""
    is_named = "amazon_ses" in settings.EMAIL_BACKEND or any(
        name.startswith("AMAZON_SES_") for name in settings.ANYMAIL
    )
    if not is_named or find_spec("boto3"):
        return []
    return [
        Error(
            'Amazon SES needs a library of its own: install it with pip install "django-anymail[amazon-ses]".',
            id="notifications.E002",
        )
    ]
