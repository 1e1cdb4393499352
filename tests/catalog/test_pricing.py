"""What a substitute costs is what its treatment says, and the differences add up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.catalog.models import Product, Substitute
from backorders.catalog.pricing import price_instead, price_of

CENTS = st.decimals(min_value=0, max_value=9999, places=2)


@pytest.mark.parametrize(
    ("treatment", "own", "unit", "back", "extra", "ours"),
    [
        ("same", 12, 10, 0, 0, 6),
        ("same", 8, 10, 0, 0, 0),
        ("lower", 12, 10, 0, 0, 6),
        ("lower", 8, 8, 6, 0, 0),
        ("its_own", 12, 12, 0, 6, 0),
        ("its_own", 8, 8, 6, 0, 0),
    ],
)
def test_three_units_that_were_ten_each(treatment: str, own: int, unit: int, back: int, extra: int, ours: int) -> None:
    price = price_of(treatment, units=3, unpaid=0, original=Decimal(10), paid=Decimal(10), own=Decimal(own))
    assert price == (unit, back, extra, ours, 0)


@given(st.sampled_from(Substitute.PriceTreatment.values), st.integers(1, 99), CENTS, CENTS)
def test_what_is_paid_and_what_we_bear_make_up_the_goods(
    treatment: str, units: int, original: Decimal, own: Decimal
) -> None:
    price = price_of(treatment, units=units, unpaid=0, original=original, paid=original, own=own)
    assert price.unit * units == original * units + price.extra - price.back
    assert price.unit * units + price.ours >= own * units
    assert price.back == 0 or price.extra == 0


@pytest.mark.parametrize(("treatment", "unit"), [("same", 10), ("lower", None), ("its_own", None)])
def test_prices_in_two_currencies_are_not_compared(treatment: str, unit: int | None) -> None:
    other = Product(sku="B", name="B", price=Decimal(300), currency="TRY")
    named = Substitute(product=Product(), substitute=other, price_treatment=treatment)
    price = price_instead(named, units=1, unpaid=0, original=Decimal(10), paid=Decimal(10), currency="EUR")
    assert (price.unit if price else None) == unit


@given(CENTS, st.lists(st.tuples(st.sampled_from(Substitute.PriceTreatment.values), CENTS), max_size=6))
def test_after_any_exchanges_what_went_back_and_goes_back_is_what_was_paid(
    first: Decimal, exchanges: list[tuple[str, Decimal]]
) -> None:
    """Of one unit: what each exchange gives back, and a cancellation at the end gives back what is left of it."""
    price = paid = first
    went_back = Decimal(0)
    for treatment, own in exchanges:
        now = price_of(treatment, units=1, unpaid=0, original=price, paid=paid, own=own)
        assert now.back >= 0
        assert now.extra >= 0
        price, went_back = now.unit, went_back + now.back
        paid = price - now.extra
        assert 0 <= paid <= price
    assert went_back + paid == first
