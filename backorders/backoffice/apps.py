from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

from backorders.backoffice.speaking import speak_models


class BackordersAdminConfig(AdminConfig):
    """Django's admin with our site in the place of its own."""

    default_site = "backorders.backoffice.site.BackordersSite"


class BackofficeConfig(AppConfig):
    """The screens of the staff."""

    name = "backorders.backoffice"

    def ready(self) -> None:
        """Let the words of the models follow the reader's language."""
        speak_models()
