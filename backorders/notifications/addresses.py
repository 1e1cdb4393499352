"""Whether an address can and may be mailed; one that cannot becomes a call, never silence."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from backorders.notifications.models import Suppression
from backorders.notifications.policy import SENDING, SendingPolicy


def is_mailable(address: str) -> bool:
    """Whether this is an address that a mail server would take."""
    try:
        validate_email(address.strip())
    except ValidationError:
        return False
    return len(address) <= 254


def normal(address: str) -> str:
    """Return the address as suppressions keep it."""
    return address.strip().lower()


def suppressed(addresses: Iterable[str]) -> dict[str, str]:
    """Return why each of these addresses (in lower case) is not mailed; those that are, are missing."""
    wanted = {normal(address) for address in addresses if address}
    return dict(Suppression.objects.filter(address__in=wanted, lifted_at=None).values_list("address", "reason"))


def is_silenced(reason: str | None, kind: str, *, policy: SendingPolicy = SENDING) -> bool:
    """Whether a suppression for this reason (or none) stops this kind: a complaint does not stop what law requires."""
    if reason is None:
        return False
    return reason != Suppression.Reason.COMPLAINT or kind not in policy.despite_complaint
