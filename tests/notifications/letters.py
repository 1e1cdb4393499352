"""Letters of every kind for the tests of the mails: ordinary ones, and ones that are hard to write."""

import datetime
from dataclasses import replace
from decimal import Decimal
from typing import Any

from backorders.allocation.windows import Window
from backorders.notifications.letters import (
    Addressee,
    Alternative,
    Gift,
    Item,
    Letter,
    Money,
    Option,
    OrderPart,
    Owed,
    Parcel,
    Part,
)
from backorders.notifications.models import TO_CUSTOMERS

TODAY = datetime.date(2026, 11, 24)
JANUARY = Window(datetime.date(2027, 1, 6), datetime.date(2027, 1, 9))
DECEMBER = Window(datetime.date(2026, 12, 12), datetime.date(2026, 12, 16))
NEW_YEAR = Window(datetime.date(2026, 12, 28), datetime.date(2027, 1, 4))
KETTLE = "Aria Kettle 1.7 L, black"
CHOICES = [
    Alternative(
        1,
        "Nova Kettle 1.5 L",
        DECEMBER,
        Decimal("1750.00"),
        Decimal("140.00"),
        Decimal("1890.00"),
        "TRY",
        less=Decimal("140.00"),
    ),
    Alternative(
        1,
        "Lyra Kettle 1.7 L",
        NEW_YEAR,
        Decimal("1890.00"),
        Decimal(0),
        Decimal("1890.00"),
        "TRY",
        less=Decimal(0),
    ),
]
UNDATED = ("confirmation", "shipped", "delivered", "heartbeat", "alternative_offer")
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
    return OrderPart(order_id, number, datetime.date(2026, 11, 2), **{"is_paid": True, **fields})


def option(window: Window | None, **fields: Any) -> Option:
    """A short delay if there is a date, else a long one."""
    last = datetime.date(2026, 12, 20)
    short = Option("opt_short", "consent", datetime.date(2027, 1, 4), datetime.date(2027, 1, 4))
    return (short if window else Option("opt_long", "cancel", None, last))._replace(**fields)


def part(kind: str, *, number: str = "10482", window: Window | None = JANUARY, order_id: int = 1) -> Part:
    """An ordinary part of a kind about one order."""
    moved = Item(1, KETTLE, window, DECEMBER)
    parcel = Parcel("Parcel & Sons", "TR 42/7", "https://parcels.example/?no=TR%2042", datetime.date(2026, 11, 23))
    makers: dict[str, dict[str, Any]] = {
        "confirmation": {"ready": [Item(2, "Descaler")], "items": [Item(1, KETTLE, window)]},
        "later": {"items": [moved], "alternatives": 2},
        "earlier": {"items": [moved]},
        "no_date": {"items": [Item(1, KETTLE, None, DECEMBER)], "alternatives": 1},
        "approaching": {"items": [Item(1, KETTLE, window)]},
        "heartbeat": {"items": [Item(1, KETTLE, window)]},
        "delivered": {
            "items": [Item(2, "Descaler")],
            "rest": [Item(1, KETTLE, window)],
            "parcels": [parcel._replace(arrived_on=datetime.date(2026, 11, 24))],
        },
        "alternative_offer": {"items": [Item(1, KETTLE, window, alternatives=CHOICES)]},
        "shipped": {"items": [Item(2, "Descaler")], "rest": [Item(1, KETTLE, window)], "parcels": [parcel]},
        "cancelled": {
            "items": [Item(1, KETTLE)],
            "owed": Owed(Decimal("1890.50"), "TRY", datetime.date(2026, 12, 1)),
        },
        "answer_needed": {"items": [moved], "alternatives": 2},
        "message": {"items": [moved]},
        "substituted": {
            "items": [Item(1, "Nova Kettle 1.5 L", window, instead_of=f"1 × {KETTLE}")],
            "owed": Owed(Decimal("60.25"), "TRY", datetime.date(2026, 12, 1)),
            "on_top": Money(Decimal("12.50"), "TRY"),
        },
        "question_answer": {"items": [moved]},
        "contact_code": {},
        "address_changed": {},
        "compensated": {"items": [Item(1, KETTLE)], "gift": Gift("discount", Decimal("189.00"), "TRY")},
    }
    return Part(
        kind,
        [order(number, order_id, **makers[kind])],
        TODAY,
        reason="part_shortage" if kind in ("later", "no_date") else "",
        is_sorry=kind in ("later", "no_date"),
        option=option(window) if kind == "answer_needed" else None,
        next_update_on=datetime.date(2026, 12, 8) if kind in ("no_date", "heartbeat") or window is None else None,
        text="Thank you.\nAs agreed.\n\nSee below." if kind in ("message", "question_answer") else "",
        question="Coming <soon>?\nHopefully." if kind == "question_answer" else "",
        code="123 456" if kind == "contact_code" else "",
    )


def legal_parts() -> list[Part]:
    """Every variant of the notice that the law asks for."""
    last = datetime.date(2026, 12, 20)
    options = [
        (JANUARY, option(JANUARY)),
        (JANUARY, option(JANUARY, state="opt_long", silence="cancel", answer_by=last)),
        (None, option(None)),
        (None, option(None, is_reminder=True)),
        (JANUARY, option(JANUARY, state="opt_renewed", silence="cancel", answer_by=last)),
        (JANUARY, option(JANUARY, state="opt_renewed", silence="cancel", measures="deliver", answer_by=last)),
        (JANUARY, Option("may_terminate", "none", None, None)),
        (None, Option("may_terminate", "none", None, None)),
    ]
    return [replace(part("answer_needed", window=window), option=offered) for window, offered in options]


def letter(*parts: Part, language: str = "en", **to: Any) -> Letter:
    return Letter(addressee(language, **to), parts)


def ordinary(kind: str, language: str) -> Letter:
    return letter(part(kind), language=language)


def hard_ones(language: str) -> list[Letter]:
    """Letters at the edges: over the year's end, long numbers, no dates, everything at once, hundreds of orders."""
    kinds = list(TO_CUSTOMERS)
    dated = [kind for kind in kinds if kind != "no_date"]
    many = [order(f"N-{number}", number, items=[Item(1, KETTLE, JANUARY, DECEMBER)]) for number in range(1, 300)]
    split = [Item(1, KETTLE, JANUARY, DECEMBER), Item(1, "Descaler", NEW_YEAR, DECEMBER)]
    named = f"{KETTLE} " * 8
    many_choices = [Item(1, named, None, alternatives=[each._replace(name=named) for each in CHOICES])] * 100
    long_items = [Item(1, f"{KETTLE} " * 8, JANUARY, DECEMBER)] * 500
    return [
        *(letter(part(kind, window=NEW_YEAR), language=language) for kind in dated),
        *(letter(part(kind, number="N" * 40, window=NEW_YEAR), language=language) for kind in kinds),
        *(
            letter(Part(kind, [order(items=split)], TODAY), language=language)
            for kind in ("confirmation", "later", "earlier", "approaching")
        ),
        *(letter(part(kind, window=None), language=language) for kind in UNDATED),
        *(letter(legal, language=language) for legal in legal_parts()),
        letter(
            Part("heartbeat", [order(items=split)], TODAY, next_update_on=datetime.date(2026, 12, 8)),
            language=language,
        ),
        letter(*(part(kind, number=f"1048{n}", order_id=n) for n, kind in enumerate(kinds, 1)), language=language),
        letter(Part("later", many, TODAY, is_sorry=True), language=language),
        letter(Part("later", [order(items=long_items)], TODAY), language=language),
        letter(Part("alternative_offer", [order(items=many_choices)], TODAY), language=language),
    ]
