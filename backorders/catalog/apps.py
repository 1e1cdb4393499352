from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """What we sell."""

    name = "backorders.catalog"
