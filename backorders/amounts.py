"""An amount of money in the reader's way of writing numbers; and what is below zero."""

from decimal import Decimal

from django.utils.formats import number_format


def money(amount: Decimal | str, currency: str) -> str:
    """Return an amount with its currency: "1,890.00 TRY"."""
    return f"{number_format(Decimal(amount), decimal_pos=2, force_grouping=True)} {currency}"


def signed(number: int, form: str = "d") -> str:
    """Return a whole number with the minus that print has: "−439"; `form` is Python's, of the format mini-language."""
    return format(number, form).replace("-", "−")
