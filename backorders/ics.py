"""Days on which something is expected, as a calendar of the world reads them: iCalendar, RFC 5545."""

import datetime
from collections.abc import Iterable, Iterator
from typing import NamedTuple

DAY = datetime.timedelta(days=1)
LONGEST = 75  # bytes of a line, section 3.1


class Event(NamedTuple):
    """Something on a day or several: dates, no clock."""

    uid: str
    first: datetime.date
    last: datetime.date
    title: str
    text: str
    url: str
    is_sure: bool


def calendar(events: Iterable[Event], *, name: str, at: datetime.datetime) -> str:
    """Return the calendar file."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Backorders//Expected//EN", "METHOD:PUBLISH"]
    lines += [f"X-WR-CALNAME:{_escaped(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H"]
    for event in events:
        lines += _event(event, at)
    return "".join(f"{line}\r\n" for whole in [*lines, "END:VCALENDAR"] for line in [_folded(whole)])


def _event(event: Event, at: datetime.datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{at.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{event.first:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.last + DAY:%Y%m%d}"
    yield f"SUMMARY:{_escaped(event.title)}"
    yield f"DESCRIPTION:{_escaped(event.text)}"
    if event.url:
        yield f"URL:{event.url}"
    yield f"STATUS:{'CONFIRMED' if event.is_sure else 'TENTATIVE'}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _escaped(text: str) -> str:
    for sign, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r", ""), ("\n", "\\n")):
        text = text.replace(sign, written)
    return text


def _folded(line: str) -> str:
    """Fold a line after 75 bytes, never inside a sign."""
    folded, used = "", 0
    for sign in line:
        size = len(sign.encode())
        if used + size > LONGEST:
            folded, used = f"{folded}\r\n ", 1
        folded, used = folded + sign, used + size
    return folded
