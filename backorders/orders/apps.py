from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Who waits, since when."""

    name = "backorders.orders"
