"""What every verb answers: its change set, what it did to those who wait, and what it made."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from backorders.allocation.impact import Impact
from backorders.changes.models import ChangeSet

Made = TypeVar("Made")


@dataclass(frozen=True)
class Done(Generic[Made]):
    """The answer of a verb. `made` is the record the act made, or None."""

    change_set: ChangeSet
    impact: Impact
    made: Made
