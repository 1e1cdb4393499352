from django.apps import AppConfig


class ChangesConfig(AppConfig):
    """Change sets: who changed what, when and why."""

    name = "backorders.changes"
