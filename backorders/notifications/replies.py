"""Replies: mail that comes in is stored once as it comes, answered at once, and worked on afterwards.

Whatever a mail program or an attacker sends is kept in a form that every database takes, or refused; it never fails.
"""

import hashlib
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

from anymail.signals import inbound as mail_comes_in
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from backorders.notifications.attached import LONGEST_HEADER, MOST, File, as_posted, attached_to, parts_of
from backorders.notifications.models import Reply, ReplyFile
from backorders.notifications.threads import token_in
from backorders.notifications.unfolding import is_automatic, is_ours, is_report, text_of_html, unfold

LONGEST_TEXT = 100_000
MOST_HEADERS = 300

Nature = Reply.Nature


@receiver(mail_comes_in, dispatch_uid="backorders.notifications.replies")
def hear_mail(*, event: Any, esp_name: str, **_kwargs: Any) -> None:
    """Store one mail that came in with its files, once however often it is delivered (anymail's inbound signal)."""
    _store(*_reply(event.message))


def _store(reply: Reply, files: list[File]) -> None:
    with transaction.atomic():
        Reply.objects.bulk_create([reply], ignore_conflicts=True)
        if files:
            kept_as = Reply.objects.values_list("pk", flat=True).get(event_key=reply.event_key)
            made = [
                ReplyFile(reply_id=kept_as, number=number, size=len(file.content), **file._asdict())
                for number, file in enumerate(files, 1)
            ]
            ReplyFile.objects.bulk_create(made, ignore_conflicts=True)


def keep_unreadable(body: bytes, *, provider: str) -> None:
    """Keep what a provider posted and nobody could read, for staff to look at: the whole of a long one in files."""
    key = hashlib.sha256(body).hexdigest()
    text = clean(body.decode("utf-8", "replace"), LONGEST_TEXT)
    unread = Reply(event_key=f"unread:{key}", nature=Nature.UNREADABLE, subject=provider, text=text)
    files = as_posted(body) if len(body) > LONGEST_TEXT else []
    unread.received_at, unread.attached = timezone.now(), len(files)
    _store(unread, files)


def clean(text: Any, longest: int) -> str:
    """Return a text that every database takes: no NUL, no half of a sign, not too long."""
    return str(text or "")[: longest * 2].replace("\0", "").encode("utf-8", "replace").decode()[:longest]


def _reply(mail: Any) -> tuple[Reply, list[File]]:
    """What is kept of a mail, and its files: those of people only, of others they are named."""
    headers = list(_headers(mail))
    first = {name.lower(): value for name, value in reversed(headers)}
    name, sender = parseaddr(first.get("from", ""))
    subject = " ".join(first.get("subject", "").split())
    new, folded = unfold(_text(mail))
    recipients = [str(mail.envelope_recipient or ""), *(value for key, value in headers if key.lower() in _TO)]
    token = token_in(*recipients)
    nature = _nature(mail, headers, first, sender, subject)
    attached = attached_to(mail, most=MOST if nature == Nature.PERSON else 0)
    digests = (hashlib.sha256(file.content).hexdigest() for file in attached.kept)
    said = (first.get("message-id", ""), token, sender, subject, new, folded, *digests)
    reply = Reply(
        event_key=hashlib.sha256(repr(said).encode("utf-8", "replace")).hexdigest(),
        nature=nature,
        sender=clean(sender, 254),
        sender_name=clean(name, 200),
        recipient=clean(next((each for each in recipients if token and token in each.lower()), recipients[0]), 254),
        subject=clean(subject, 300),
        text=clean(new, LONGEST_TEXT),
        folded=clean(folded, LONGEST_TEXT),
        left_out=attached.left_out,
        attached=attached.total,
        token=token,
        received_at=timezone.now(),
    )
    return reply, attached.kept


_TO = ("to", "cc", "delivered-to", "x-original-to", "x-forwarded-to")


def _nature(mail: Any, headers: list[tuple[str, str]], first: dict[str, str], sender: str, subject: str) -> Nature:
    kind = first.get("content-type", "").split(";")[0].strip()
    ours = (settings.DEFAULT_FROM_EMAIL, settings.REPLY_TO, settings.INBOUND_ADDRESS)
    if is_ours(sender=sender, message_id=first.get("message-id", ""), our_addresses=ours):
        return Nature.OURS
    if is_report(sender=sender, envelope_sender=mail.envelope_sender, content_type=kind):
        return Nature.BOUNCE
    return Nature.AUTOMATIC if is_automatic(headers, sender=sender, subject=subject) else Nature.PERSON


def _headers(mail: Any) -> Iterator[tuple[str, str]]:
    """The headers as they came, decoded as far as they can be: the parser of Python fails at some that exist."""
    for number, (name, value) in enumerate(mail.raw_items()):
        if number >= MOST_HEADERS:
            return
        raw = str(value)[:LONGEST_HEADER]
        try:
            said = str(make_header(decode_header(raw)))
        except (ValueError, LookupError, UnicodeError):
            said = raw
        yield str(name)[:200], clean(said, LONGEST_HEADER)


def _text(mail: Any) -> str:
    """The plain text, or the words of the HTML; of an unknown charset whatever can be read."""
    plain, html = (_body(mail, kind) for kind in ("text/plain", "text/html"))
    return clean(plain if plain.strip() else text_of_html(html), LONGEST_TEXT)


def _body(mail: Any, kind: str) -> str:
    for part in parts_of(mail):
        if part.get_content_type() != kind or part.get_content_disposition() == "attachment":
            continue
        content = part.get_payload(decode=True)
        if content is None:
            return str(part.get_payload() or "")
        try:
            return str(content.decode(part.get_content_charset("utf-8") or "utf-8", "replace"))
        except (LookupError, ValueError):
            return str(content.decode("utf-8", "replace"))
    return ""
