from django.apps import AppConfig


class ChasingConfig(AppConfig):
    """What we ask suppliers, and what they answer."""

    name = "backorders.chasing"
