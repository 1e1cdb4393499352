from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """What we tell whom."""

    name = "backorders.notifications"
