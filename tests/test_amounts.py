"""An amount is written as its reader writes numbers."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from backorders.amounts import money


@pytest.mark.parametrize(("language", "said"), [("en", "1,890.00 TRY"), ("tr", "1.890,00 TRY")])
def test_an_amount_is_written_in_the_readers_way(language: str, said: str) -> None:
    with override(language):
        assert money(Decimal(1890), "TRY").replace("\xa0", " ") == said
        assert money("1890", "TRY") == money(Decimal(1890), "TRY")
