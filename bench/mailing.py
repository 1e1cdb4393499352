"""J3b: N customers are told a new date: rendered, queued, handed to an SMTP server, marked; mail is turned off meanwhile.

Floor: the same mails over bare smtplib.
"""

import multiprocessing
import smtplib
import socketserver
import statistics
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connections
from django.utils import timezone

from backorders.actions import telling
from backorders.notifications import announcing, delivering
from backorders.notifications.models import Attempt, Message
from bench import world
from bench.measuring import Figure, analyze

ROUNDS = 3
LOOK = 0.005  # seconds
FORK = multiprocessing.get_context("fork")


class Talk(socketserver.StreamRequestHandler):
    """The server's side of SMTP, no more than a client needs, so that it is not what is measured."""

    def handle(self) -> None:
        self.wfile.write(b"220 bench\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 OK\r\n")
            if verb == b"QUIT":
                return


def _serve(ready: Connection) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        ready.send(server.server_address[1])
        server.serve_forever()


def mail(n: int) -> Iterator[Figure]:
    """J3b, one process."""
    theirs, ours = FORK.Pipe()
    server = FORK.Process(target=_serve, args=(ours,), daemon=True)
    server.start()
    settings.EMAIL_BACKEND = "backorders.notifications.backends.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", theirs.recv()
    try:
        pairs = [_round(n) for _ in range(ROUNDS)]
        pause, left = _paused(n)
    finally:
        server.terminate()
    total, sending, floor = (statistics.median(pair[side] for pair in pairs) for side in (0, 1, 2))
    yield Figure("J3b", "queue", n, total - sending, floor, 0)
    yield Figure("J3b", "announce and send", n, total, floor, 0)
    yield Figure("J3b", "send what is queued", n, sending, floor, 0)
    yield Figure("J3b", "pause takes effect", n, pause, floor / n, 0)
    print(f"      {left} mails left after the pause was saved")
    print(f"      {n / total:.0f} mails per second announced and sent, {n / sending:.0f} sent, floor {n / floor:.0f}")


def _round(n: int) -> tuple[float, float, float]:
    _moved(n)
    start = time.perf_counter()
    announced = announcing.announce_due(at=timezone.now())
    queued = time.perf_counter()
    ended = delivering.deliver(clock=timezone.now)
    end = time.perf_counter()
    if announced.messages != n or ended["accepted"] != n:
        raise RuntimeError(f"{announced.messages} announced, {dict(ended)} sent, not {n}")
    return end - start, end - queued, _floor(n)


def _paused(n: int) -> tuple[float, int]:
    """Turn mail off while another process sends; return the seconds until it stands still, and the mails that left."""
    _moved(n)
    announcing.announce_due(at=timezone.now())
    connections.close_all()
    worker = FORK.Process(target=delivering.deliver, kwargs={"clock": timezone.now})
    worker.start()
    while worker.is_alive() and _left() < n // 4:
        time.sleep(LOOK)
    telling.turn_mail(is_on=False, reason="bench", by=None, at=timezone.now())
    saved, before = time.perf_counter(), _left()
    worker.join()
    taken, after = time.perf_counter() - saved, _left()
    if after == n:
        raise RuntimeError("all had left before the pause")
    return taken, after - before


def _left() -> int:
    return Attempt.objects.filter(message__kind=Message.Kind.LATER).count()


def _moved(n: int) -> None:
    """Customers whose date moved an hour ago, and an outbox that is in use."""
    world.empty()
    (product,) = world.shop(1, customers=n)
    world.waiting(product, n, on=world.purchase(product, n, pegged=n))
    world.mailed(10)
    world.sql(
        "UPDATE allocation_promise SET expected_from = expected_from + 20, expected_until = expected_until + 20, "
        "own_from = own_from + 20, own_until = own_until + 20, version = 2, "
        "changed_at = now() - interval '1 hour', gap_since = now() - interval '1 hour'"
    )
    analyze()


def _floor(n: int) -> float:
    """The same mails, rendered before, over one connection."""
    sample = Message.objects.order_by("-id")[0]
    whole = EmailMultiAlternatives(sample.subject, sample.text, settings.DEFAULT_FROM_EMAIL, ["a@example.com"])
    whole.attach_alternative(sample.html, "text/html")
    content = whole.message().as_bytes(linesep="\r\n")
    start = time.perf_counter()
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as connection:
        for _ in range(n):
            connection.sendmail("orders@shop.example", ["a@example.com"], content)
    return time.perf_counter() - start
