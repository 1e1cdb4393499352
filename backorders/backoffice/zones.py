"""Moments are shown in their reader's own time zone; dates without a clock, and every rule, stay in the business's."""

import datetime
import zoneinfo
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from backorders.backoffice.preferences import preference_of

# Who reads, while a page is made for them; the preference is read when the first moment is shown.
_READER: ContextVar[HttpRequest | None] = ContextVar("reader", default=None)


@cache
def zone_names() -> tuple[str, ...]:
    """Return the zones that a person can choose: those of places, "Europe/Istanbul", and UTC."""
    places = {
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
    }
    return (*sorted(places), "UTC")


def reader_zone() -> datetime.tzinfo:
    """Return the zone of whoever reads the page that is being made; the business's without one."""
    request = _READER.get()
    known = preference_of(request) if request else None
    return zoneinfo.ZoneInfo(known.time_zone) if known and known.time_zone else timezone.get_default_timezone()


def local(at: datetime.datetime) -> datetime.datetime:
    """Return a moment in the reader's zone."""
    return at.astimezone(reader_zone())


class InTheReadersZone:
    """Middleware that knows for whom a page is made."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Make the page for this reader."""
        token = _READER.set(request)
        try:
            return self.get_response(request)
        finally:
            _READER.reset(token)
