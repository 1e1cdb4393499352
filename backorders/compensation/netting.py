"""What of the money that was given off an order belongs to goods that are cancelled; pure.

Money off is a part of the price that went back already: paying the whole price back would pay it twice. It belongs to
the units it was given for, by value; it follows them into another order or into what comes instead of them, and leaves
with them. Credit and free shipping are no part of the price.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Off:
    """Money off: how much, what the goods were worth that it was given for, what of these is gone since, and where the
    others are: by line (id) how many units, and what they count for."""

    amount: Decimal
    worth: Fraction
    held: Mapping[int, tuple[int, Fraction]]
    gone: Fraction = Fraction(0)

    @classmethod
    def given(cls, amount: Decimal, units: Mapping[int, int], prices: Mapping[int, Decimal]) -> "Off":
        """Return money off that was given for these units of lines, at these prices."""
        held = {line: (count, count * Fraction(prices[line])) for line, count in units.items() if count}
        return cls(amount, sum((value for _count, value in held.values()), Fraction(0)), held)

    def without(self, line: int, units: int) -> "Off":
        """Return it after so many units of a line were cancelled; of units it was not given for nothing changes."""
        return self._moved(line, None, units)

    def following(self, line: int, to: int, units: int, *, back: Decimal = Decimal(0)) -> "Off":
        """Return it after units of a line became units of another, and of each of them so much went back."""
        return self._moved(line, to, units, Fraction(back))

    def left_with(self) -> Fraction:
        """Return how much of it belongs to what is gone."""
        return Fraction(self.amount) * self.gone / self.worth if self.gone else Fraction(0)

    def _moved(self, line: int, to: int | None, units: int, back: Fraction = Fraction(0)) -> "Off":
        count, value = self.held.get(line, (0, Fraction(0)))
        moved = min(units, count)
        if not moved:
            return self
        share = value * moved / count
        gone = share if to is None else min(back * moved, share)
        held = {**self.held, line: (count - moved, value - share)}
        if to is not None:
            there, worth = held.get(to, (0, Fraction(0)))
            held[to] = (there + moved, worth + share - gone)
        return dataclasses.replace(self, held=held, gone=self.gone + gone)


def net(value: Decimal, before: Iterable[Off], after: Iterable[Off]) -> Decimal:
    """Return what is paid back for goods of this value that go next: without what went back of it before.

    In whole cents; in whatever steps all goods go, what was not paid back adds up to what was off.
    """
    return max(value - Decimal(_cents(after) - _cents(before)) / 100, Decimal(0))


def _cents(offs: Iterable[Off]) -> int:
    return math.ceil(sum((off.left_with() for off in offs), Fraction(0)) * 100)
