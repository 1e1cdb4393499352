"""What of the money that was given off an order belongs to goods that are cancelled; pure.

Money off is a part of the price that went back already: paying the whole price back would pay it twice. It belongs to
what it was given for, by value, and leaves with it. Credit and free shipping are no part of the price.
"""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple


class Off(NamedTuple):
    """Money off: how much, what the goods were worth that it was given for, and what of these was cancelled since."""

    amount: Decimal
    worth: Decimal
    gone: Decimal = Decimal(0)

    def after(self, value: Decimal) -> "Off":
        """Return it after goods of this value were cancelled."""
        return self._replace(gone=self.gone + value)

    def left_with(self) -> Fraction:
        """Return how much of it belongs to what was cancelled."""
        if self.gone >= self.worth:
            return Fraction(self.amount if self.gone else 0)
        return Fraction(self.amount) * Fraction(self.gone) / Fraction(self.worth)


def net(value: Decimal, offs: Sequence[Off]) -> Decimal:
    """Return what is paid back for goods of this value that are cancelled next: without what went back of it before.

    In whole cents; in whatever steps all goods are cancelled, what was not paid back adds up to what was off.
    """
    off = _cents(off.after(value) for off in offs) - _cents(offs)
    return max(value - Decimal(off) / 100, Decimal(0))


def _cents(offs: Iterable[Off]) -> int:
    return math.ceil(sum((off.left_with() for off in offs), Fraction(0)) * 100)
