"""Announce and send without a broker: the same rows, the same rules, one process or several beside each other."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from backorders.notifications import announcing, delivering, tracking
from backorders.notifications.tasks import LONGEST_RUN


class Command(BaseCommand):
    """Announce what is due and send it, again and again until it is told to stop."""

    help = "Announce and send without a broker."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how often."""
        parser.add_argument("--once", action="store_true", help="do it once and end")
        parser.add_argument("--interval", type=float, default=10.0, help="seconds between two rounds")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do rounds until a signal asks to stop; what was begun is finished."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while True:
            self.do_round()
            if options["once"] or stop.wait(options["interval"]):
                break
            close_old_connections()

    def do_round(self) -> None:
        """Hear the provider, announce, send."""
        tracking.process_events(at=timezone.now())
        announced = announcing.announce_due(at=timezone.now())
        sent = delivering.deliver(clock=timezone.now, until=timezone.now() + LONGEST_RUN)
        if announced.messages or sent:
            ended = ", ".join(f"{count} {state}" for state, count in sorted(sent.items()))
            self.stdout.write(f"{announced.messages} messages queued; {ended or 'nothing sent'}")
