from django.apps import AppConfig


class CompensationConfig(AppConfig):
    """What is given for a wait: policies, and what they come to for each line."""

    name = "backorders.compensation"
