from django.apps import AppConfig


class SupplyConfig(AppConfig):
    """What we have and what is coming."""

    name = "backorders.supply"
