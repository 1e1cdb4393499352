"""What a substitute costs the customer: the price that its treatment says, and who bears the difference."""

from decimal import Decimal
from typing import NamedTuple

from backorders.catalog.models import Substitute

NOTHING = Decimal(0)


class Price(NamedTuple):
    """What some units of a substitute come to: the price of one, and of all together what goes back, what the
    customer pays on top, and what we bear.

    `back` and `extra` compare with what the customer paid, or agreed to pay as long as nothing is paid; one of them at
    least is nothing. So never more goes back than was paid, in whatever steps. `off_before` is what does not go back of
    a lower price, because it was given off before.
    """

    unit: Decimal
    back: Decimal
    extra: Decimal
    ours: Decimal
    off_before: Decimal = NOTHING

    def after_gifts(self, back: Decimal) -> "Price":
        """Return it where only so much really goes back."""
        return self._replace(back=back, off_before=self.back - back)


def goes_back(*, paid: Decimal, unit: Decimal, units: int) -> Decimal:
    """Return what goes back of `units` paid at `paid` each that cost only `unit` each."""
    return max(paid - unit, NOTHING) * units


def price_of(treatment: str, *, units: int, unpaid: int, original: Decimal, paid: Decimal, own: Decimal) -> Price:
    """Return what `units` of a substitute come to, `original` being the price agreed on and `own` the substitute's.

    Of `original` so much is `paid`: the rest is owed since an exchange before; of `unpaid` of the units nothing was
    collected, and nothing goes back. Prices are of one unit, in one currency;
    `treatment` is a `Substitute.PriceTreatment`.
    """
    treatments = Substitute.PriceTreatment
    unit = {treatments.ITS_OWN: own, treatments.SAME: original, treatments.LOWER: min(own, original)}[
        treatments(treatment)
    ]
    return Price(
        unit=unit,
        back=goes_back(paid=paid, unit=unit, units=units - unpaid),
        extra=max(unit - paid, NOTHING) * units,
        ours=max(own - unit, NOTHING) * units,
    )


def price_instead(
    named: Substitute, *, units: int, unpaid: int, original: Decimal, paid: Decimal, currency: str
) -> Price | None:
    """Return what `units` of a named substitute come to in an order of this currency, or None if that has no answer.

    Prices in two currencies are not compared: such a substitute comes at the price of the original or not at all.
    """
    own = named.substitute.price
    if named.substitute.currency != currency:
        if named.price_treatment != Substitute.PriceTreatment.SAME:
            return None
        own = original
    return price_of(named.price_treatment, units=units, unpaid=unpaid, original=original, paid=paid, own=own)
