"""Money off belongs to what it was given for, by value, and is never paid back once more."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from backorders.compensation.netting import Off, net

CENTS = st.integers(1, 20_000).map(lambda cents: Decimal(cents) / 100)


def test_a_unit_leaves_with_its_share() -> None:
    off = Off(Decimal(10), worth=Decimal(40))
    assert net(Decimal(20), [off]) == Decimal(15)
    assert net(Decimal(20), [off.after(Decimal(20))]) == Decimal(15)
    assert net(Decimal(20), [off.after(Decimal(40))]) == Decimal(20), "all of it has left"
    assert net(Decimal(20), []) == Decimal(20)


def test_more_off_than_the_goods_are_worth_is_owed_by_nobody() -> None:
    assert net(Decimal(20), [Off(Decimal(50), worth=Decimal(20))]) == 0
    assert net(Decimal(20), [Off(Decimal(5), worth=Decimal(0))]) == Decimal(15)


@given(
    price=CENTS,
    steps=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    kept=st.integers(0, 9),
    shares=st.lists(st.integers(1, 100), max_size=4),
    percent=st.integers(1, 100),
)
def test_what_is_refunded_and_given_is_never_more_than_what_was_paid_for_those_units(
    price: Decimal, steps: list[int], kept: int, shares: list[int], percent: int
) -> None:
    """In whatever steps units are cancelled and however many gifts there were, to the cent when all are cancelled."""
    units = sum(steps) + kept
    worth = price * units
    gifts = [(worth * share * percent / sum(shares) / 100).quantize(Decimal("0.01"), "ROUND_DOWN") for share in shares]
    offs = [Off(amount, worth) for amount in gifts if amount]
    back, gone = Decimal(0), 0
    for quantity in steps:
        value = price * quantity
        part = net(value, offs)
        assert 0 <= part <= value
        offs = [off.after(value) for off in offs]
        back, gone = back + part, gone + quantity
        off_these = Fraction(sum(gifts, Decimal(0))) * gone / units
        assert 0 <= Fraction(price * gone) - Fraction(back) - off_these < Fraction(1, 100)
    if not kept:
        assert back + sum(gifts, Decimal(0)) == worth
