"""Mail backends that know more than Django's: how far a call got, and keys that make a repeated call harmless."""

import smtplib
import socket
from email.utils import parseaddr
from functools import lru_cache
from typing import Any

from anymail.backends.resend import EmailBackend as AnymailResend
from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend as DjangoSmtp

from backorders.notifications.mime import Mail, sender

CONNECT_SECONDS = 5


class Conversation(smtplib.SMTP):
    """An SMTP conversation that knows whether the whole message has left, and waits less for a
    connection than for an answer."""

    is_handed_over = False
    _is_in_data = False

    def connect(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Connect, then allow answers their own time."""
        answer = super().connect(*args, **kwargs)
        if isinstance(self.sock, socket.socket):
            self.sock.settimeout(settings.EMAIL_TIMEOUT)
        return answer

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Hand the message over; what fails after its last byte left is not known to have failed."""
        self._is_in_data, self.is_handed_over = True, False
        try:
            answer = super().data(msg)
        finally:
            self._is_in_data = False
        self.is_handed_over = False
        return answer

    def send(self, s: Any) -> None:
        """Send, and notice when it was the message itself."""
        super().send(s)
        if self._is_in_data and s not in ("data\r\n", b"data\r\n"):
            self.is_handed_over = True


class EncryptedConversation(Conversation, smtplib.SMTP_SSL):
    """The same over TLS from the start."""


class SmtpBackend(DjangoSmtp):
    """Django's SMTP backend over such a conversation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("timeout", min(CONNECT_SECONDS, settings.EMAIL_TIMEOUT or CONNECT_SECONDS))
        super().__init__(*args, **kwargs)

    def _send(self, email_message: Any) -> bool:
        """Send a mail of the outbox as it is on the wire; any other one Django's way."""
        if not isinstance(email_message, Mail):
            return bool(super()._send(email_message))  # type: ignore[misc]  # the stubs leave it out
        if self.connection is None:
            return False
        self.connection.sendmail(_mailbox(email_message.from_email), [email_message.route], email_message.wire())
        return True

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """What a connection is made of."""
        return EncryptedConversation if self.use_ssl else Conversation


@lru_cache(maxsize=16)
def _mailbox(address: str) -> str:
    """Return the sender's address as SMTP carries it, without a name."""
    return parseaddr(sender(address))[1]


class ResendBackend(AnymailResend):  # type: ignore[misc]  # anymail has no types
    """Resend through anymail, with its idempotency key: the same key within a day is sent once."""

    honours_keys = True

    def build_message_payload(self, message: Any, defaults: Any) -> Any:
        """Add the key of the message to the request."""
        payload = super().build_message_payload(message, defaults)
        if key := getattr(message, "idempotency_key", None):
            payload.headers["Idempotency-Key"] = key
        return payload
