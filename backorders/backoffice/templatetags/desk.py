"""How templates write windows, slips, money and moments."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backorders.allocation.windows import Window
from backorders.amounts import money, signed
from backorders.backoffice.dates import short, short_date, short_eta, short_window
from backorders.backoffice.impacts import Row
from backorders.backoffice.impacts import slip as slip_words
from backorders.backoffice.masking import masked, masked_words, sees_contacts
from backorders.backoffice.notices import label_of
from backorders.backoffice.plots import HEIGHT, STACK_HEIGHT, STACK_WIDTH, WIDTH, Bar, axis_of, bar
from backorders.backoffice.reports import in_words
from backorders.backoffice.zones import local
from backorders.compensation.measuring import Difference, Share

register = template.Library()
register.filter("money", money)
register.filter("signed", signed)
register.filter("in_words", in_words)
PLOTTED = 10

register.filter("eta", short_eta)
register.filter("permission", label_of)
register.filter("shortdate", short_date)


@register.filter
def window(value: Window | None) -> str:
    """Return a window of the plan: "12–16 Dec", or "No date"."""
    return short(value)


@register.inclusion_tag("backoffice/windows_plot.html")
def windows_plot(row: Row, rows: Sequence[Row]) -> dict[str, Any]:
    """Draw what the customer was told and what it would become, on one axis with the first ten rows."""
    axis = axis_of([window for other in rows[:PLOTTED] for window in (other.told, other.new)])
    return {"told": bar(row.told, axis), "new": bar(row.new, axis), "kind": row.kind, "width": WIDTH, "height": HEIGHT}


@register.inclusion_tag("backoffice/stack_plot.html")
def stack_plot(bars: Mapping[str, Bar]) -> dict[str, Any]:
    """Draw parts of a whole one behind the other, each in the look of its name; the numbers stand beside it."""
    return {"bars": bars, "width": STACK_WIDTH, "height": STACK_HEIGHT}


@register.filter
def share(value: Share) -> str:
    """Return a share with what it is of and its interval: "12 of 80: 15 % (9–24 %)"."""
    if value.share is None:
        return "–"
    part = number_format(value.share * 100, 0)
    said = {"hits": value.hits, "n": value.n, "part": part}
    said |= {"low": number_format(value.low * 100, 0), "high": number_format(value.high * 100, 0)}
    return _("%(hits)s of %(n)s: %(part)s %% (%(low)s–%(high)s %%)") % said


@register.filter
def points(value: Difference | None) -> str:
    """Return a difference in percentage points with its interval: "−4.0 (−9.1 to 1.2)"."""
    if value is None:
        return "–"
    numbers = {name: number_format(getattr(value, name) * 100, 1) for name in ("points", "low", "high")}
    return _("%(points)s (%(low)s to %(high)s)") % numbers


@register.simple_tag
def dates(first: datetime.date | None, last: datetime.date | None) -> str:
    """Return a stored window: "12–16 Dec", or "No date"."""
    return short_window(first, last)


@register.simple_tag(takes_context=True)
def contact(context: Any, text: str) -> str:
    """Return an address or number, masked for whoever may not see it, or a dash."""
    return (text if sees_contacts(context["request"].user) else masked(text)) or "–"


@register.simple_tag(takes_context=True)
def contact_words(context: Any, text: str) -> str:
    """Return a text, its addresses and customers' links masked for whoever may not see them."""
    return text if sees_contacts(context["request"].user) else masked_words(text)


@register.filter
def slip(days: int | None) -> str:
    """Return a slip in days: "+24 d"."""
    return slip_words(days)


@register.filter
def moment(at: datetime.datetime | None) -> SafeString | str:
    """Return a moment in the reader's zone, with the year where it is not this one; the exact time for machines."""
    if at is None:
        return "–"
    there = local(at)
    form = "j M H:i" if there.year == local(timezone.now()).year else "j M Y H:i"
    return format_html('<time datetime="{}">{}</time>', there.isoformat(timespec="seconds"), date_format(there, form))


@register.filter
def clock(at: datetime.datetime, form: str) -> str:
    """Return a moment in the reader's zone, in a form of Django's: "H:i"."""
    return date_format(local(at), form)


@register.filter
def day(at: datetime.datetime | None) -> str:
    """Return the day of a moment in the reader's zone."""
    return short_window(*[local(at).date()] * 2) if at else "–"


@register.filter
def minus(units: int, others: int) -> int:
    """Return the difference."""
    return units - others


@register.inclusion_tag("backoffice/range_plot.html")
def range_plot(told: Window, expected: Window) -> dict[str, Any]:
    """Draw what was told and what is expected as two bars on one axis of days; the words stand beside it."""
    first, last = min(told.first, expected.first), max(told.last, expected.last)
    span = (last - first).days + 1

    def bar(window: Window) -> dict[str, str]:
        start = (window.first - first).days * 100 / span
        width = ((window.last - window.first).days + 1) * 100 / span
        return {"x": f"{start:.1f}", "width": f"{max(width, 1.5):.1f}"}

    words = f"{short(told)} → {short(expected)}"
    return {"told": bar(told), "expected": bar(expected), "first": first, "last": last, "words": words}
