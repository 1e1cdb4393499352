"""Money off belongs to the units it was given for, by value, and is never paid back once more."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from backorders.compensation.netting import Off, net

CENTS = st.integers(1, 20_000).map(lambda cents: Decimal(cents) / 100)
LINE, OTHER = 1, 2


def off(amount: int, units: int, *, price: int = 20, line: int = LINE) -> Off:
    return Off.given(Decimal(amount), {line: units}, {line: Decimal(price)})


def test_a_unit_leaves_with_its_share() -> None:
    whole = off(10, units=2)
    first = whole.without(LINE, 1)
    assert net(Decimal(20), [whole], [first]) == Decimal(15)
    assert net(Decimal(20), [first], [first.without(LINE, 1)]) == Decimal(15)
    assert net(Decimal(20), [], []) == Decimal(20)


def test_units_it_was_not_given_for_leave_with_nothing() -> None:
    given_for_one = off(10, units=1)
    gone = given_for_one.without(LINE, 1)
    assert net(Decimal(20), [gone], [gone.without(LINE, 1)]) == Decimal(20)
    assert net(Decimal(20), [given_for_one], [given_for_one.without(OTHER, 1)]) == Decimal(20)


def test_more_off_than_the_goods_are_worth_is_owed_by_nobody() -> None:
    whole = off(50, units=1)
    assert net(Decimal(20), [whole], [whole.without(LINE, 1)]) == 0


def test_it_follows_units_into_another_line() -> None:
    there = off(10, units=2).following(LINE, OTHER, 1)
    assert net(Decimal(20), [there], [there.without(OTHER, 1)]) == Decimal(15)
    assert net(Decimal(20), [there], [there.without(LINE, 1)]) == Decimal(15)


def test_what_went_back_for_a_cheaper_one_took_its_share_along() -> None:
    """Of a unit at 20, 5 off: a quarter of the 8 that an exchange saves was off, a quarter of the 12 left."""
    whole = off(5, units=1)
    cheaper = whole.following(LINE, OTHER, 1, back=Decimal(8))
    assert net(Decimal(8), [whole], [cheaper]) == Decimal(6)
    assert net(Decimal(12), [cheaper], [cheaper.without(OTHER, 1)]) == Decimal(9)


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
    offs = [Off.given(amount, {LINE: units}, {LINE: price}) for amount in gifts if amount]
    back, gone = Decimal(0), 0
    for quantity in steps:
        value, left = price * quantity, [off.without(LINE, quantity) for off in offs]
        part = net(value, offs, left)
        assert 0 <= part <= value
        offs, back, gone = left, back + part, gone + quantity
        off_these = Fraction(sum(gifts, Decimal(0))) * gone / units
        assert 0 <= Fraction(price * gone) - Fraction(back) - off_these < Fraction(1, 100)
    if not kept:
        assert back + sum(gifts, Decimal(0)) == worth
