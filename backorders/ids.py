"""Ids as they come with a request: texts that may be anything."""

from collections.abc import Iterable

MOST_DIGITS = 18  # every number of so many digits fits a bigint


def typed_id(text: str) -> int | None:
    """Return the id that a text names, or None if no row of any database can have it."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def typed_ids(texts: Iterable[str]) -> list[int]:
    """Return the ids among the texts, in their order."""
    return [pk for text in texts if (pk := typed_id(text)) is not None]
