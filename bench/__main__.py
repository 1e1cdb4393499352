"""`python -m bench [--jobs J2 J3a] [--n 10000]`: print the table and write var/bench.json."""

import argparse
import json
import os
from collections.abc import Callable, Iterator

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("STATEMENT_TIMEOUT", "10min")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # a browser's own event loop runs beside the statements
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench import answering, importing, listing, mailing, moving, placing, reading  # noqa: E402
from bench.measuring import Figure  # noqa: E402

JOBS: dict[str, tuple[Callable[[int], Iterator[Figure]], tuple[int, ...]]] = {
    "J1": (placing.place, (2_000,)),
    "J2": (moving.receive, (10_000, 100_000)),
    "J3a": (moving.revise, (10_000, 100_000)),
    "J3b": (mailing.mail, (2_000,)),
    "J4": (listing.show, (10_000, 100_000, 1_000_000)),
    "J6": (importing.take_in, (20_000,)),
    "J7": (answering.answer, (500, 5_000)),
    "J8": (reading.read, (20,)),
}


def main() -> None:
    """Run the jobs that were asked for, each at each size."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--n", type=int)
    asked = parser.parse_args()
    if connection.vendor != "postgresql":
        raise SystemExit("The bench runs on PostgreSQL: make bench starts one.")
    call_command("migrate", verbosity=0)
    figures = []
    print(f"{'job':<6}{'variant':<28}{'n':>9}{'ours s':>10}{'floor s':>10}{'ratio':>8}{'SQL':>6}{'p95 s':>9}")
    for job in asked.jobs:
        run, sizes = JOBS[job]
        for n in (asked.n,) if asked.n else sizes:
            for figure in run(n):
                figures.append(figure)
                print(
                    f"{figure.job:<6}{figure.variant:<28}{figure.n:>9}{figure.ours_s:>10.4f}{figure.floor_s:>10.4f}"
                    f"{figure.ratio:>8.2f}{figure.statements:>6}{figure.p95_s:>9.4f}",
                    flush=True,
                )
    path = settings.VAR / "bench.json"
    path.write_text(json.dumps([figure.as_json() for figure in figures], indent=1))
    print(f"written to {path}")


main()
