"""Proving: everything that was promised, told, delivered and answered about one order, in one file.

The same records make the same file, byte for byte: names and times in it come from the records, never from the clock.
"""

import io
import json
import zipfile
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from django.template.loader import render_to_string

from backorders.allocation.models import PromiseChange
from backorders.delays.models import LegalCase, LegalEvent
from backorders.delays.packs import NOTE, pack_named
from backorders.notifications.models import Message
from backorders.orders.models import Cancellation, Order, Refund, Shipment

FORMAT = 1
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a ZIP knows


def proof_pack(order: Order) -> bytes:
    """Return the ZIP: `summary.json`, `summary.html`, and each mail as it was stored, `mails/<number>.eml`.

    Statements do not grow with the lines.
    """
    messages = list(
        Message.objects.filter(lines__order=order).distinct().prefetch_related("tries", "events").order_by("id")
    )
    facts = facts_of(order, messages)
    files = {
        "summary.json": json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False).encode(),
        "summary.html": render_to_string("backoffice/proof.html", {"facts": facts, "note": NOTE}).encode(),
        **{f"mails/{message.pk}.eml": as_sent(message) for message in messages if message.text},
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return held.getvalue()


def facts_of(order: Order, messages: list[Message]) -> dict[str, Any]:
    """Return everything there is about the order, as plain values, oldest first."""
    lines = list(order.lines.select_related("product").order_by("id"))
    return {
        "format": FORMAT,
        "order": {"number": order.number, "placed_at": _text(order.placed_at), "is_paid": order.is_paid},
        "lines": [
            {
                "line": line.pk,
                "product": line.product.sku,
                "quantity": line.quantity,
                "shipped": line.shipped,
                "cancelled": line.cancelled,
                "first_promise": [_text(line.first_from), _text(line.first_until)],
            }
            for line in lines
        ],
        "cases": [_case(case) for case in LegalCase.objects.filter(line__order=order).order_by("line")],
        "events": _rows(
            LegalEvent.objects.filter(case__line__order=order).order_by("at", "id"),
            *("case_id", "kind", "key", "at", "on", "until", "of", "basis"),
        ),
        "promises": _rows(
            PromiseChange.objects.filter(line__order=order).order_by("at", "id"),
            *("line_id", "at", "old_from", "old_until", "new_from", "new_until"),
        ),
        "mails": [_mail(message) for message in messages],
        "parcels": _rows(
            Shipment.objects.filter(order=order).order_by("shipped_at", "id"),
            *("id", "tracking_number", "shipped_at", "delivered_at", "delivery_confirmed_by"),
        ),
        "cancellations": _rows(
            Cancellation.objects.filter(line__order=order).order_by("at", "id"), "line_id", "quantity", "at", "reason"
        ),
        "refunds": _rows(
            Refund.objects.filter(cancellation__line__order=order).order_by("due_at", "id"),
            *("cancellation__line_id", "amount", "currency", "due_at", "paid_at"),
        ),
    }


def as_sent(message: Message) -> bytes:
    """Return a message as a mail file: its stored subject, text, HTML and headers, and nothing of today."""
    mail = EmailMessage()
    mail["Subject"] = message.subject
    mail["To"] = message.recipient
    if message.accepted_at:
        mail["Date"] = format_datetime(message.accepted_at)
    for name, value in sorted(message.headers.items()):
        mail[name] = value
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
        mail.set_boundary(f"=_{message.content_hash[:40]}")
    return mail.as_bytes()


def _case(case: LegalCase) -> dict[str, Any]:
    pack = pack_named(case.pack, case.pack_version)
    names = ("state", "ordered_on", "limit_on", "clock_on", "revised_on", "vested_on", "refund_due_on", "is_essential")
    return {
        "line": case.pk,
        "pack": f"{case.pack} {case.pack_version}",
        "measures": pack.measures.value,
        **{name: _text(getattr(case, name)) for name in names},
    }


def _mail(message: Message) -> dict[str, Any]:
    names = ("kind", "subject", "recipient", "language", "state", "created_at", "accepted_at", "content_hash")
    return {
        "mail": message.pk,
        **{name: _text(getattr(message, name)) for name in names},
        "delivery": message.get_delivery_display(),
        "attempts": [
            {"number": each.number, "started_at": _text(each.started_at), "outcome": each.outcome}
            for each in sorted(message.tries.all(), key=lambda each: each.number)
        ],
        "provider": [
            {"event": each.event_type, "occurred_at": _text(each.occurred_at)}
            for each in sorted(message.events.all(), key=lambda each: each.pk)
        ],
    }


def _rows(found: Any, *names: str) -> list[dict[str, Any]]:
    return [{name: _text(value) for name, value in row.items()} for row in found.values(*names)]


def _text(value: Any) -> Any:
    """A value as JSON keeps it; days, moments and amounts as text."""
    if value is None or isinstance(value, bool | int | dict | list):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
