from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    """The screens of the staff."""

    name = "backorders.backoffice"
