"""Everything the clock does, without a broker: the same tasks as often, by one process or several at once."""

import logging
import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils import timezone
from django.utils.module_loading import import_string

from backorders.jobs import beating
from backorders.jobs.nudging import NUDGES as JOB_NUDGES
from backorders.notifications.tasks import NUDGES

LOG = logging.getLogger(__name__)

Schedule = dict[str, dict[str, Any]]


class Command(BaseCommand):
    """Do what the schedule lists, each as often as it says, until it is told to stop."""

    help = "Do everything the clock and the workers do (plan, announce, send, jobs), without a broker."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how often."""
        parser.add_argument("--once", action="store_true", help="do everything once and end")
        parser.add_argument("--interval", type=float, default=10.0, help="seconds between two rounds")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do rounds until a signal asks to stop; what was begun is finished."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        schedule: Schedule = settings.CELERY_BEAT_SCHEDULE
        next_at = dict.fromkeys(schedule, 0.0)
        with NUDGES.off(), JOB_NUDGES.off():
            while True:
                self.do_round(schedule, next_at, stop)
                if options["once"] or stop.wait(options["interval"]):
                    break
                close_old_connections()

    def do_round(self, schedule: Schedule, next_at: dict[str, float], stop: threading.Event) -> None:
        """Do what is due, in the order of the schedule. What fails is logged and comes again, as with a broker."""
        for name, entry in schedule.items():
            if stop.is_set() or time.monotonic() < next_at[name]:
                continue
            next_at[name] = time.monotonic() + entry["schedule"]
            began, error = timezone.now(), ""
            try:
                count = import_string(entry["task"])()
            except Exception as failure:
                LOG.exception("the task to %s failed", name)
                count, error = 0, type(failure).__name__
            now = timezone.now()
            beating.beat(beating.Ran(entry["task"], now - began, error), worker="run_outbox", at=now)
            if count:
                self.stdout.write(f"{name}: {count}")
