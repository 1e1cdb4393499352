from django.apps import AppConfig


class InboxConfig(AppConfig):
    """What waits for whom on the staff."""

    name = "backorders.inbox"
