from django.apps import AppConfig


class AllocationConfig(AppConfig):
    """Who gets what, when."""

    name = "backorders.allocation"
