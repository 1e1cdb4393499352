"""Logs say what happened, never to whom: no mail address, no customer's link, no password of a server."""

import logging
import re

_PERSONAL = re.compile(
    r"(?P<password>://[^\s/@]*:[^\s/@]*(?=@))"
    r"|(?P<address>[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)+[\w-]+)"
    r"|(?P<link>/o/[\w-]{8,})"
)
_INSTEAD = {"password": "://…", "address": "(address)", "link": "/o/…"}


class Discreet(logging.Formatter):
    """Formats a whole entry, its traceback included, without what is personal in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry with addresses, links and passwords left out."""
        return _PERSONAL.sub(lambda found: _INSTEAD[found.lastgroup or ""], super().format(record))
