"""Whom a moved date concerns: what was announced of each promise, and who is never written to."""

from collections.abc import Iterable

from backorders.allocation.models import Promise
from backorders.allocation.windows import Window
from backorders.orders.models import Customer
from backorders.rows import batches

CHUNK = 10_000


def announced_of(line_ids: Iterable[int]) -> dict[int, Window | None]:
    """Return what was announced of these lines (None: that there is no date), without those nothing was said of.

    One statement for every ten thousand.
    """
    found: dict[int, Window | None] = {}
    for some in batches(line_ids, CHUNK):
        said = Promise.objects.filter(pk__in=some, announced_at__isnull=False)
        for line, first, last in said.values_list("pk", "announced_from", "announced_until"):
            found[line] = Window.between(first, last)
    return found


def never_written_to(customers: Iterable[int]) -> set[int]:
    """Return those of the customers (ids) who get no mail by their own wish or ours."""
    without_mail = Customer.objects.filter(is_written_to=False).values_list("pk", flat=True)
    return set(customers).intersection(without_mail)
