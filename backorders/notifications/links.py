"""The way from a mail to one order's status page: a random token in the address, of which we keep only the hash."""

import datetime
import hashlib
import secrets
from typing import NamedTuple

from django.conf import settings

from backorders.notifications.models import CustomerLink
from backorders.orders.models import Order

TOKEN_BYTES = 20  # 160 bits


class Link(NamedTuple):
    """A new link: its address goes into the mail, its hash into the table."""

    url: str
    token_hash: str


def new_link() -> Link:
    """Return a link nobody can guess."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return Link(f"{settings.SITE_URL}/o/{token}/", hashed(token))


def hashed(token: str) -> str:
    """Return what the table keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def order_behind(token: str, *, at: datetime.datetime) -> Order | None:
    """Return the order a token leads to; None if it is wrong, expired or revoked, which must look the same."""
    found = CustomerLink.objects.filter(token_hash=hashed(token), expires_at__gt=at, revoked_at=None)
    link = found.select_related("order__customer").first()
    return link.order if link else None
