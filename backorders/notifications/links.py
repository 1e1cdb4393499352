"""The way from a mail to its page: a random token in the address, of which we keep only the hash."""

import datetime
import hashlib
import secrets
from typing import NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from backorders.chasing.models import DateRequest
from backorders.notifications.models import CustomerLink, SupplierLink
from backorders.orders.models import Cancellation, Order, OrderLine, Shipment

TOKEN_BYTES = 20  # 160 bits
DAYS_AFTER_THE_END = 90
CHOICES = ("keep", "alternatives", "cancel")


class Link(NamedTuple):
    """A new link: its address goes into the mail, its hash into the table."""

    url: str
    token_hash: str


def new_link(*, door: str = "o") -> Link:
    """Return a link nobody can guess: to an order's page, or ("s") to the one on which a supplier answers."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return Link(f"{settings.SITE_URL}/{door}/{token}/", hashed(token))


def links_to_choices(url: str) -> dict[str, str]:
    """Return where a customer with this link decides, by what: pages that ask once more, so that looking does nothing.

    The pages are `backorders.portal`'s; a test follows every one of them.
    """
    return {f"{choice}_url": f"{url}{choice}/" for choice in CHOICES}


def hashed(token: str) -> str:
    """Return what the table keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def order_behind(token: str, *, at: datetime.datetime) -> Order | None:
    """Return the order a token leads to; None if it is wrong, expired or revoked, which must look the same.

    A link ends when its time is over, and ninety days after everything was delivered or cancelled.
    """
    known = CustomerLink.objects.filter(_live(at), token_hash=hashed(token), expires_at__gt=at, revoked_at=None)
    link = known.select_related("order__customer", "order__carrier").first()
    return link.order if link else None


def request_behind(token: str, *, at: datetime.datetime) -> DateRequest | None:
    """Return the date request a token leads to; None if it is wrong, expired or revoked, which must look the same."""
    found = SupplierLink.objects.filter(token_hash=hashed(token), expires_at__gt=at, revoked_at=None)
    link = found.select_related("request__supplier").first()
    return link.request if link else None


def order_once_behind(token: str) -> Order | None:
    """Return the order of a link whether or not it still leads there; only for mailing its customer a new one."""
    link = CustomerLink.objects.filter(token_hash=hashed(token)).select_related("order__customer").first()
    return link.order if link else None


def _live(at: datetime.datetime) -> Q:
    """Whether something of the order is on its way, or was less than ninety days ago."""
    ends = at - datetime.timedelta(days=DAYS_AFTER_THE_END)
    mine = OuterRef("order")
    parcels = Shipment.objects.filter(Q(delivered_at=None) | Q(delivered_at__gt=ends), order=mine)
    cancelled = Cancellation.objects.filter(line__order=mine, at__gt=ends)
    return Q(Exists(OrderLine.objects.open().filter(order=mine))) | Q(Exists(parcels)) | Q(Exists(cancelled))
