"""Dates as people say them: "next week", "mid January", "end of the month", "in 10 days", and in Turkish; pure.

What is said loosely is a window, as wide as the words: the beginning of a month is its first ten days, its middle the
next ten, its end the rest. A month or weekday without a year is the next one that is not over.

Suppliers deliver on working days ahead (`spoken_span`); a search may mean what is over, and whole weeks (`asked_span`).
"""

import calendar
import datetime
import re
from typing import NamedTuple

from backorders.importing.words import folded
from backorders.searching import plain

DAY = datetime.timedelta(days=1)
MOST_DAYS = 730  # days ahead; nobody means more by "in … weeks"

Span = tuple[datetime.date, datetime.date]

_DAYS = {"today": 0, "bugun": 0, "tomorrow": 1, "yarin": 1, "dayaftertomorrow": 2, "oburgun": 2, "obur": 2}
_THIS = {"this", "bu", "current"}
_NEXT = {"next", "coming", "following", "gelecek", "onumuzdeki", "haftaya"}
_WEEK, _MONTH = {"week", "hafta", "haftaya"}, {"month", "ay", "ayin"}
_EARLY = {"early", "beginning", "start", "begin", "basi", "basinda", "baslari", "baslarinda"}
_MID = {"mid", "middle", "midle", "ortasi", "ortasinda", "ortalari", "ortalarinda"}
_LATE = {"late", "end", "eom", "sonu", "sonunda", "sonlari", "sonlarinda", "sonuna"}
_UNITS = {
    **dict.fromkeys(("day", "days", "gun", "gune", "gunde", "d"), 1),
    **dict.fromkeys(("week", "weeks", "wk", "wks", "hafta", "haftaya", "haftada"), 7),
}
_MONTHS_AHEAD = {"month", "months", "ay", "aya", "ayda"}
_FILLERS = {
    *("of", "the", "in", "within", "approx", "about", "ca", "around", "by", "from", "now", "time", "later", "after"),
    *("icinde", "sonra", "kadar", "yaklasik", "on", "to", "or", "ila", "ile"),
}
_AHEAD = {"in", "within", "later", "after", "icinde", "sonra", "now", "kadar", "time"}
_WEEKDAYS = {
    **{name: number for number, name in enumerate("monday tuesday wednesday thursday friday saturday sunday".split())},
    **{name: number for number, name in enumerate("pazartesi sali carsamba persembe cuma cumartesi pazar".split())},
}
_IN_FULL = (
    "january february march april may june july august september october november december".split(),
    "ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik".split(),
)
# The months by their folded names, English and Turkish, in full and by three letters.
MONTHS = {
    **{name[:3]: number for names in _IN_FULL for number, name in enumerate(names, 1)},
    **{name: number for names in _IN_FULL for number, name in enumerate(names, 1)},
    "sept": 9,
}
# What may be searched for, and what of it is over: the same said of so many days before today.
_ASKED = {
    *("today", "bugun", "tomorrow", "yarin", "this week", "bu hafta", "next week", "gelecek hafta"),
    *("this month", "bu ay", "next month", "gelecek ay"),
}
_OVER = {
    **dict.fromkeys(("yesterday", "dun"), ("today", 1)),
    **dict.fromkeys(("last week", "gecen hafta"), ("this week", 7)),
}


class Said(NamedTuple):
    """The words of a phrase without those that say nothing, and its numbers.

    Ahead: it counts from today. Counted: its numbers stand before the word ("2 weeks", not "week 2").
    """

    words: list[str]
    numbers: list[int]
    is_ahead: bool
    is_counted: bool


def spoken_span(text: str, *, today: datetime.date) -> Span | None:
    """Return the first and last day that a phrase means, None if it is none of these phrases."""
    said = _heard(text)
    if not said.words or len(said.words) > 4:
        return None
    for read in (_day, _weekday, _week_or_month, _part_of_month, _ahead):
        if (span := read(said, today)) is not None:
            return span
    return None


def asked_span(text: str, *, today: datetime.date) -> Span | None:
    """Return the days somebody means who searches: "15.12", "2027-01-04", "yesterday", "next-week"; None if no days.

    A day and month without a year is the one nearest to today.
    """
    name, days_ago = _OVER.get(typed := plain(text).replace("-", " "), (typed, 0))
    span = spoken_span(name, today=today - days_ago * DAY) if name in _ASKED else _written(text.strip(), today)
    return (span[0], span[0] + 6 * DAY) if span and _WEEK.intersection(name.split()) else span


def day_of(year: int, month: int, day: int) -> datetime.date | None:
    """Return the date, None if the calendar has none."""
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _written(text: str, today: datetime.date) -> Span | None:
    """The year first, or the day first with or without a year."""
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text):
        days = [day_of(int(found[1]), int(found[2]), int(found[3]))]
    elif found := re.fullmatch(r"(\d{1,2})[./](\d{1,2})(?:[./](\d{4}))?\.?", text):
        years = [int(found[3])] if found[3] else [today.year + near for near in (-1, 0, 1)]
        days = [day_of(year, int(found[2]), int(found[1])) for year in years]
    else:
        return None
    nearest = min((day for day in days if day), key=lambda day: abs(day - today), default=None)
    return (nearest, nearest) if nearest else None


def _heard(text: str) -> Said:
    parts = [folded(part) for part in re.findall(r"[^\W\d_]+|\d+", text)]
    words = [part for part in parts if part and not part.isdecimal()]
    numbers = [int(part) for part in parts if part.isdecimal() and len(part) <= 4]
    is_ahead = bool(_AHEAD.intersection(words))
    told = [part for part in parts if part and part not in _FILLERS]
    return Said([word for word in words if word not in _FILLERS], numbers, is_ahead, bool(told) and told[0].isdecimal())


def _day(said: Said, today: datetime.date) -> Span | None:
    name = "".join(said.words)
    if said.numbers or name not in (*_DAYS, "daytomorrow"):
        return None
    day = today + _DAYS.get(name, 2) * DAY
    return day, day


def _weekday(said: Said, today: datetime.date) -> Span | None:
    """A weekday alone is the next one to come. "Next Friday" is said of two different days and is not guessed."""
    if said.numbers or len(said.words) != 1 or said.words[0] not in _WEEKDAYS:
        return None
    day = today + ((_WEEKDAYS[said.words[0]] - today.weekday() - 1) % 7 + 1) * DAY
    return day, day


def _week_or_month(said: Said, today: datetime.date) -> Span | None:
    """This or next week (its working days), this or next month; "haftaya" is next week."""
    words = set(said.words)
    ahead = 1 if words & _NEXT else 0 if words & _THIS else None
    if said.numbers or ahead is None or len(words) > 2 or words - _NEXT - _THIS - _WEEK - _MONTH:
        return None
    if words & _WEEK:
        monday = today - today.weekday() * DAY + 7 * ahead * DAY
        return monday, monday + 4 * DAY
    if words & _MONTH:
        return _part(*_month_after(today, ahead), None)
    return None


def _part_of_month(said: Said, today: datetime.date) -> Span | None:
    """The beginning, middle or end of a month: a named one, this one, or the next."""
    words = set(said.words)
    part = next((number for number, names in enumerate((_EARLY, _MID, _LATE)) if words & names), None)
    rest = [word for word in said.words if word not in _EARLY | _MID | _LATE]
    if part is None or len(rest) > 2 or len(said.numbers) > 1:
        return None
    named = [MONTHS[word] for word in rest if word in MONTHS]
    if len(named) == 1 and len(rest) == 1:
        return _named(named[0], part, said.numbers, today)
    if said.numbers or set(rest) - _MONTH - _THIS - _NEXT:
        return None
    if not rest and "eom" not in words and not words & {"sonu", "ortasi", "basi"}:
        return None
    year, month = _month_after(today, 1 if set(rest) & _NEXT else 0)
    span = _part(year, month, part)
    return span if span[1] >= today or set(rest) & (_NEXT | _THIS) else _part(*_month_after(today, 1), part)


def _named(month: int, part: int, numbers: list[int], today: datetime.date) -> Span | None:
    if not numbers:
        span = _part(today.year, month, part)
        return span if span[1] >= today else _part(today.year + 1, month, part)
    year = numbers[0] + (2000 if numbers[0] < 100 else 0)
    return _part(year, month, part) if 2000 <= year < 2100 else None


def _ahead(said: Said, today: datetime.date) -> Span | None:
    """So many days, weeks or months from today; two numbers are a window ("2-3 weeks")."""
    if not 1 <= len(said.numbers) <= 2 or len(said.words) != 1 or not said.is_counted:
        return None
    if not said.is_ahead and len(said.numbers) == 1:
        return None
    unit, first, last = said.words[0], said.numbers[0], said.numbers[-1]
    if first > last:
        return None
    if unit in _UNITS and last * _UNITS[unit] <= MOST_DAYS:
        return today + first * _UNITS[unit] * DAY, today + last * _UNITS[unit] * DAY
    if unit in _MONTHS_AHEAD and last <= MOST_DAYS // 30:
        return _same_day(today, first), _same_day(today, last)
    return None


def _same_day(today: datetime.date, months: int) -> datetime.date:
    year, month = _month_after(today, months)
    return datetime.date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def _month_after(today: datetime.date, months: int) -> tuple[int, int]:
    index = today.year * 12 + today.month - 1 + months
    return index // 12, index % 12 + 1


def _part(year: int, month: int, part: int | None) -> Span:
    last = calendar.monthrange(year, month)[1]
    first, until = {None: (1, last), 0: (1, 10), 1: (11, 20), 2: (21, last)}[part]
    return datetime.date(year, month, first), datetime.date(year, month, until)
