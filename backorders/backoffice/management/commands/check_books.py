"""Prove the books: recompute every invariant, print what differs, exit with 1 if anything does."""

import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backorders.actions import bookkeeping

SHOWN = 100


class Command(BaseCommand):
    """Check the books, repaired first if asked."""

    help = "Recompute every invariant and print what differs; --repair rebuilds what the plan can rebuild."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-of", type=datetime.date.fromisoformat, help="the day the plan was last made for, if not today"
        )
        parser.add_argument("--repair", action="store_true", help="rebuild counters, allocations and promises first")

    def handle(self, *args: Any, **options: Any) -> None:
        as_of = options["as_of"]
        at = datetime.datetime.combine(as_of, datetime.time(12), tzinfo=datetime.UTC) if as_of else timezone.now()
        if options["repair"]:
            change = bookkeeping.repair_books(by=None, at=at)
            self.stdout.write(f"Rebuilt what the plan can rebuild (change set {change.pk}).")
        found = 0
        for found, difference in enumerate(bookkeeping.check_books(at=at), start=1):
            if found <= SHOWN:
                self.stdout.write(f"[{difference.invariant:d}] {difference.sentence}")
        if found:
            raise CommandError(f"{found} differences.")
        self.stdout.write("The books agree.")
