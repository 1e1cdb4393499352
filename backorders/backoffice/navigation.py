"""Where a person can go: only what they may see is shown."""

from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _


class Entry(NamedTuple):
    """One link of the navigation."""

    label: str
    url: str
    is_here: bool


class Section(NamedTuple):
    """A group of links under one heading."""

    title: str
    entries: list[Entry]


def sections(request: HttpRequest) -> list[Section]:
    """Return the navigation of this person, with the place they are at marked."""
    plan = [
        (
            _("Orders"),
            [
                (_("Home"), "index", ""),
                (_("Waiting lines"), "waiting_lines", "orders.view_orderline"),
                (_("All orders"), "orders_order_changelist", "orders.view_order"),
                (_("Outbox"), "outbox", "notifications.view_message"),
                (_("Calls"), "calls", "notifications.view_calltask"),
            ],
        ),
        (
            _("Supply"),
            [
                (_("Purchase lines"), "supply_purchaseline_changelist", "supply.view_purchaseline"),
                (_("Purchase orders"), "supply_purchaseorder_changelist", "supply.view_purchaseorder"),
                (_("Stock"), "supply_stocklevel_changelist", "supply.view_stocklevel"),
            ],
        ),
        (
            _("Records"),
            [
                (_("Change sets"), "changes_changeset_changelist", "changes.view_changeset"),
                (_("All records"), "records", ""),
            ],
        ),
    ]
    made = [Section(title, _entries(request, entries)) for title, entries in plan]
    return [section for section in made if section.entries]


def _entries(request: HttpRequest, plan: list[tuple[str, str, str]]) -> list[Entry]:
    if not request.user.is_authenticated:
        return []
    seen = [(label, reverse(f"admin:{name}")) for label, name, permission in plan if _may(request.user, permission)]
    return [Entry(label, url, _is_here(request.path, url)) for label, url in seen]


def _may(user: User | AnonymousUser, permission: str) -> bool:
    return not permission or user.has_perm(permission)


def _is_here(path: str, url: str) -> bool:
    return path == url or (url != reverse("admin:index") and path.startswith(url))
