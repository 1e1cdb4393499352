"""Threads: the address a customer replies to says which order it is about, by a token that says nothing else."""

import base64
import datetime
import re
import secrets
from collections.abc import Collection
from email.utils import formataddr, parseaddr

from django.conf import settings

from backorders import rows
from backorders.notifications.models import Thread
from backorders.orders.models import Order

TOKEN_BYTES = 12  # 96 bits, in 20 letters and digits that survive any mail program

_TOKEN = re.compile(r"[a-z2-7]{20}", re.IGNORECASE)
_TAG = re.compile(r"\+([a-z2-7]{20})@", re.IGNORECASE)


def tokens_of(order_ids: Collection[int], *, at: datetime.datetime) -> dict[int, str]:
    """Return the token of each order's thread; threads that are not there yet begin. At most three statements."""
    known = _known(order_ids)
    missing = sorted(set(order_ids) - known.keys())
    if missing:
        rows.run(_BEGIN, Thread, ["order", "token", "created_at"], [(pk, _new_token(), at) for pk in missing])
        known |= _known(missing)
    return known


_BEGIN = """
    INSERT INTO notifications_thread (order_id, token, created_at) SELECT {0}, {1}, {2} FROM {source} WHERE true
    ON CONFLICT (order_id) DO NOTHING
"""


def _known(order_ids: Collection[int]) -> dict[int, str]:
    return dict(Thread.objects.filter(order__in=order_ids).values_list("order_id", "token"))


def _new_token() -> str:
    return base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().rstrip("=").lower()


def reply_to(token: str) -> str:
    """Return the address to reply to: the thread's own where mail is taken in for us, else the mailbox that is read."""
    if not (settings.INBOUND_ADDRESS and token):
        return str(settings.REPLY_TO)
    name, address = parseaddr(settings.INBOUND_ADDRESS)
    local, _at, domain = address.rpartition("@")
    return formataddr((name, f"{local}+{token}@{domain}"))


def token_in(*addresses: str) -> str:
    """Return the first thread's token that stands in one of these addresses, or nothing."""
    found = (_TAG.search(address) for address in addresses)
    return next((match[1].lower() for match in found if match), "")


def way_out(token: str) -> dict[str, str]:
    """Return the headers with which a mail program stops what is optional, in one click (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{settings.SITE_URL}/u/{token}/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def order_of(token: str) -> Order | None:
    """Return the order that a thread is about; None if there is no such thread."""
    if not _TOKEN.fullmatch(token):  # whatever else stands in an address, a database is not asked for it
        return None
    thread = Thread.objects.filter(token=token.lower()).select_related("order__customer").first()
    return thread.order if thread else None
