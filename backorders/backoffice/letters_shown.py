"""How letters that would be written are shown: whom, about which order, from which date to which."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from backorders.allocation.windows import Window
from backorders.notifications.addresses import is_mailable, is_suppressed, normal, suppressed
from backorders.notifications.letters import Item, Letter
from backorders.notifications.models import Message

SHOWN = 100


class LetterShown(NamedTuple):
    """One letter: its customer, its kind in words, what it says, and whether a mail reaches them at all."""

    customer: str
    email: str
    language: str
    kind: Any
    items: list["ItemShown"]
    is_unreached: bool


class ItemShown(NamedTuple):
    """Units of a product on an order, when they were announced to come, and when they come."""

    order_id: int
    order: str
    item: str
    was: Window | None
    window: Window | None


def shown_letters(letters: Sequence[Letter]) -> list[LetterShown]:
    """Return the first letters as a page shows them."""
    first = letters[:SHOWN]
    reasons = suppressed(letter.to.email for letter in first)
    return [
        LetterShown(
            letter.to.name,
            letter.to.email,
            letter.to.language.upper(),
            _(str(Message.Kind(letter.kind).label)),
            [
                _item(order.order_id, order.number, item)
                for part in letter.parts
                for order in part.orders
                for item in order.items
            ],
            not is_mailable(letter.to.email) or is_suppressed(reasons.get(normal(letter.to.email)), letter.kind),
        )
        for letter in first
    ]


def _item(order_id: int, order: str, item: Item) -> ItemShown:
    return ItemShown(order_id, order, f"{item.quantity} × {item.name}", item.was, item.window)
