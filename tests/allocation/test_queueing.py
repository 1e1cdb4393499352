"""The place in the queue that the database counts is the one that the ranks give."""

import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backorders.actions import selling
from backorders.allocation.queueing import place_of
from backorders.allocation.ranking import Place, fairness_bound, place_in_queue, rank_key
from backorders.orders.models import OrderLine
from tests.allocation.test_joining import one_example
from tests.factories import AT, TODAY, a_line, a_product

pytestmark = pytest.mark.django_db

ranks = st.fixed_dictionaries(
    {
        "is_expedited": st.booleans(),
        "promise_number": st.none() | st.integers(1, 2),
        "overtaken": st.integers(0, 4),
        "score": st.integers(-1, 1),
        "placed_at": st.integers(85, 95).map(lambda days: AT - datetime.timedelta(days=days)),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ranks, min_size=1, max_size=6))
def test_every_line_stands_where_its_rank_puts_it(queue: list[dict[str, object]]) -> None:
    with one_example():
        product = a_product()
        for rank in queue:
            line = a_line(product, 1)
            OrderLine.objects.filter(pk=line.pk).update(**rank)
        lines = list(OrderLine.objects.order_by("id"))
        for line in lines:
            line.line_id = line.pk  # type: ignore[attr-defined]
        keys = [rank_key(line, bound=fairness_bound(TODAY)) for line in lines]
        for line, key in zip(lines, keys, strict=True):
            assert place_of(line, today=TODAY) == place_in_queue(keys, key)


def test_who_waits_for_nothing_or_is_held_has_no_place() -> None:
    product = a_product(stock=1)
    served, held, waiting = a_line(product, 1), a_line(product, 1), a_line(product, 1)
    selling.hold(held, reason="x", by=None, at=AT)
    assert place_of(served, today=TODAY) is None
    held.refresh_from_db()
    assert place_of(held, today=TODAY) is None
    assert place_of(waiting, today=TODAY) == Place(1, 1, expedited=0, promised=0, bound=0, score=0, earlier=0)
