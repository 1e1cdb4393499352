"""A gap is open while what is expected differs from what was announced: here it opens, closes and opens again.

Only the books say the same rule once more, to check it.
"""

from collections.abc import Sequence

from django.db import connection
from django.db.models import F

from backorders.allocation.models import Promise

EXPECTED, ANNOUNCED = ("expected_from", "expected_until"), ("announced_from", "announced_until")


def gap_since(
    expected: tuple[str, str] = EXPECTED, announced: tuple[str, str] = ANNOUNCED, *, none_if: str, opens: str = "%s"
) -> str:
    """Return the SQL of `gap_since` for windows that are columns or parameters, first and last day.

    There is no gap where `none_if` holds: before the first announcement, which will state whatever is expected then.
    One that is open keeps the moment at which it opened; a new one `opens` at the moment given.
    """
    return f"""CASE
            WHEN {none_if} THEN NULL
            WHEN {expected[0]} IS NOT DISTINCT FROM {announced[0]}
                AND {expected[1]} IS NOT DISTINCT FROM {announced[1]} THEN NULL
            ELSE coalesce(gap_since, {opens})
        END"""


def close_promises(line_ids: Sequence[int]) -> None:
    """Close the promises of lines with nothing open any more: no gap, and messages that state them are outdated."""
    Promise.objects.filter(pk__in=line_ids).update(is_open=False, gap_since=None, uncovered=0, version=F("version") + 1)


_REOPEN = f"""
    UPDATE allocation_promise SET is_open = %s, version = version + 1,
        gap_since = {gap_since(none_if="announced_at IS NULL", opens="changed_at")}
    WHERE line_id IN ({{ids}})
"""  # noqa: S608 columns


def reopen_promises(line_ids: Sequence[int]) -> None:
    """Open the promises of lines of which something is open again; what was not announced before is not now."""
    if line_ids:
        with connection.cursor() as cursor:
            cursor.execute(_REOPEN.format(ids=", ".join(["%s"] * len(line_ids))), [True, *line_ids])


_OPEN_MISSING = f"""
    UPDATE allocation_promise SET gap_since = changed_at, weighed_version = NULL
    WHERE product_id = %s AND gap_since IS NULL AND is_open
        AND ({gap_since(none_if="announced_at IS NULL", opens="changed_at")}) IS NOT NULL
"""  # noqa: S608 columns


def open_missing_gaps(product_id: int) -> None:
    """Put on the work list what is expected of a product but was not announced, and is not there."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_MISSING, [product_id])
