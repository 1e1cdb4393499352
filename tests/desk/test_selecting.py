"""A selection is frozen, belongs to one person, and does not live for ever."""

import pytest

from backorders.desk import selecting
from backorders.desk.models import Selection
from tests.factories import AT, a_user

pytestmark = pytest.mark.django_db


def test_a_selection_keeps_its_lines_in_their_order() -> None:
    user = a_user()
    made = selecting.freeze([3, 1, 2], by=user, at=AT)
    assert selecting.frozen(made.name, by=user) == [3, 1, 2]


def test_nobody_sees_the_selection_of_another() -> None:
    made = selecting.freeze([1], by=a_user(), at=AT)
    assert selecting.frozen(made.name, by=a_user()) is None


def test_the_latest_few_are_kept() -> None:
    user, other = a_user(), a_user()
    theirs = selecting.freeze([9], by=other, at=AT)
    made = [selecting.freeze([n], by=user, at=AT) for n in range(selecting.KEPT + 1)]
    assert selecting.frozen(made[0].name, by=user) is None
    assert selecting.frozen(made[1].name, by=user) == [1]
    assert selecting.frozen(theirs.name, by=other) == [9]


def test_ten_thousand_lines_need_no_more_statements_than_one(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    user = a_user()
    with django_assert_max_num_queries(3):
        made = selecting.freeze(range(10_000), by=user, at=AT)
    assert len(selecting.frozen(made.name, by=user) or []) == 10_000
    assert Selection.objects.count() == 1
