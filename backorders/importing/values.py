"""What the cells of a list say: dates in any way people write them, and whole units."""

import datetime
import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from backorders.importing.spoken import MONTHS, day_of, spoken_span
from backorders.importing.words import folded

DAY = datetime.timedelta(days=1)
EXCEL_EPOCH = datetime.date(1899, 12, 30)
EXCEL_DAYS = range(36526, 73051)  # the years 2000 to 2099
NO_DATE = {
    *("unknown", "tbd", "tba", "tbc", "none", "na", "nodate", "open", "pending", "notknown", "onhold"),
    *("bilinmiyor", "belirsiz", "yok", "belli degil", "bellidegil", "acik", "beklemede", "tarihyok"),
}
_TIME = re.compile(r"[T\s]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$")
_WEEK = re.compile(r"(?:in)?(week|wk|w|kw|hafta|h)(\d{1,2})((?:19|20)\d\d)?$")
_WEEK_OF_YEAR = re.compile(r"((?:19|20)\d\d)(week|wk|w|kw|hafta|h)(\d{1,2})(hafta)?$")
_NUMBER_OF_WEEK = re.compile(r"((?:19|20)\d\d)?(\d{1,2})(week|hafta)((?:19|20)\d\d)?$")


class Days(NamedTuple):
    """A date or a window as a list states it; both empty: it states that there is no date."""

    first: datetime.date | None
    last: datetime.date | None


NOTHING = Days(None, None)


def read_days(text: str, *, today: datetime.date, order: str = "") -> list[Days]:
    """Return what a date cell can mean: nothing it is readable as, one reading, or day first and then month first.

    `order` ("dmy" or "mdy") decides between two readings. A year that is left out is the one that makes the date the
    next to come. Weeks are ISO 8601 weeks, Monday to Friday.
    """
    text = _TIME.sub("", text.strip())
    word = folded(text)
    if not word:
        return [NOTHING] if text in {"-", "–", "—", "?"} else []
    if word in NO_DATE:
        return [NOTHING]
    for read in (_serial, _compact, _spoken, _week, _month_names):
        if (found := read(text, word, today)) is not None:
            return [found]
    return _numbers(text, today=today, order=order)


def proves(text: str) -> str:
    """Return the order of day and month that this date proves, or nothing."""
    match = re.fullmatch(r"(\d{1,2})[/.\-\s](\d{1,2})[/.\-\s](\d{4}|\d{2})", _TIME.sub("", text.strip()))
    if not match:
        return ""
    first, second = int(match[1]), int(match[2])
    if first > 12 >= second:
        return "dmy"
    return "mdy" if second > 12 >= first else ""


def read_units(text: str) -> list[int]:
    """Return the whole numbers a quantity cell can mean, the likeliest first; none if it is no quantity.

    "1.200" can be twelve hundred or, from a system that writes three decimals, one and a fifth (which is no whole
    number); "60,000" can be sixty thousand or sixty.
    """
    text = re.sub(r"(?i)\s*(pcs?|pieces?|units?|ea|adet|ad|stk)\.?$", "", text.strip())
    text = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("'", "")
    if not re.fullmatch(r"[+]?\d[\d.,]{0,15}", text):
        return []
    readings = [text.replace(",", ""), text.replace(".", "").replace(",", ".")]
    if not re.search(r"[.,]", text):
        readings = [text]
    found = [number for reading in readings if (number := _whole(reading)) is not None]
    return list(dict.fromkeys(found))


def _whole(text: str) -> int | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return int(number) if number == number.to_integral_value() and 0 < number <= 10_000_000 else None


def _serial(text: str, word: str, today: datetime.date) -> Days | None:
    """A date as spreadsheets count them, in days."""
    if re.fullmatch(r"\d{5}([.,]\d+)?", text) and (days := int(text[:5])) in EXCEL_DAYS:
        return _one(EXCEL_EPOCH + days * DAY)
    return None


def _compact(text: str, word: str, today: datetime.date) -> Days | None:
    match = re.fullmatch(r"((?:19|20)\d\d)[-/.\s]?(\d{1,2})[-/.\s]?(\d{1,2})", text)
    if match and (len(text) >= 8 or not text.isdecimal()):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    return None


def _week(text: str, word: str, today: datetime.date) -> Days | None:
    year: str | None = None
    if match := _WEEK_OF_YEAR.fullmatch(word):
        year, number = match[1], int(match[3])
    elif match := _WEEK.fullmatch(word):
        number, year = int(match[2]), match[3]
    elif match := _NUMBER_OF_WEEK.fullmatch(word):
        number, year = int(match[2]), match[1] or match[4]
    else:
        return None
    return _of_week(int(year) if year else today.isocalendar().year, number, today=None if year else today)


def _spoken(text: str, word: str, today: datetime.date) -> Days | None:
    span = spoken_span(text, today=today)
    return Days(*span) if span else None


def _of_week(year: int, number: int, *, today: datetime.date | None) -> Days | None:
    try:
        monday = datetime.date.fromisocalendar(year, number, 1)
    except ValueError:
        return None
    if today and monday + 6 * DAY < today:
        return _of_week(year + 1, number, today=None)
    return Days(monday, monday + 4 * DAY)


def _month_names(text: str, word: str, today: datetime.date) -> Days | None:
    """Return dates with a name in them: "4 Jan 2027", "Jan 4, 2027", "4 Ocak", "January 2027" (all of it)."""
    parts = re.findall(r"[^\W\d_]+|\d+", text)
    names = [MONTHS[name] for part in parts if (name := folded(part)) in MONTHS]
    numbers = [int(part) for part in parts if part.isdecimal()]
    if len(names) != 1 or len(numbers) > 2:
        return None
    years = [number for number in numbers if number > 31]
    days = [number for number in numbers if number <= 31]
    if len(numbers) == 2 and len(days) == 2:  # "4 Jan 27"
        years, days = [2000 + days[1]], days[:1]
    if not days:
        return _month(years[0], names[0]) if years else None
    return _date(years[0], names[0], days[0]) if years else _next(names[0], days[0], today)


def _month(year: int, month: int) -> Days | None:
    if not 2000 <= year < 2100:
        return None
    following = datetime.date(year + month // 12, month % 12 + 1, 1)
    return Days(datetime.date(year, month, 1), following - DAY)


def _numbers(text: str, *, today: datetime.date, order: str) -> list[Days]:
    match = re.fullmatch(r"(\d{1,2})([/.\-\s])(\d{1,2})(?:[/.\-\s]((?:\d{2}){1,2}))?\.?", text)
    if not match:
        return []
    first, second, year = int(match[1]), int(match[3]), match[4]
    made = {name: _made(year, *pair, today) for name, pair in (("dmy", (second, first)), ("mdy", (first, second)))}
    if match[2] == "." or made["dmy"] == made["mdy"]:
        order = "dmy"  # nobody writes the month first with points
    wanted = [made[order]] if order and made[order] else list(made.values())
    return [days for days in wanted if days]


def _made(year: str | None, month: int, day: int, today: datetime.date) -> Days | None:
    if year is None:
        return _next(month, day, today)
    return _date(int(year) + (2000 if len(year) == 2 else 0), month, day)


def _next(month: int, day: int, today: datetime.date) -> Days | None:
    this = _date(today.year, month, day)
    if this is not None and this.first is not None and this.first < today:
        return _date(today.year + 1, month, day)
    return this


def _date(year: int, month: int, day: int) -> Days | None:
    found = day_of(year, month, day) if 2000 <= year < 2100 else None
    return _one(found) if found else None


def _one(day: datetime.date) -> Days:
    return Days(day, day)
