from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Roles: who may do what."""

    name = "backorders.access"
