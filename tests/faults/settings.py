"""The settings of the product, with a provider's patience that a test can set and a clock that ticks every second."""

import os

from config.settings import *  # noqa: F403

EMAIL_TIMEOUT = float(os.environ.get("EMAIL_TIMEOUT", "20"))
EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": 1.0, "options": {"expires": 5}} for name in ("faults.announce", "faults.deliver")
}
