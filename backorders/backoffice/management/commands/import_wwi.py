"""Bring in Wide World Importers; run it again after a kill and it goes on where it was."""

import datetime
import json
import resource
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from tqdm import tqdm

from backorders.backoffice.wwi.bringing import Import
from backorders.backoffice.wwi.comparing import compare
from backorders.refusal import Refused


class Command(BaseCommand):
    """Import the folder, then compare if asked."""

    help = "Bring in Wide World Importers 2013–2015 from a folder of CSV files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--as-of", type=datetime.date.fromisoformat, default=datetime.date(2015, 12, 31))
        parser.add_argument("--compare", type=Path, help="a JSON of figures to compare with")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        truth = _figures(options["compare"]) if options["compare"] else None
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")
        try:
            work = Import(options["folder"], as_of=options["as_of"])
            with tqdm(desc="WWI", unit="step") as bar:
                for step in work.steps():
                    bar.total = work.length
                    bar.set_postfix_str(step, refresh=False)
                    bar.update()
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.stdout.write(f"Done in {time.monotonic() - started:.0f} s, {peak} MB at most.")
        if truth is not None:
            self._compare(truth, options["as_of"])

    def _compare(self, truth: dict[str, Any], as_of: datetime.date) -> None:
        try:
            figures = list(compare(truth, as_of=as_of))
        except (KeyError, TypeError) as error:
            raise CommandError(f"The file to compare with lacks a figure: {error}.") from error
        for figure in figures:
            ours, theirs = figure.shown
            mark = "equal" if figure.is_equal else "DIFFERENT"
            self.stdout.write(f"{mark:<10}{figure.name:<42}{ours:>16}{theirs:>16}")
            if figure.why and not figure.is_equal:
                self.stdout.write(f"{'':<10}{figure.why}")
        unexplained = [figure.name for figure in figures if not figure.is_equal and not figure.why]
        self.stdout.write(f"{sum(figure.is_equal for figure in figures)} of {len(figures)} figures are equal.")
        if unexplained:
            raise CommandError(f"No reason is known why these differ: {', '.join(unexplained)}.")


def _figures(path: Path) -> dict[str, Any]:
    """Return the figures to compare with, before the long work begins."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(found, dict):
        raise CommandError(f"{path} holds no figures by name.")
    return found
