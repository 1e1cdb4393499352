"""A mail on the wire: text and HTML side by side, built in one go from what is stored.

Django's own way parses every address again and walks a tree of parts for each mail; that costs more than handing it
over. What is out of the ordinary (a line too long for SMTP) still goes that way.
"""

import base64
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import forbid_multi_line_headers, sanitize_address

LONGEST_LINE = 990  # RFC 5321 allows 998 octets
ENCODED_BYTES = 42  # of an encoded word, which may be 75 characters long (RFC 2047)


class Mail(EmailMultiAlternatives):
    """A mail of the outbox: one recipient, text and HTML; `identity` marks where its parts begin."""

    def __init__(self, *, text: str, html: str, recipient: str, identity: str, **fields: Any) -> None:
        super().__init__(body=text, to=[recipient], **fields)
        self.attach_alternative(html, "text/html")
        self.text, self.html, self.recipient, self.identity = text, html, recipient, identity

    @property
    def route(self) -> str:
        """The recipient as SMTP carries it: a domain in letters beyond ASCII in its own ASCII form (RFC 5891)."""
        return self.recipient if self.recipient.isascii() else sanitize_address(self.recipient, "utf-8")

    def wire(self) -> bytes:
        """Return the mail as it goes through SMTP."""
        bodies = [_body(text) for text in (self.text, self.html)]
        if any(body is None for body in bodies):
            return self.message().as_bytes().replace(b"\n", b"\r\n")
        plain, html = bodies
        boundary = f"=_{self.identity[:40]}"
        headers = {
            "MIME-Version": "1.0",
            "Content-Type": f'multipart/alternative; boundary="{boundary}"',
            "Subject": self.subject,
            "From": sender(self.from_email),
            "To": self.route,
            "Date": formatdate(),
            **({"Reply-To": ", ".join(self.reply_to)} if self.reply_to else {}),
            **self.extra_headers,
        }
        head = "".join(f"{name}: {_encoded(name, str(value))}\r\n" for name, value in headers.items())
        return b"".join(
            [
                head.encode(),
                *(_part(boundary, kind, body) for kind, body in (("plain", plain), ("html", html))),
                f"\r\n--{boundary}--\r\n".encode(),
            ]
        )


@lru_cache(maxsize=16)
def sender(address: str) -> str:
    """Return the sender's address as a header carries it."""
    return sanitize_address(address, "utf-8")


def _part(boundary: str, kind: str, body: bytes | None) -> bytes:
    head = f'\r\n--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
    return head.encode() + (body or b"")


def _body(text: str) -> bytes | None:
    """Return the text in SMTP's lines, or None if one is too long."""
    lines = text.encode().splitlines()
    return b"\r\n".join(lines) if max(map(len, lines), default=0) <= LONGEST_LINE else None


def _encoded(name: str, value: str) -> str:
    """Return a header's value in ASCII, in encoded words where it must be; refuse one that begins another header."""
    if value.isascii():
        return forbid_multi_line_headers(name, value, "utf-8")[1] if "\n" in value or "\r" in value else value
    words, chunk = [], ""
    for letter in value.replace("\r", " ").replace("\n", " "):
        if len((chunk + letter).encode()) > ENCODED_BYTES:
            words.append(chunk)
            chunk = ""
        chunk += letter
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word.encode()).decode()}?=" for word in words)
