"""How letters that would be written are shown: whom, about which order, from which date to which."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from backorders.allocation.windows import Window
from backorders.notifications.letters import Item, Letter
from backorders.notifications.models import Message


class LetterShown(NamedTuple):
    """One letter: its customer, its kind in words, what it says, and what becomes of it, with its tone."""

    customer: str
    email: str
    language: str
    kind: Any
    items: list["ItemShown"]
    state: str
    tone: str


class ItemShown(NamedTuple):
    """Units of a product on an order, when they were announced to come, and when they come."""

    order_id: int
    order: str
    item: str
    was: Window | None
    window: Window | None


def shown_letters(letters: Sequence[tuple[Letter, str, str]]) -> list[LetterShown]:
    """Return letters, each with its state in words and its tone, as a page shows them."""
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
            state,
            tone,
        )
        for letter, state, tone in letters
    ]


def _item(order_id: int, order: str, item: Item) -> ItemShown:
    return ItemShown(order_id, order, f"{item.quantity} × {item.name}", item.was, item.window)
