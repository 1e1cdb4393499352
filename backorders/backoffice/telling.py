"""Who will hear of a move: asked of the rules of announcing, put in the words of the screens."""

from collections.abc import Iterable, Iterator, Sequence

from django.db import models
from django.utils.translation import gettext_lazy as _

from backorders.allocation.impact import Move
from backorders.allocation.models import Promise
from backorders.allocation.windows import Window
from backorders.notifications.weighing import worth_telling
from backorders.orders.models import Customer

CHUNK = 10_000


class Then(models.TextChoices):
    """What follows from a move for its customer."""

    TELL = "tell", _("e-mail")
    CALL = "call", _("call: no valid address")
    CONFIRM = "confirm", _("in the order confirmation")
    INSIDE = "inside", _("nothing: not worth telling")


def thens(moves: Sequence[Move]) -> dict[int, Then]:
    """Return what follows from each move, by its line."""
    announced = dict(_announced([move.line_id for move in moves]))
    return {move.line_id: _then(move, announced) for move in moves}


def reached(customers: Iterable[int]) -> set[int]:
    """Return those of the customers whom a mail can reach."""
    found: set[int] = set()
    for some in _chunks(sorted(customers)):
        found |= set(Customer.objects.filter(pk__in=some, email__contains="@").values_list("pk", flat=True))
    return found


def _then(move: Move, announced: dict[int, Window | None]) -> Then:
    if move.line_id not in announced:
        return Then.CONFIRM
    return Then.TELL if worth_telling(move.new, announced[move.line_id]) else Then.INSIDE


def _announced(lines: Sequence[int]) -> Iterator[tuple[int, Window | None]]:
    """Yield (line, what was announced) for the lines of which something was announced."""
    for some in _chunks(lines):
        rows = Promise.objects.filter(pk__in=some, announced_at__isnull=False)
        for line, first, last in rows.values_list("pk", "announced_from", "announced_until"):
            yield line, Window(first, last) if first and last else None


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
