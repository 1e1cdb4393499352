"""Whether an address can and may be mailed; one that cannot becomes a call, never silence."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from backorders.notifications.models import Suppression
from backorders.notifications.policy import SENDING, SendingPolicy
from backorders.refusal import said

LONGEST_LOCAL_PART = 64  # octets (RFC 5321, section 4.5.3.1)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def is_mailable(address: str) -> bool:
    """Whether this is an address that any mail server would take; spaces around it do not matter.

    Its local part is of ASCII, perhaps quoted; its domain is a name that can be written in ASCII, not a number.
    """
    local, _at, domain = address.strip(" ").rpartition("@")
    if _CONTROLS.search(address) or len(address) > 254 or len(local) > LONGEST_LOCAL_PART or domain.startswith("["):
        return False
    try:
        validate_email(f"{local}@{domain}")
        if not domain.isascii():
            validate_email(f"{local}@{domain.encode('idna').decode()}")
    except (ValidationError, UnicodeError):
        return False
    return "." in domain


def normal(address: str) -> str:
    """Return the address as suppressions keep it."""
    return address.strip().lower()


def suppressed(addresses: Iterable[str]) -> dict[str, str]:
    """Return why each of these addresses (in lower case) is not mailed; those that are, are missing."""
    wanted = {normal(address) for address in addresses if address}
    return dict(Suppression.objects.filter(address__in=wanted, lifted_at=None).values_list("address", "reason"))


def objection(address: str, kind: str, reasons: Mapping[str, str], *, policy: SendingPolicy = SENDING) -> Any:
    """Return why this kind of message cannot or may not go to this address, or nothing; `reasons` as `suppressed`."""
    if not is_mailable(address):
        return _("No valid e-mail address.")
    reason = reasons.get(normal(address))
    if is_suppressed(reason, kind, policy=policy):
        return said(
            _("The address is not mailed any more (%(reason)s)."), reason=_(Suppression.Reason(str(reason)).label)
        )
    return ""


def is_suppressed(reason: str | None, kind: str, *, policy: SendingPolicy = SENDING) -> bool:
    """Whether a suppression for this reason (or none) stops this kind: a complaint does not stop what law requires."""
    if reason is None:
        return False
    return reason != Suppression.Reason.COMPLAINT or kind not in policy.despite_complaint


# The same in the statement of the gate: for an address as suppressions keep it, and whether its kind goes despite one.
IS_NOT_SUPPRESSED = f"""NOT EXISTS (
        SELECT 1 FROM notifications_suppression x
        WHERE x.address = %s AND x.lifted_at IS NULL AND (x.reason <> '{Suppression.Reason.COMPLAINT}' OR NOT %s)
    )"""  # noqa: S608 a reason of ours
