"""Real Celery worker processes on the database of the test: started, counted, and killed without warning."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from kombu import pools

from backorders.notifications.models import Message
from config.celery import app


def use_broker(url: str | None) -> None:
    """Let this process's application forget its connections and use another broker, or (None) that of the settings."""
    os.environ.pop("CELERY_BROKER_URL", None)  # Celery looks here before it looks at any setting
    if url:
        os.environ["CELERY_BROKER_URL"] = url
    pools.reset()
    app._pool = app.amqp._producer_pool = None


def database_url() -> str:
    """Return the address of the database of the running test."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['NAME']}"
    return f"postgresql://{known['USER']}@/{known['NAME']}?host={known['HOST'] or known['OPTIONS']['host']}"


class Workers:
    """Workers that run the same application with the same environment. Leaving it kills those that are left."""

    def __init__(self, *, app: str = "tests.faults.app", **environment: str) -> None:
        self.app = app
        self.environment = {**os.environ, "DATABASE_URL": database_url(), **environment}
        self.members: list[subprocess.Popen[bytes]] = []
        self.started = 0

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *exc: object) -> None:
        for member in list(self.members):
            self.kill(member)

    def start(self, count: int = 1) -> None:
        """Start workers, each of one thread that takes one task at a time."""
        for _ in range(count):
            self.started += 1
            quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "critical"]
            command = [sys.executable, "-m", "celery", "-A", self.app, "worker", "-P", "solo", *quiet]
            self._run([*command, "-n", f"worker-{os.getpid()}-{self.started}@%h"])

    def start_clock(self) -> None:
        """Start a beat."""
        schedule = os.path.join(settings.VAR, f"beat-{os.getpid()}-{len(self.members)}")
        self._run(
            [sys.executable, "-m", "celery", "-A", self.app, "beat", "-s", schedule, "-l", "critical", "--pidfile="]
        )

    def _run(self, command: list[str]) -> None:
        self.members.append(
            subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def at_work(self) -> list[subprocess.Popen[bytes]]:
        """The workers that hold messages right now."""
        owners = Message.objects.filter(state="sending").values_list("lease_owner", flat=True).distinct()
        pids = {int(owner.rpartition(":")[2]) for owner in owners.order_by()}
        return [member for member in self.members if member.pid in pids and member.poll() is None]

    def kill(self, member: subprocess.Popen[bytes]) -> None:
        """Kill a worker at once, in the middle of whatever it does."""
        self.members.remove(member)
        if member.poll() is None:
            os.kill(member.pid, signal.SIGKILL)
        member.wait()


@contextmanager
def broker_of(url: str) -> Iterator[None]:
    """Let this process publish to a broker for a while."""
    use_broker(url)
    try:
        yield
    finally:
        use_broker(None)
