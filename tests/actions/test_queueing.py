"""Who is put first, and who is held."""

import pytest

from backorders.actions import queueing, selling
from backorders.allocation.books import differences
from backorders.supply.models import StockLevel
from tests.factories import (
    AT,
    a_customer,
    a_line,
    a_product,
    an_order,
    count,
    expected,
    later,
    state,
)

pytestmark = pytest.mark.django_db


def test_an_expedited_line_goes_first_and_those_who_lose_are_named() -> None:
    product = a_product(stock=2)
    first, second = a_line(product, 2), a_line(product, 2)
    shown = queueing.preview_expedite(second, at=AT)
    assert state(first) == (2, 0, 0, 0)
    done = queueing.expedite(second, reason="hospital", by=None, at=AT)
    assert done.impact == shown
    assert [served.line_id for served in done.impact.lost] == [first.pk]
    assert (state(first), state(second)) == ((0, 2, 0, 0), (2, 0, 0, 0))
    assert list(differences(at=AT)) == []


def test_a_held_line_is_served_nothing_and_keeps_its_place() -> None:
    product = a_product(stock=2)
    first, second = a_line(product, 2), a_line(product, 2)
    promised = expected(first)
    queueing.hold(first, reason="payment review", by=None, at=AT)
    assert (state(first), state(second)) == ((0, 2, 0, 0), (2, 0, 0, 0))
    assert expected(first) == promised
    assert list(differences(at=AT)) == []
    queueing.release(first, reason="paid", by=None, at=AT)
    assert (state(first), state(second)) == ((2, 0, 0, 0), (0, 2, 0, 0))
    assert list(differences(at=AT)) == []


def test_equal_rank_is_decided_by_the_line_id() -> None:
    product = a_product()
    lines = [a_line(product, 1) for _ in range(3)]
    count(product, 2)
    assert [state(line)[0] for line in lines] == [1, 1, 0]


def test_nobody_is_overtaken_for_ever() -> None:
    product = a_product(price=1)
    patient = a_line(product, 1)
    for number in range(4):
        a_line(product, 1, customer=a_customer(tier=3), at=later(hours=number + 1))
        level = StockLevel.objects.filter(product=product).first()
        count(product, (level.on_hand if level else 0) + 1)
    assert state(patient) == (1, 0, 0, 0)
    patient.refresh_from_db()
    assert patient.overtaken == 3
    assert list(differences(at=AT)) == []


@pytest.mark.parametrize("verb", ["expedite", "hold", "cancel_line"])
def test_a_preview_looks_at_what_the_act_looks_at_in_a_whole_order_too(verb: str) -> None:
    one, two = a_product(stock=1), a_product(stock=5)
    order = an_order((one, 2), (two, 2), is_ship_complete=True)
    a_line(two, 9)
    line = order.lines.get(product=two)
    room = selling if verb == "cancel_line" else queueing
    shown = getattr(room, f"preview_{verb.removesuffix('_line')}")(line, at=AT)
    assert getattr(room, verb)(line, reason="x", by=None, at=AT).impact == shown
