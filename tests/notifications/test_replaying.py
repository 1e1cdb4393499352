"""What other rules of telling would have made of the dates that moved: pure, and read in one statement."""

import dataclasses
import datetime
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorders.allocation.windows import Window
from backorders.notifications.policy import TELLING, Rules
from backorders.notifications.replaying import Change, Replayed, moved_lately, replay
from tests.factories import AT, TODAY, a_line, a_product, a_purchase, later, revise

END = later(days=30)


def window(first: int, last: int) -> Window:
    return Window(TODAY + datetime.timedelta(days=first), TODAY + datetime.timedelta(days=last))


def moves(*windows: Window | None, every: float = 72.0, customer: int = 1) -> list[Change]:
    """One line of a customer whose window moves from each of these to the next."""
    pairs = itertools.pairwise(windows)
    return [Change(customer, customer, later(hours=every * n), old, new) for n, (old, new) in enumerate(pairs)]


def test_each_kind_of_news_is_a_mail_and_an_apology_is_said_once() -> None:
    changes = moves(window(10, 12), window(20, 22), window(30, 32), None, window(15, 17))
    assert replay(changes, policy=TELLING, until=END) == Replayed(
        mails=4, later=2, earlier=1, no_date=1, sorry=1, customers=1
    )


def test_what_is_not_worth_telling_makes_no_mail() -> None:
    changes = moves(window(10, 12), window(9, 11))
    assert replay(changes, policy=TELLING, until=END) == Replayed()
    assert replay(changes, policy=Rules(earlier_by_days=1).policy(), until=END).earlier == 1


def test_a_small_slip_says_no_sorry() -> None:
    changes = moves(window(10, 12), window(12, 14))
    assert replay(changes, policy=TELLING, until=END).sorry == 0
    assert replay(changes, policy=Rules(apology_beyond_days=1).policy(), until=END).sorry == 1


def test_changes_within_the_cap_are_one_mail_with_the_last_of_them() -> None:
    changes = moves(window(10, 12), window(20, 22), window(30, 32), window(20, 22), every=5)
    assert replay(changes, policy=TELLING, until=END).mails == 1
    assert replay(changes, policy=Rules(cap_hours=1).policy(), until=END).mails == 3


def test_what_changes_back_while_it_rests_is_no_mail() -> None:
    assert replay(moves(window(10, 12), window(20, 22), window(10, 12), every=0.01), policy=TELLING, until=END) == (
        Replayed()
    )


def test_customers_are_counted_apart() -> None:
    both = [*moves(window(10, 12), window(20, 22)), *moves(window(10, 12), window(20, 22), customer=2)]
    assert replay(both, policy=TELLING, until=END)[:1] == (2,)
    assert replay(both, policy=TELLING, until=END).customers == 2


WINDOWS = st.none() | st.builds(lambda first, wide: window(first, first + wide), st.integers(1, 60), st.integers(0, 9))


@given(st.lists(WINDOWS, min_size=2, max_size=12), st.integers(0, 100))
def test_a_longer_cap_never_makes_more_mails_than_there_were_changes(windows: list[Window | None], hours: int) -> None:
    changes = moves(*windows, every=7)
    told = replay(changes, policy=dataclasses.replace(TELLING, cap=datetime.timedelta(hours=hours)), until=END)
    assert told.later + told.earlier + told.no_date == told.mails <= len(changes)
    assert told.sorry <= min(1, told.later + told.no_date)


@pytest.mark.django_db
def test_dates_that_moved_are_found_and_orders_that_were_placed_are_not() -> None:
    product = a_product()
    purchase = a_purchase(product, 5, eta=30)
    line = a_line(product, 5)
    assert moved_lately(at=later(hours=1)) == []
    revise(purchase, (44, None), at=later(hours=1))
    [change] = moved_lately(at=later(hours=2))
    assert (change.line_id, change.at, change.customer_id) == (line.pk, later(hours=1), line.order.customer_id)
    assert change.old is not None
    assert change.new is not None
    assert change.new.last > change.old.last
    assert replay([change], policy=TELLING, until=later(hours=2)).later == 1
    assert moved_lately(at=AT + datetime.timedelta(days=32)) == []
