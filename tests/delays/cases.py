"""Cases and events for tests of the law, in days after the day of the order."""

import datetime
from typing import Any

from backorders.delays import law
from backorders.delays.law import Case, Event, Kind
from backorders.delays.packs import DelayPack

O = datetime.date(2026, 3, 2)  # a Monday  # noqa: E741
T = 30


def on(offset: int) -> datetime.date:
    return O + datetime.timedelta(days=offset)


def a_case(pack: DelayPack, *, limit: int = T, **fields: Any) -> Case:
    """A case whose stated time ends `limit` days after the order."""
    return law.opened(pack, ordered_on=O, stated_on=on(limit), **fields)


def event(kind: Kind, day: int, until: int | None = None, *, key: str = "", hour: int = 12, of: str = "") -> Event:
    """An event on a day; unless it has a key, kind and day are its key."""
    at = datetime.datetime.combine(on(day), datetime.time(hour), tzinfo=datetime.UTC)
    return Event(kind, at, on(day), key or f"{kind}:{day}", None if until is None else on(until), of)


def after(case: Case, *events: Event, today: int | None = None) -> Case:
    """The case after these events, on the day of the last unless said otherwise."""
    last = max((each.on for each in events), default=O)
    return law.replay(case, events, today=on(today) if today is not None else last)
