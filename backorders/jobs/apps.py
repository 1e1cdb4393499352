from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    """Jobs: work for a person that goes on without them."""

    name = "backorders.jobs"

    def ready(self) -> None:
        """Let every app say, in its module `works`, how its jobs are done; and listen for the ends of tasks."""
        autodiscover_modules("works", "listening")
