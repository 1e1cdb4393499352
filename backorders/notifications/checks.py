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


LIBRARIES = (  # of a provider, what its settings start with, what it needs, and what is installed to have that
    ("Amazon SES", "AMAZON_SES_", "boto3", "django-anymail[amazon-ses]"),
    ("The signature of Amazon SES", "AMAZON_SES_", "cryptography", "cryptography"),
    (
        "The signature of SendGrid",
        "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY",
        "cryptography",
        "django-anymail[sendgrid]",
    ),
)


def providers_have_their_libraries(**_kwargs: Any) -> list[CheckMessage]:
    """Complain of each provider that a setting names and whose library, which nothing else needs, is not installed."""
    named = ["AMAZON_SES_"] if "amazon_ses" in settings.EMAIL_BACKEND else []
    named += [name for name, value in settings.ANYMAIL.items() if value]
    return [
        Error(
            f'{what} needs a library of its own: install it with pip install "{package}".',
            id="notifications.E002",
        )
        for what, setting, library, package in LIBRARIES
        if any(name.startswith(setting) for name in named) and not find_spec(library)
    ]
