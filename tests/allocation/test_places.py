"""The place in the queue that the database counts is the one that the ranks give."""

import datetime
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backorders.actions import queueing
from backorders.allocation.places import Place, place_of
from backorders.allocation.ranking import Rank, fairness_bound, rank_key
from backorders.orders.models import Customer, OrderLine
from tests.allocation.test_joining import one_example
from tests.factories import AT, TODAY, a_customer, a_line, a_product, later

pytestmark = pytest.mark.django_db

ranks = st.fixed_dictionaries(
    {
        "is_expedited": st.booleans(),
        "promise_number": st.none() | st.integers(1, 2),
        "overtaken": st.integers(0, 4),
        "score": st.integers(-1, 1),
        "placed_at": st.integers(85, 95).map(lambda days: AT - datetime.timedelta(days=days))
        | st.just(fairness_bound(TODAY)),
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
            assert place_of(line, today=TODAY) == place_among(keys, key)


def place_among(keys: Sequence[Rank], mine: Rank) -> Place:
    """The place of the line with rank `mine` among all ranks of its queue: who is ahead, by where the ranks differ."""
    ahead = Counter(
        next(at for at, (theirs, own) in enumerate(zip(key, mine, strict=True)) if theirs != own)
        for key in keys
        if key < mine
    )
    return Place(
        position=sorted(keys).index(mine) + 1,
        of=len(keys),
        expedited=ahead[0],
        promised=ahead[1],
        bound=ahead[2],
        score=ahead[3],
        earlier=ahead[4] + ahead[5],
    )


def test_each_line_ahead_is_counted_once_for_what_puts_it_there() -> None:
    product = a_product(price=1)
    last, promised, vip, over = (
        a_line(product, 1),
        a_line(product, 1, at=later(hours=1)),
        a_line(product, 1, at=later(hours=2), customer=a_customer(tier=Customer.Tier.VIP)),
        a_line(product, 1, at=later(days=-100)),
    )
    expedited = a_line(product, 1, at=later(hours=3))
    queueing.expedite(expedited, reason="the customer's wedding", by=None, at=AT)
    OrderLine.objects.filter(pk=promised.pk).update(promise_number=4)
    places = {
        pk: place_of(OrderLine.objects.get(pk=pk), today=TODAY) for pk in (expedited.pk, over.pk, vip.pk, last.pk)
    }
    assert [place.position for place in places.values() if place] == [1, 3, 4, 5]
    assert places[last.pk] == Place(5, 5, expedited=1, promised=1, bound=1, score=1, earlier=0)


def test_who_waits_for_nothing_or_is_held_has_no_place() -> None:
    product = a_product(stock=1)
    served, held, waiting = a_line(product, 1), a_line(product, 1), a_line(product, 1)
    queueing.hold(held, reason="x", by=None, at=AT)
    assert place_of(served, today=TODAY) is None
    held.refresh_from_db()
    assert place_of(held, today=TODAY) is None
    assert place_of(waiting, today=TODAY) == Place(1, 1, expedited=0, promised=0, bound=0, score=0, earlier=0)
