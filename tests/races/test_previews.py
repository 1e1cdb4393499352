"""Who looks ahead while others act sees what was before or what is after, never something between."""

import contextlib

import pytest
from django.db import connection, transaction

from backorders import rows
from backorders.allocation import reading
from backorders.allocation.impact import Impact
from backorders.allocation.replanning import preview
from backorders.refusal import Stale
from tests.factories import AT, a_line, a_product, a_purchase, receive, state
from tests.races.stage import Point, meet_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("is_one_moment", [True, False], ids=["one moment", "statement by statement"])
def test_units_that_arrive_meanwhile_are_nowhere_twice_and_never_gone(
    monkeypatch: pytest.MonkeyPatch, is_one_moment: bool
) -> None:
    """The stock is read before the goods arrive, what is to come after."""
    if connection.vendor == "sqlite":
        pytest.skip("who waits is looked up in PostgreSQL's own list")
    product = a_product()
    coming = a_purchase(product, 4)
    a_line(product, 4)
    if not is_one_moment:
        monkeypatch.setattr(rows, "one_moment", contextlib.nullcontext)
    point = Point(monkeypatch, reading, "_outstanding")
    seen = meet_at(point, lambda: preview([product.pk], lambda _as_it_is: None, at=AT), lambda: receive(coming, 4))
    assert not seen.waited
    assert isinstance(seen.first, Impact)
    assert (seen.first.moves == [], seen.first.uncovered) == ((True, 0) if is_one_moment else (False, 1))


def test_a_look_that_fails_leaves_no_transaction_open() -> None:
    product = a_product(stock=4)
    with pytest.raises(Stale), rows.one_moment():
        raise Stale("x")
    preview([product.pk], lambda _as_it_is: None, at=AT)
    with transaction.atomic():  # which is refused inside of another that nobody ended
        line = a_line(product, 4)
    assert state(line) == (4, 0, 0, 0)
