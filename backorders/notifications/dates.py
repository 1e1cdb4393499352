"""Dates as customers read them: whole days in words, a range as wide as it is, both years where it crosses one."""

import datetime
from functools import lru_cache
from typing import Literal

from babel.dates import get_day_names, get_month_names
from django.utils.translation import gettext, override, pgettext

from backorders.allocation.windows import Window

BABEL = {"en": "en_GB", "tr": "tr"}


@lru_cache(maxsize=8192)
def in_words(window: Window, language: str) -> str:
    """Return a window for the body of a mail: "6 to 9 January 2027", "between 12 and 30 December 2026"."""
    with override(language):
        days = (window.last - window.first).days + 1
        if days == 1:
            return gettext("%(weekday)s %(day)s") % {
                "weekday": _weekday(window.first, language),
                "day": _day(window.first, language),
            }
        if days > 21:
            return _months(window, language)
        form = gettext("%(first)s to %(last)s") if days <= 7 else gettext("between %(first)s and %(last)s")
        return _ranged(form, window, language, with_year=True)


@lru_cache(maxsize=8192)
def in_brief(window: Window, language: str) -> str:
    """Return a window for a subject: "6 to 9 January", or with years and short months, "28 Dec 2026 to 4 Jan 2027"."""
    if window.first == window.last:
        return _day(window.first, language, with_year=False)
    with override(language):
        return _ranged(pgettext("in brief", "%(first)s to %(last)s"), window, language, with_year=False)


@lru_cache(maxsize=8192)
def day_in_words(day: datetime.date, language: str) -> str:
    """Return one day without its weekday: "15 December 2026"."""
    return _day(day, language)


@lru_cache(maxsize=8192)
def day_in_brief(day: datetime.date, language: str) -> str:
    """Return one day without its weekday and year: "15 December"."""
    return _day(day, language, with_year=False)


def _ranged(form: str, window: Window, language: str, *, with_year: bool) -> str:
    """Return both ends in the form; inside one month a dash between two numbers stands without spaces."""
    first, last = _ends(window, language, with_year=with_year)
    text = form % {"first": first, "last": last}
    return text.replace(f"{first} – ", f"{first}–", 1) if first.isdigit() else text


def _ends(window: Window, language: str, *, with_year: bool) -> tuple[str, str]:
    first, last = window
    crosses = first.year != last.year
    if (first.year, first.month) == (last.year, last.month):
        return str(first.day), _day(last, language, with_year=with_year)
    if crosses and not with_year:
        return _short_day(first, language), _short_day(last, language)
    return _day(first, language, with_year=crosses), _day(last, language, with_year=with_year)


def _months(window: Window, language: str) -> str:
    first, last = window
    names = [_month(day, language) for day in (first, last)]
    if (first.year, first.month) == (last.year, last.month):
        return gettext("in %(month)s") % {"month": f"{names[0]} {first.year}"}
    if first.year != last.year:
        names[0] = f"{names[0]} {first.year}"
    return gettext("from %(first)s to %(last)s") % {"first": names[0], "last": f"{names[1]} {last.year}"}


def _day(day: datetime.date, language: str, *, with_year: bool = True) -> str:
    text = f"{day.day} {_month(day, language)}"
    return f"{text} {day.year}" if with_year else text


def _short_day(day: datetime.date, language: str) -> str:
    return f"{day.day} {_month(day, language, 'abbreviated')} {day.year}"


def _month(day: datetime.date, language: str, width: Literal["wide", "abbreviated"] = "wide") -> str:
    return str(get_month_names(width, locale=BABEL[language])[day.month])


def _weekday(day: datetime.date, language: str) -> str:
    return str(get_day_names("wide", locale=BABEL[language])[day.weekday()])
