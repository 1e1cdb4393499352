"""An amount is written as its reader writes numbers, a minus as print has it."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from backorders.amounts import money, signed


@pytest.mark.parametrize(("language", "said"), [("en", "1,890.00 TRY"), ("tr", "1.890,00 TRY")])
def test_an_amount_is_written_in_the_readers_way(language: str, said: str) -> None:
    with override(language):
        assert money(Decimal(1890), "TRY").replace("\xa0", " ") == said
        assert money("1890", "TRY") == money(Decimal(1890), "TRY")


@pytest.mark.parametrize(
    ("number", "form", "said"), [(-439, "d", "−439"), (0, "d", "0"), (-1439, ",", "−1,439"), (24, "+d", "+24")]
)
def test_a_minus_is_the_one_of_print(number: int, form: str, said: str) -> None:
    assert signed(number, form) == said
