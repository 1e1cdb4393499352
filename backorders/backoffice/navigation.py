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
                (_("Deadlines"), "deadlines", "delays.view_legalcase"),
                (_("Calls"), "calls", "notifications.view_calltask"),
                (_("Questions"), "orders_question_changelist", "orders.view_question"),
                (_("Compensation"), "awards", "compensating.give"),
                (_("Replies"), "notifications_reply_changelist", "notifications.view_reply"),
                (_("Approvals"), "approvals", "approving.approve"),
            ],
        ),
        (
            _("Supply"),
            [
                (_("Expected receipts"), "expected", "supply.view_purchaseline"),
                (_("Purchase orders"), "purchase_orders", "supply.view_purchaseorder"),
                (_("Purchase lines"), "supply_purchaseline_changelist", "supply.view_purchaseline"),
                (_("Supplier answers"), "proposals", "supply.view_purchaseline"),
                (_("Import ETAs"), "imports", "revising.revise_eta"),
                (_("Stock"), "supply_stocklevel_changelist", "supply.view_stocklevel"),
            ],
        ),
        (
            _("Records"),
            [
                (_("Audit"), "audit", "changes.view_changeset"),
                (_("Health"), "health", "health.see"),
                (_("People"), "auth_user_changelist", "auth.view_user"),
                (_("All records"), "records", ""),
            ],
        ),
    ]
    made = [Section(title, _entries(request, entries)) for title, entries in plan]
    return [section for section in made if section.entries]


def acts(request: HttpRequest) -> list[tuple[str, str]]:
    """Return (label, address) of everywhere this person can go and everything they can begin."""
    begun = [
        (_("Place an order"), "place_order", "placing.place_order"),
        (_("Order goods"), "order_goods", "buying.order_goods"),
        (_("Count stock"), "adjust_stock", "counting.adjust_stock"),
        (_("Preferences"), "preferences", ""),
        (_("Keyboard map"), "keys", ""),
    ]
    everywhere = [entry for section in sections(request) for entry in section.entries]
    return [(entry.label, entry.url) for entry in [*_entries(request, begun), *everywhere]]


def _entries(request: HttpRequest, plan: list[tuple[str, str, str]]) -> list[Entry]:
    if not request.user.is_authenticated:
        return []
    seen = [
        (label, name, reverse(f"admin:{name}")) for label, name, permission in plan if _may(request.user, permission)
    ]
    return [Entry(label, url, _is_here(request.path, name, url)) for label, name, url in seen]


def _may(user: User | AnonymousUser, permission: str) -> bool:
    return not permission or user.has_perm(permission)


def _is_here(path: str, name: str, url: str) -> bool:
    return path == url or (name != "index" and path.startswith(url))
