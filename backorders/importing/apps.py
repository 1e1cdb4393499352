from django.apps import AppConfig


class ImportingConfig(AppConfig):
    """Imports: a supplier's list turned into ETA changes."""

    name = "backorders.importing"
