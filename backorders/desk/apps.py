from django.apps import AppConfig


class DeskConfig(AppConfig):
    """How the staff work: who looks after what, what is set aside, saved views, preferences."""

    name = "backorders.desk"
