"""Real SMTP servers for the tests: one that keeps every mail, and one that behaves as badly as providers do."""

import asyncio
import random
import socket
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Behaviour:
    """How a provider treats a mail: shares (0–1) of what goes wrong, and how long it takes in milliseconds."""

    delay_ms: tuple[float, float] = (0, 0)
    drops: float = 0  # accepts the mail, then closes the connection without saying so
    hangs: float = 0  # accepts the mail, then says nothing for `hang_s`
    hang_s: float = 30
    defers: float = 0  # 451: not now
    refuses: frozenset[str] = frozenset()  # 550 for these recipients
    honours_keys: bool = False  # a mail whose Message-ID it knows is accepted again, but not kept again
    seed: int = 1


@dataclass
class Sink:
    """An SMTP server on 127.0.0.1 that keeps what it accepted, in order. `with Sink() as sink: … sink.mails`."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    mails: list[EmailMessage] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)  # the Message-IDs it kept without saying so

    def __post_init__(self) -> None:
        self._random = random.Random(self.behaviour.seed)
        self._lock = threading.Lock()
        self._keys: set[str] = set()
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    def __enter__(self) -> "Sink":
        self._controller.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    def recipients(self) -> list[str]:
        """Every address a mail was accepted for, in order."""
        with self._lock:
            return [str(mail["To"]) for mail in self.mails]

    def to(self, address: str) -> list[EmailMessage]:
        """The mails accepted for one address, in order."""
        with self._lock:
            return [mail for mail in self.mails if address in str(mail["To"])]

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        if address in self.behaviour.refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        behaviour, chance = self.behaviour, self._random.random()
        low, high = behaviour.delay_ms
        if high:
            await asyncio.sleep(self._random.uniform(low, high) / 1000)
        if chance < behaviour.defers:
            return "451 try again later"
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        mail = message_from_bytes(content, policy=policy.default)
        key = str(mail["Message-ID"])
        with self._lock:
            if behaviour.honours_keys and key in self._keys:
                return "250 accepted before"
            self._keys.add(key)
            self.mails.append(mail)
        chance -= behaviour.defers
        if chance < behaviour.drops + behaviour.hangs:
            self.unanswered.append(key)
        if chance < behaviour.drops:
            if server.transport is not None:
                server.transport.close()
            return "250 never read"
        if chance < behaviour.drops + behaviour.hangs:
            await asyncio.sleep(behaviour.hang_s)
        return "250 accepted"
