"""What a person prefers, read once per request: every page wears it."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backorders.access.checking import roles_of
from backorders.access.table import ADMINISTRATOR, AUDITOR, MANAGER, PURCHASING, SERVICE, WAREHOUSE, Role
from backorders.desk.models import Preference

# The screens that may come first, by their address.
HOMES: dict[str, Any] = {
    "index": _("Overview"),
    "waiting_lines": _("Waiting lines"),
    "expected": _("Expected receipts"),
    "inbox": _("Inbox"),
    "outbox": _("Outbox"),
    "calls": _("Calls"),
    "supply_purchaseorder_changelist": _("Purchase orders"),
    "approvals": _("Approvals"),
    "audit": _("Audit"),
    "auth_user_changelist": _("People"),
}
# Where a role begins until a person chooses another screen: its address, and what it shows there.
ROLE_HOMES: tuple[tuple[Role, str, str], ...] = (
    (MANAGER, "index", ""),
    (SERVICE, "waiting_lines", ""),
    (PURCHASING, "expected", ""),
    (WAREHOUSE, "expected", ""),
    (AUDITOR, "audit", ""),
    (ADMINISTRATOR, "auth_user_changelist", ""),
)


def home_of(person: Any, preference: Preference | None) -> str:
    """Return the address of the screen that comes first for a person: the chosen one, else their role's."""
    if preference and preference.home in HOMES:
        return reverse(f"admin:{preference.home}")
    roles = roles_of(person)
    name, query = next(((name, query) for role, name, query in ROLE_HOMES if role & roles), ("index", ""))
    return reverse(f"admin:{name}") + query


def preference_of(request: HttpRequest) -> Preference | None:
    """Return what the person who asks prefers; None if they never said."""
    if not request.user.is_authenticated:
        return None
    if not hasattr(request, "_preference"):
        found = Preference.objects.filter(person=request.user.pk).first()
        request._preference = found  # type: ignore[attr-defined]  # it lives as long as the request
    known: Any = request._preference  # type: ignore[attr-defined]
    return known  # type: ignore[no-any-return]
