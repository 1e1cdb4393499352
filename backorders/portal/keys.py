"""The key in every form of the page: only a page of this link can have made it, and what is sent with it happens once.

It stands in for the token of Django's protection against forged requests. Whoever could forge one would have to know
the address of the page, which is the secret; and a page whose address is sent to nobody (`no-referrer`) makes browsers
send `Origin: null`, which that protection refuses. So the page needs no cookie, and works where mails open links
without one.
"""

import secrets

from django.core import signing

from backorders.notifications.links import hashed

LASTS_SECONDS = 24 * 3600
SALT = "backorders.portal"


def new_key(token: str) -> str:
    """Return a key for one form of the page behind this token."""
    return signing.dumps(secrets.token_urlsafe(9), salt=f"{SALT}.{hashed(token)}")


def nonce_of(key: str, token: str) -> str | None:
    """Return what makes the key one of a kind, or None if no page of this link made it within a day."""
    try:
        nonce: str = signing.loads(key, salt=f"{SALT}.{hashed(token)}", max_age=LASTS_SECONDS)
    except signing.BadSignature:
        return None
    return nonce
