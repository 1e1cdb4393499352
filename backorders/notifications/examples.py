"""Letters of every kind at the edges, to read words of our own in before anybody gets them. No customer is real."""

import datetime
import decimal

from backorders.allocation.windows import Window
from backorders.delays.law import State
from backorders.delays.packs import Silence
from backorders.notifications.letters import (
    Addressee,
    Alternative,
    Gift,
    Item,
    Kind,
    Letter,
    Option,
    OrderPart,
    Owed,
    Parcel,
    Part,
)

LONG = "Aria Kettle 1.7 L with temperature control, black, brushed steel, two-year warranty"
_DATED = (Kind.LATER, Kind.EARLIER, Kind.APPROACHING)  # they are about a date, so there is one
_WITH_CHOICES = (Kind.LATER, Kind.NO_DATE, Kind.ANSWER_NEEDED)
_PAYING_BACK = (Kind.CANCELLED, Kind.SUBSTITUTED)
DAY = datetime.timedelta(days=1)


def examples(kind: str, language: str, *, today: datetime.date) -> list[tuple[str, Letter]]:
    """Return (what is special, letter) of this kind: an ordinary one first, then the hard ones."""
    soon = Window(today + 20 * DAY, today + 24 * DAY)
    one_day = Window(today + 20 * DAY, today + 20 * DAY)
    new_year = Window(datetime.date(today.year, 12, 28), datetime.date(today.year + 1, 1, 4))
    found = [
        ("ordinary", _letter(kind, language, today, soon)),
        ("no date", _letter(kind, language, today, None)),
        ("one day", _letter(kind, language, today, one_day)),
        ("over the end of a year", _letter(kind, language, today, new_year)),
        ("a long name", _letter(kind, language, today, soon, product=LONG * 2, number="N" * 40)),
        ("three items", _letter(kind, language, today, soon, items=3)),
        ("a name from right to left", _letter(kind, language, today, soon, name="شركة المثال")),
    ]
    return [each for each in found if kind not in _DATED or each[0] != "no date"]


def _option(window: Window | None, today: datetime.date) -> Option:
    """With a date a first short delay, without one a long delay: what silence means is the opposite."""
    if window is None:
        return Option(State.OPT_LONG.value, Silence.CANCEL.value, None, today + 40 * DAY)
    return Option(State.OPT_SHORT.value, Silence.CONSENT.value, window.first, window.first)


def _letter(
    kind: str,
    language: str,
    today: datetime.date,
    window: Window | None,
    *,
    name: str = "Örnek Müşteri",
    product: str = "Aria Kettle",
    number: str = "10482",
    items: int = 1,
) -> Letter:
    was = Window(today + 5 * DAY, today + 8 * DAY)
    window = None if kind == Kind.NO_DATE else window
    item = Item(
        2,
        product,
        window,
        was,
        instead_of="2 × Nova" if kind == Kind.SUBSTITUTED else "",
        alternatives=[_alternative(today)] if kind == Kind.ALTERNATIVE_OFFER else [],
    )
    order = OrderPart(
        1,
        number,
        today - 10 * DAY,
        items=[item, *(item._replace(name=f"{product} {each}") for each in range(2, items + 1))],
        parcels=[_parcel(kind, today)] if kind in (Kind.SHIPPED, Kind.DELIVERED) else [],
        owed=Owed(decimal.Decimal("20.00"), "EUR", today + 7 * DAY) if kind in _PAYING_BACK else None,
        is_paid=True,
        alternatives=2 if kind in _WITH_CHOICES else 0,
        gift=Gift("discount", decimal.Decimal("5.00"), "EUR") if kind == Kind.COMPENSATED else None,
    )
    due = today + 14 * DAY if window is None or kind == Kind.HEARTBEAT else None
    option = _option(window, today) if kind == Kind.ANSWER_NEEDED else None
    part = Part(kind, [order], today, next_update_on=due, option=option, text="…", question="…?", code="123 456")
    return Letter(Addressee(0, name, "example@example.com", language, 1), [part])


def _parcel(kind: str, today: datetime.date) -> Parcel:
    arrived = today if kind == Kind.DELIVERED else None
    return Parcel("Parcel", "42", "https://parcels.example/42", today - DAY, arrived)


def _alternative(today: datetime.date) -> Alternative:
    price, before = decimal.Decimal("18.00"), decimal.Decimal("20.00")
    window, back = Window(today + 2 * DAY, today + 4 * DAY), decimal.Decimal("3.00")
    return Alternative(2, "Nova Kettle", window, price, back, before, "EUR", less=(before - price) * 2)
