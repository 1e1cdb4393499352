"""How jobs are done: the work of an import is its own, who would be told of it is the desk's to say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.utils import timezone

from backorders.actions import approving, revising, revising_many, telling
from backorders.actions.etas import EtaChange
from backorders.allocation.impact import Impact, Move
from backorders.backoffice.demo import loading
from backorders.backoffice.impacts import as_kept, shown
from backorders.importing import opening, working
from backorders.jobs import running


@dataclass
class Seen:
    """What was seen so far of the changes of an import."""

    moves: list[Move] = field(default_factory=list)
    checked: int = 0
    uncovered: int = 0


def look_ahead(changes: Sequence[EtaChange], seen: Seen | None) -> Seen:
    """Add whom these changes would move to what was seen before."""
    seen = seen or Seen()
    if changes:
        impact = revising.preview_eta(changes, at=timezone.now())
        seen.moves += impact.moves
        seen.checked += impact.checked
        seen.uncovered += impact.uncovered
    return seen


def keep(seen: Seen) -> dict[str, Any]:
    """Return it as the import keeps it: the counts, who would be told, and the first rows."""
    impact = Impact(moves=seen.moves, checked=seen.checked, uncovered=seen.uncovered)
    return as_kept(shown(impact, at=timezone.now()))


running.can_do("check_import", partial(working.check, look_ahead=look_ahead, keep=keep), again=True)
running.can_do("apply_import", working.apply, again=True)
running.can_do("undo_import", working.undo, again=True)
approving.WAYS[opening.APPLY] = approving.Way(opening.apply_approved)
approving.WAYS[opening.UNDO] = approving.Way(opening.undo_approved)
running.can_do(loading.KIND, loading.play, again=True)
running.can_do(telling.TO_MANY, telling.writing_to_many)
running.can_do(revising_many.KIND, revising_many.working, again=True)
