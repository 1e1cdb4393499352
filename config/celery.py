"""The Celery application: the clock and the workers."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("backorders")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "backorders.actions",
        "backorders.backoffice",
        "backorders.importing",
        "backorders.jobs",
        "backorders.notifications",
    ]
)


@setup_logging.connect
def log_as_the_settings_say(**_kwargs: object) -> None:
    """Keep Celery from logging in its own way, past our formatter."""
