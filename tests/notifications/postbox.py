"""A provider that takes mail in for us and posts it, as Postmark does: with its raw text, or in parts."""

import json
from base64 import b64encode
from typing import Any

from django.test import Client
from django.urls import include, path

urlpatterns = [path("anymail/", include("backorders.notifications.webhooks"))]
INBOUND = "Kaya <orders@in.shop.example>"


def posted(url: str, body: Any, *, word: str = "right", content_type: str = "application/json", **how: Any) -> int:
    """Post a body with the secret (or another word); return how it was answered."""
    authorization = "Basic " + b64encode(f"provider:{word}".encode()).decode()
    body = body if isinstance(body, str | bytes) else json.dumps(body)
    client = Client(raise_request_exception=False)
    return client.post(
        url, body, content_type=content_type, headers={"authorization": authorization, **how}
    ).status_code


def of_amazon(url: str, body: Any, *, word: str = "right") -> int:
    """Post as Amazon SNS does: as text, with headers that name the type and the id of what is in the body."""
    said = body if isinstance(body, dict) else {}
    names = {"x-amz-sns-message-type": said.get("Type"), "x-amz-sns-message-id": said.get("MessageId")}
    heads = {name: value for name, value in names.items() if isinstance(value, str) and value.isprintable()}
    return posted(url, body, word=word, content_type="text/plain; charset=utf-8", **heads)


def as_notification(event: dict[str, Any], *, number: int = 1) -> dict[str, Any]:
    """What Amazon SES says, in the envelope of SNS."""
    envelope = {"Type": "Notification", "MessageId": f"n-{number}", "Timestamp": "2026-06-01T09:00:00.000Z"}
    return {**envelope, "TopicArn": "arn:aws:sns:eu-west-1:111111111111:mails", "Message": json.dumps(event)}


def as_form(fields: dict[str, Any], files: dict[str, tuple[str, str, bytes]] | None = None) -> bytes:
    """A form with the boundary "b": fields, and files as (name, type, content)."""
    parts = []
    for name, value in fields.items():
        head = f'Content-Disposition: form-data; name="{name}"\r\n\r\n'
        parts.append(f"--b\r\n{head}{value}\r\n".encode("utf-8", "surrogatepass"))
    for name, (file, kind, content) in (files or {}).items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{file}"\r\nContent-Type: {kind}\r\n\r\n'
        parts.append(f"--b\r\n{head}".encode() + content + b"\r\n")
    return b"".join([*parts, b"--b--\r\n"])


def came(raw: str | bytes, *, envelope_sender: str = "ada@example.com", word: str = "right") -> int:
    """Let a mail come in as raw text."""
    raw = raw.decode("latin-1") if isinstance(raw, bytes) else raw
    event = {
        "RawEmail": raw,
        "Headers": [{"Name": "Return-Path", "Value": f"<{envelope_sender}>"}],
        "OriginalRecipient": "",
    }
    return posted("/anymail/postmark/inbound/", event, word=word)


def a_mail(text: str = "When?", *, to: str, sender: str = "Ada <ada@example.com>", **headers: str) -> str:
    """A mail in raw text; header names are written with _ for -."""
    head = {"Message-ID": "<1@example.com>", "From": sender, "To": to, "Subject": "Re: New date", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in head.items()]
    return "\r\n".join([*lines, 'Content-Type: text/plain; charset="utf-8"', "", text, ""])


def a_file(name: str, content: bytes, *, kind: str = "application/pdf", disposition: str = "attachment") -> str:
    """A part of a mail that is a file."""
    head = f'Content-Type: {kind}\r\nContent-Disposition: {disposition}; filename="{name}"'
    return f"{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64encode(content).decode()}"


def a_mail_with(*parts: str, text: str = "It is broken.", to: str = "", **headers: str) -> str:
    """A mail in raw text that has these parts besides its words."""
    head = {"From": "ada@example.com", "To": to, "Subject": "broken", **headers}
    head["Content-Type"] = "multipart/mixed; boundary=b"
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    words = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}"
    return f"{lines}\r\n" + "".join(f"--b\r\n{part}\r\n" for part in (words, *parts)) + "--b--\r\n"
