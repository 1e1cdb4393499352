"""Words of the page for values: money, moments with the zone they are told in, addresses that show only their ends."""

import datetime
import zoneinfo
from decimal import Decimal

from babel.dates import get_timezone_location
from babel.numbers import format_currency
from django.conf import settings

from backorders.notifications import dates


def money(amount: Decimal, currency: str, language: str) -> str:
    """Return an amount as the language writes it: "€1,890.00", "₺1.890,00"."""
    return format_currency(amount, currency, locale=dates.BABEL[language])


def moment(at: datetime.datetime, zone_name: str, language: str) -> str:
    """Return a moment on the customer's clock, and whose clock it is: "24 November 2026, 14:05 (Istanbul)"."""
    zone = zone_of(zone_name)
    local = at.astimezone(zone)
    place = get_timezone_location(zone, locale=dates.BABEL[language], return_city=True)
    return f"{dates.day_in_words(local.date(), language)}, {local:%H:%M} ({place})"


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """Return the time zone of this name; the business's own for a name that is none."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


def masked(email: str) -> str:
    """Return an address that its owner recognises and nobody else learns: "e•••@e•••.com"."""
    name, at, host = email.partition("@")
    if not at:
        return ""
    domain, dot, top = host.rpartition(".")
    return f"{name[:1]}•••@{domain[:1]}•••{dot}{top}"


def masked_phone(phone: str) -> str:
    """Return the last two digits of a number."""
    return f"••• {phone[-2:]}" if len(phone) > 4 else ""
