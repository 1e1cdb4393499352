from django.apps import AppConfig


class DelaysConfig(AppConfig):
    """What the law of delays gives a customer, and by when."""

    name = "backorders.delays"
