"""How templates write windows, slips, money and moments."""

import datetime
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from backorders.allocation.windows import Window
from backorders.backoffice.dates import short, short_eta, short_window
from backorders.backoffice.impacts import slip as slip_words

register = template.Library()

register.filter("eta", short_eta)


@register.filter
def window(value: Window | None) -> str:
    """Return a window of the plan: "12–16 Dec", or "No date"."""
    return short(value)


@register.simple_tag
def dates(first: datetime.date | None, last: datetime.date | None) -> str:
    """Return a stored window: "12–16 Dec", or "No date"."""
    return short_window(first, last)


@register.filter
def slip(days: int | None) -> str:
    """Return a slip in days: "+24 d"."""
    return slip_words(days)


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency."""
    return f"{number_format(amount, decimal_pos=2, force_grouping=True)} {currency}"


@register.filter
def moment(at: datetime.datetime | None) -> SafeString | str:
    """Return a moment in the reader's zone, with the year where it is not this one; the exact time for machines."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    form = "j M H:i" if local.year == timezone.localtime().year else "j M Y H:i"
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), date_format(local, form))


@register.filter
def day(at: datetime.datetime | None) -> str:
    """Return the day of a moment in the reader's zone."""
    return short_window(*[timezone.localtime(at).date()] * 2) if at else "–"


@register.filter
def minus(units: int, others: int) -> int:
    """Return the difference."""
    return units - others
