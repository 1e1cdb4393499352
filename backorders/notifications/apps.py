from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register

from backorders.notifications.checks import providers_have_their_libraries, webhooks_are_secret


class NotificationsConfig(AppConfig):
    """What we tell whom."""

    name = "backorders.notifications"

    def ready(self) -> None:
        """Listen to the provider (which needs the models, so not before now), and check that only it is heard."""
        import_module(f"{self.name}.tracking")
        import_module(f"{self.name}.replies")
        register(webhooks_are_secret)
        register(providers_have_their_libraries)
