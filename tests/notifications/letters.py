"""Letters of every kind for the tests of the mails: ordinary ones, and ones that are hard to write."""

import datetime
from decimal import Decimal
from typing import Any

from backorders.allocation.windows import Window
from backorders.notifications.letters import Addressee, Item, Letter, OrderPart, Owed, Parcel, Part
from backorders.notifications.models import Message

TODAY = datetime.date(2026, 11, 24)
JANUARY = Window(datetime.date(2027, 1, 6), datetime.date(2027, 1, 9))
DECEMBER = Window(datetime.date(2026, 12, 12), datetime.date(2026, 12, 16))
NEW_YEAR = Window(datetime.date(2026, 12, 28), datetime.date(2027, 1, 4))
KETTLE = "Aria Kettle 1.7 L, black"
LINKS = {order: f"https://shop.example/o/token-{order}/" for order in range(1, 400)}


def addressee(language: str = "en", **fields: Any) -> Addressee:
    return Addressee(
        **{
            "customer_id": 1,
            "name": "Elif Kaya",
            "email": "elif@example.com",
            "address_version": 1,
            "language": language,
            **fields,
        }
    )


def order(number: str = "10482", order_id: int = 1, **fields: Any) -> OrderPart:
    return OrderPart(order_id, number, datetime.date(2026, 11, 2), **fields)


def part(kind: str, *, number: str = "10482", window: Window | None = JANUARY, order_id: int = 1) -> Part:
    """An ordinary part of a kind about one order."""
    moved = Item(1, KETTLE, window, DECEMBER)
    parcel = Parcel("Parcel & Sons", "TR 42/7", "https://parcels.example/?no=TR%2042", datetime.date(2026, 11, 23))
    makers: dict[str, dict[str, Any]] = {
        "confirmation": {"ready": [Item(2, "Descaler")], "items": [Item(1, KETTLE, window)]},
        "later": {"items": [moved]},
        "earlier": {"items": [moved]},
        "no_date": {"items": [Item(1, KETTLE, None, DECEMBER)]},
        "approaching": {"items": [Item(1, KETTLE, window)]},
        "shipped": {"items": [Item(2, "Descaler")], "rest": [Item(1, KETTLE, window)], "parcels": [parcel]},
        "cancelled": {
            "items": [Item(1, KETTLE)],
            "owed": Owed(Decimal("1890.50"), "TRY", datetime.date(2026, 12, 1)),
        },
    }
    return Part(
        kind,
        [order(number, order_id, **makers[kind])],
        TODAY,
        reason="part_shortage" if kind in ("later", "no_date") else "",
        is_sorry=kind in ("later", "no_date"),
        is_near=kind == "approaching",
        next_update_on=datetime.date(2026, 12, 8) if kind == "no_date" or window is None else None,
    )


def letter(*parts: Part, language: str = "en", **to: Any) -> Letter:
    return Letter(addressee(language, **to), parts)


def ordinary(kind: str, language: str) -> Letter:
    return letter(part(kind), language=language)


def hard_ones(language: str) -> list[Letter]:
    """Letters at the edges: over the year's end, long numbers, no dates, everything at once, hundreds of orders."""
    kinds = [str(kind) for kind in Message.Kind]
    dated = [kind for kind in kinds if kind != "no_date"]
    many = [order(f"N-{number}", number, items=[Item(1, KETTLE, JANUARY, DECEMBER)]) for number in range(1, 300)]
    split = [Item(1, KETTLE, JANUARY, DECEMBER), Item(1, "Descaler", NEW_YEAR, DECEMBER)]
    long_items = [Item(1, f"{KETTLE} " * 8, JANUARY, DECEMBER)] * 500
    return [
        *(letter(part(kind, window=NEW_YEAR), language=language) for kind in dated),
        *(letter(part(kind, number="N" * 40, window=NEW_YEAR), language=language) for kind in kinds),
        *(
            letter(Part(kind, [order(items=split)], TODAY), language=language)
            for kind in ("confirmation", "later", "earlier", "approaching")
        ),
        letter(part("confirmation", window=None), language=language),
        letter(part("shipped", window=None), language=language),
        letter(*(part(kind, number=f"1048{n}", order_id=n) for n, kind in enumerate(kinds, 1)), language=language),
        letter(Part("later", many, TODAY, is_sorry=True), language=language),
        letter(Part("later", [order(items=long_items)], TODAY), language=language),
    ]
