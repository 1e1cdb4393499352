"""How dates are shown to staff: one compact form everywhere, the year only where it is not this one."""

import datetime
import re
from functools import lru_cache
from typing import Any

from babel.dates import format_interval, format_skeleton
from django.utils import timezone
from django.utils.translation import get_language, gettext, gettext_lazy

from backorders.allocation.windows import Window, business_day
from backorders.notifications.dates import BABEL
from backorders.supply.models import Confidence, PurchaseLine

SURE: dict[str, Any] = {
    Confidence.CONFIRMED: gettext_lazy("confirmed"),
    Confidence.ESTIMATE: gettext_lazy("estimate"),
    Confidence.UNCONFIRMED: gettext_lazy("unconfirmed"),
}


def short_date(day: datetime.date | None) -> str:
    """Return "Wed 16 Dec", or "No date"."""
    return short_window(day, day)


def short_window(first: datetime.date | None, last: datetime.date | None) -> str:
    """Return "12–16 Dec" (both years written if they differ from this one or from each other), or "No date"."""
    if first is None or last is None:
        return gettext("No date")
    return _window(first, last, business_day(timezone.now()).year, BABEL.get(get_language() or "", "en_GB"))


def short_eta(line: PurchaseLine) -> str:
    """Return a purchase line's ETA and, in one word, how sure it is: "12–16 Dec, estimate"."""
    window = short_window(line.eta_on, line.eta_until)
    return f"{window}, {SURE[line.confidence]}" if line.eta_on else window


def short(window: Window | None) -> str:
    """Return a window of the plan in the compact form."""
    return short_window(*window) if window else gettext("No date")


@lru_cache(maxsize=4096)
def _window(first: datetime.date, last: datetime.date, this_year: int, locale: str) -> str:
    is_near = first.year == last.year == this_year
    if first == last:
        return format_skeleton("MMMEd" if is_near else "yMMMd", first, locale=locale)
    text = format_interval(first, last, "MMMd" if is_near else "yMMMd", locale=locale)
    return re.sub(r"\s*–\s*", "–", text) if (first.year, first.month) == (last.year, last.month) else text
