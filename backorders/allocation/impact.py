"""What a change does to those who wait: the same numbers in the preview and after the act."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from backorders.allocation.windows import Window, slip_days

Kind = Literal["later", "earlier", "no_date", "dated", "same"]


class Move(NamedTuple):
    """One line whose expected window moved, from `old` to `new`; `told` is what its customer knows."""

    line_id: int
    order_id: int
    customer_id: int
    old: Window | None
    new: Window | None
    told: Window | None

    @property
    def kind(self) -> Kind:
        """What the move is to the customer."""
        if self.old == self.new:
            return "same"
        if self.new is None:
            return "no_date"
        if self.old is None:
            return "dated"
        return "later" if (self.new.last, self.new.first) > (self.old.last, self.old.first) else "earlier"

    @property
    def slip_days(self) -> int | None:
        """The slip that the move makes."""
        return slip_days(self.new and self.new.last, self.told and self.told.last)


class Served(NamedTuple):
    """One line that was given `quantity` more units of stock."""

    line_id: int
    order_id: int
    quantity: int


@dataclass(frozen=True)
class Impact:
    """Everyone a change moves. `checked` counts the open lines looked at, `uncovered` those no supply reaches."""

    moves: Sequence[Move] = ()
    served: Sequence[Served] = ()
    checked: int = 0
    uncovered: int = 0
    lost: Sequence[Served] = field(default=())

    @cached_property
    def counts(self) -> dict[str, int]:
        """The numbers in plain words, as the screens show them."""
        kinds = Counter(move.kind for move in self.moves)
        return {
            "lines_checked": self.checked,
            "later": kinds["later"],
            "earlier": kinds["earlier"],
            "no_date": kinds["no_date"],
            "dated": kinds["dated"],
            "uncovered": self.uncovered,
            "unchanged": self.checked - len(self.moves),
            "customers": len({move.customer_id for move in self.moves}),
            "served": len(self.served),
            "lost": len(self.lost),
        }
