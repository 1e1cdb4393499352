"""An amount of money in the reader's way of writing numbers."""

from decimal import Decimal

from django.utils.formats import number_format


def money(amount: Decimal | str, currency: str) -> str:
    """Return an amount with its currency: "1,890.00 TRY"."""
    return f"{number_format(Decimal(amount), decimal_pos=2, force_grouping=True)} {currency}"
