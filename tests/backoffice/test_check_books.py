"""manage.py check_books: silence and 0 when the books agree, sentences and a failure when they do not."""

import pytest
from django.core.management import CommandError, call_command

from backorders.supply.models import StockLevel
from tests.factories import AT, a_line, a_product, a_purchase

pytestmark = pytest.mark.django_db(transaction=True)
AS_OF = f"--as-of={AT.date()}"


@pytest.fixture
def level() -> StockLevel:
    product = a_product(stock=5)
    a_purchase(product, 9)
    a_line(product, 8)
    return StockLevel.objects.get()


def test_books_that_agree_say_so(level: StockLevel, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_books", AS_OF)
    assert "The books agree." in capsys.readouterr().out


def test_books_that_disagree_fail_and_say_where(level: StockLevel, capsys: pytest.CaptureFixture[str]) -> None:
    StockLevel.objects.update(on_hand=6)
    with pytest.raises(CommandError, match="differences"):
        call_command("check_books", AS_OF)
    assert f"[2] stock level {level.pk}: 6 on hand, but its movements sum up to 5" in capsys.readouterr().out


def test_repair_makes_them_agree(level: StockLevel, capsys: pytest.CaptureFixture[str]) -> None:
    StockLevel.objects.update(on_hand=6)
    call_command("check_books", AS_OF, "--repair")
    assert "The books agree." in capsys.readouterr().out
    level.refresh_from_db()
    assert level.on_hand == 5
